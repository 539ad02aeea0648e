import type {
  SourceCall,
  SourceTranscript,
  TranscriptSegment,
} from '../core/imports/source-call.ts';

/** Words as a platform has them: times in milliseconds, perhaps broken, perhaps out of order. */
export interface SpokenWords {
  /** Null where the platform does not know who spoke. */
  readonly speakerId: string | null;
  /** Of a speaker who is none of the participants. */
  readonly speakerName?: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

/**
 * Makes the normalised transcript: segments in order, times whole and never negative, speakers in the
 * order in which they first speak, named as the call's participants are, else as the platform names them.
 */
export function toSourceTranscript(
  spoken: readonly SpokenWords[],
  about: {
    /** BCP 47, null where unknown. */
    readonly language: string | null;
    readonly listed: SourceCall;
    /** The platform's own, as it came. */
    readonly original: unknown;
  },
): SourceTranscript {
  const segments = spoken.map(toSegment).toSorted((left, right) => left.startMs - right.startMs);
  const { participants } = about.listed.metadata;
  const names = new Map(spoken.map((words) => [words.speakerId, words.speakerName ?? null]));
  const speakers = [...new Set(segments.map((segment) => segment.speakerId))].map((id) => ({
    id,
    name: participants.find((person) => person.id === id)?.name ?? names.get(id) ?? null,
  }));
  const { language, original } = about;
  return { transcript: { language, speakers, segments }, original };
}

function toSegment({ speakerId, startMs, endMs, text }: SpokenWords): TranscriptSegment {
  const start = Math.max(0, Math.round(startMs));
  return {
    speakerId: speakerId ?? 'Unknown speaker',
    startMs: start,
    endMs: Math.max(start, Math.round(endMs)),
    text,
  };
}
