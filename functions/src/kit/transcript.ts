import type {
  SourceCall,
  SourceTranscript,
  TranscriptSegment,
} from '../core/imports/source-call.ts';
import { findByName } from './find-by-name.ts';
import { languageOf } from './known-call.ts';
import { toText } from './listed-call.ts';

/** Words as a platform has them: times in milliseconds, perhaps broken, perhaps out of order. */
export interface SpokenWords {
  /** A participant's, or the platform's own; left out where speakers have names alone, or none. */
  readonly speakerId?: string | null | undefined;
  readonly speakerName?: string | null | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string | null | undefined;
}

/**
 * Makes the normalised transcript: segments in order, times whole and never negative, speakers in the
 * order in which they first speak. Who has no id is the participant whom the name means, else is
 * called by that name; names are those of participants, else the platform's.
 */
export function toSourceTranscript(
  spoken: readonly SpokenWords[],
  about: {
    /** BCP 47. Default: the one that the listing gave. */
    readonly language?: string | null;
    readonly listed: SourceCall;
    /** The platform's own, as it came. */
    readonly original: unknown;
  },
): SourceTranscript {
  const { participants } = about.listed.metadata;
  const names = new Map<string, string | null>();
  const idsByName = new Map<string, string>();
  const identify = ({ speakerId, speakerName }: SpokenWords): string => {
    const name = toText(speakerName);
    const id = speakerId ?? (name === null ? 'Unknown speaker' : idOf(name));
    names.set(id, name);
    return id;
  };
  const idOf = (name: string): string => {
    const id = idsByName.get(name) ?? findByName(participants, name)?.id ?? name;
    idsByName.set(name, id);
    return id;
  };
  const segments = spoken
    .map((words) => toSegment(words, identify(words)))
    .toSorted((left, right) => left.startMs - right.startMs);
  const speakers = [...new Set(segments.map((segment) => segment.speakerId))].map((id) => ({
    id,
    name: participants.find((person) => person.id === id)?.name ?? names.get(id) ?? null,
  }));
  const { listed, language = languageOf(listed), original } = about;
  return { transcript: { language, speakers, segments }, original };
}

function toSegment({ startMs, endMs, text }: SpokenWords, speakerId: string): TranscriptSegment {
  const start = Math.max(0, Math.round(startMs));
  return {
    speakerId,
    startMs: start,
    endMs: Math.max(start, Math.round(endMs)),
    text: text ?? '',
  };
}
