import type { SourceCall, SourceTranscript } from '../../core/imports/source-call.ts';
import { toListedCall, toPerson } from '../../kit/listed-call.ts';
import { oneOf } from '../../kit/one-of.ts';
import { recordMapper } from '../../kit/records.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import { GrainRecording } from './grain.schema.ts';
import type { GrainTranscript } from './grain.schema.ts';

/** Maps the recordings of a page. */
export const toCalls = recordMapper({
  at: 'recordings',
  schema: GrainRecording,
  toCall: ({ media_type: mediaType, duration_ms: durationMs, participants, ...recording }) =>
    toListedCall({
      id: recording.id,
      title: recording.title,
      startedAt: recording.start_datetime,
      endedAt: recording.end_datetime,
      durationSeconds: typeof durationMs === 'number' ? durationMs / 1000 : null,
      participants: participants?.map(({ id, name, email, scope, confirmed_attendee: attended }) =>
        toPerson({ id, name, email, role: scope, attended }),
      ),
      sourceUrl: recording.url,
      // A type that Grain adds later is unknown, so its recording is still asked for.
      mediaKind: mediaType === 'transcript' ? 'none' : oneOf(mediaType, ['audio', 'video']),
      summary: recording.ai_summary?.text,
    }),
});

/** Maps a transcript; who has no participant id speaks under the name that Grain shows. */
export function toTranscript(original: GrainTranscript, listed: SourceCall): SourceTranscript {
  const spoken = original.map(({ participant_id: speakerId, speaker, start, end, text }) => ({
    speakerId,
    speakerName: speaker,
    startMs: start,
    endMs: end,
    text,
  }));
  return toSourceTranscript(spoken, { listed, original });
}
