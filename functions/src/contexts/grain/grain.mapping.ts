import type { SourceCall, SourceTranscript } from '../../core/imports/source-call.ts';
import { oneOf } from '../../kit/one-of.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import type { GrainRecording, GrainTranscript } from './grain.schema.ts';

/** Maps a listed recording. */
export function toSourceCall(recording: GrainRecording): SourceCall {
  const startedAt = new Date(recording.start_datetime);
  return {
    sourceCallId: recording.id,
    metadata: {
      title: recording.title ?? null,
      startedAt,
      durationSeconds: toDurationSeconds(recording, startedAt),
      participants: (recording.participants ?? []).map((participant) => ({
        id: participant.id ?? null,
        name: participant.name ?? null,
        email: participant.email ?? null,
        phone: null,
        role: participant.scope ?? 'unknown',
        attended: participant.confirmed_attendee ?? null,
      })),
      sourceUrl: recording.url ?? null,
      direction: null,
      // A type that Grain adds later is unknown, so its recording is still asked for.
      mediaKind:
        recording.media_type === 'transcript'
          ? 'none'
          : oneOf(recording.media_type, ['audio', 'video']),
      summary: recording.ai_summary?.text ?? null,
    },
  };
}

function toDurationSeconds(recording: GrainRecording, startedAt: Date): number | null {
  const { duration_ms: durationMs, end_datetime: endedAt } = recording;
  if (typeof durationMs === 'number') return durationMs / 1000;
  if (typeof endedAt !== 'string') return null;
  const seconds = (Date.parse(endedAt) - startedAt.getTime()) / 1000;
  return seconds >= 0 ? seconds : null;
}

/** Maps a transcript; who has no participant id speaks under the name that Grain shows. */
export function toTranscript(original: GrainTranscript, listed: SourceCall): SourceTranscript {
  const spoken = original.map(({ participant_id: id, speaker, start, end, text }) => ({
    ...{ speakerId: id ?? speaker ?? null, speakerName: speaker ?? null },
    ...{ startMs: start, endMs: end, text },
  }));
  return toSourceTranscript(spoken, { language: null, listed, original });
}
