import type { SourceCall, SourceTranscript } from '../../core/imports/source-call.ts';
import type { GrainRecording, GrainTranscript } from './grain.schema.ts';

const mediaKinds = { audio: 'audio', video: 'video', transcript: 'none' } as const;

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
      mediaKind: toMediaKind(recording.media_type),
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

/** A type that Grain adds later is unknown, so its recording is still asked for. */
function toMediaKind(mediaType: string | null | undefined): 'audio' | 'video' | 'none' | null {
  return mediaType === 'audio' || mediaType === 'video' || mediaType === 'transcript'
    ? mediaKinds[mediaType]
    : null;
}

/** Maps a transcript; who has no participant id speaks under the name that Grain shows. */
export function toTranscript(lines: GrainTranscript): SourceTranscript {
  const speakers = new Map<string, string | null>();
  const segments = lines.map((line) => {
    const speakerId = line.participant_id ?? line.speaker ?? 'Unknown speaker';
    if (!speakers.has(speakerId)) speakers.set(speakerId, line.speaker ?? null);
    const startMs = toMs(line.start);
    return { speakerId, startMs, endMs: Math.max(startMs, toMs(line.end)), text: line.text };
  });
  return {
    transcript: {
      language: null,
      speakers: [...speakers].map(([id, name]) => ({ id, name })),
      segments,
    },
    original: lines,
  };
}

function toMs(value: number): number {
  return Math.max(0, Math.round(value));
}
