import { z } from 'zod';
import type { TranscriptSegment } from '../../core/imports/source-call.ts';

/** `"1.300s"` in JSON, `{seconds, nanos}` from the client; proto3 leaves zeros out of both. */
export const SpeechDuration = z.union([
  z.string().regex(/^\d+(\.\d+)?s$/),
  z.object({
    seconds: z.union([z.int().nonnegative(), z.string().regex(/^\d+$/)]).nullish(),
    nanos: z.int().nonnegative().nullish(),
  }),
]);
export type SpeechDuration = z.infer<typeof SpeechDuration>;

const SpeechResult = z.object({
  alternatives: z
    .array(
      z.object({
        transcript: z.string().nullish(),
        words: z
          .array(
            z.object({
              startOffset: SpeechDuration.nullish(),
              endOffset: SpeechDuration.nullish(),
              word: z.string().nullish(),
              speakerLabel: z.string().nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
  channelTag: z.int().nullish(),
  resultEndOffset: SpeechDuration.nullish(),
  languageCode: z.string().nullish(),
});
type SpeechResult = z.infer<typeof SpeechResult>;

/** What Speech-to-Text v2 says of one file, inline or in a bucket. */
export const SpeechResults = z.object({ results: z.array(SpeechResult).nullish() });
export type SpeechResults = z.infer<typeof SpeechResults>;

interface SpokenWord {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  readonly channel: number;
  /** The service's own label; null where it did not tell speakers apart. */
  readonly label: string | null;
}

const pauseMs = 1500;
const longMs = 30_000;

/**
 * Joins the words of one speaker or channel into segments, sorted by start. A segment ends where
 * another speaks, after a pause of more than 1.5 s, and at the end of a sentence past 30 s.
 * Speakers are named `Speaker 1`… in the order of their first words. Empty for silence.
 */
export function toSegments({ results }: SpeechResults): TranscriptSegment[] {
  const words = pickWords(results ?? []).toSorted((a, b) => a.startMs - b.startMs);
  const speakerIds = new Map<string, string>();
  const segments: TranscriptSegment[] = [];
  for (const word of words) {
    const speakerId = toSpeakerId(word, speakerIds);
    const last = segments.at(-1);
    if (last === undefined || last.speakerId !== speakerId || isBreak(last, word)) {
      segments.push({ speakerId, startMs: word.startMs, endMs: word.endMs, text: word.text });
    } else {
      segments[segments.length - 1] = {
        ...last,
        endMs: Math.max(last.endMs, word.endMs),
        text: join(last.text, word.text),
      };
    }
  }
  return segments;
}

/** The first language that a result names, as BCP 47 writes it; null when none does. */
export function toLanguage({ results }: SpeechResults): string | null {
  const code = results?.find((result) => result.languageCode)?.languageCode;
  if (!code) return null;
  try {
    return Intl.getCanonicalLocales(code)[0] ?? code;
  } catch {
    return code; // Not BCP 47: kept as it came, since nothing depends on its form.
  }
}

/** Whole milliseconds, cut rather than rounded, read from the decimal text: no float takes part. */
export function toMilliseconds(duration: SpeechDuration): number {
  if (typeof duration === 'string') {
    const [seconds = '0', fraction = ''] = duration.slice(0, -1).split('.');
    return Number(seconds) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
  }
  return Number(duration.seconds ?? 0) * 1000 + Math.floor((duration.nanos ?? 0) / 1_000_000);
}

/**
 * With diarisation the last result repeats every word from the beginning, with speakers, and the
 * earlier ones are the same words without: only the last counts. Models whose last result starts
 * later than the others did not repeat, so there each word counts once, by its start.
 * @see https://cloud.google.com/speech-to-text/v2/docs/reference/rpc/google.cloud.speech.v2#wordinfo
 */
function pickWords(results: readonly SpeechResult[]): readonly SpokenWord[] {
  const perResult = toWordsPerResult(results);
  const all = perResult.flat();
  const last = perResult.findLast((words) => words.some((word) => word.label !== null));
  if (last === undefined) return all;
  if (firstStart(last) <= firstStart(all)) return last;
  const byStart = new Map<string, SpokenWord>();
  for (const word of all) {
    const key = `${word.channel}:${word.startMs}:${word.text}`;
    if (word.label !== null || !byStart.has(key)) byStart.set(key, word);
  }
  return [...byStart.values()];
}

function toWordsPerResult(results: readonly SpeechResult[]): readonly (readonly SpokenWord[])[] {
  const endMsByChannel = new Map<number, number>();
  return results.map((result) => {
    const channel = result.channelTag ?? 0;
    const best = result.alternatives?.[0];
    const endMs = result.resultEndOffset ? toMilliseconds(result.resultEndOffset) : null;
    const since = endMsByChannel.get(channel) ?? 0;
    const words = (best?.words ?? []).flatMap((spoken) => {
      const text = spoken.word?.trim() ?? '';
      if (text === '') return [];
      const startMs = spoken.startOffset ? toMilliseconds(spoken.startOffset) : 0;
      const wordEndMs = spoken.endOffset ? toMilliseconds(spoken.endOffset) : 0;
      const label = spoken.speakerLabel || null;
      return [{ startMs, endMs: Math.max(startMs, wordEndMs), text, channel, label }];
    });
    endMsByChannel.set(channel, Math.max(since, endMs ?? 0, words.at(-1)?.endMs ?? 0));
    const text = best?.transcript?.trim() ?? '';
    if (words.length > 0 || text === '') return words;
    // A model without word times: all that is known is that this was said since the last result.
    return [{ startMs: since, endMs: Math.max(since, endMs ?? since), text, channel, label: null }];
  });
}

function firstStart(words: readonly SpokenWord[]): number {
  return words.reduce((first, word) => Math.min(first, word.startMs), Infinity);
}

function toSpeakerId(word: SpokenWord, speakerIds: Map<string, string>): string {
  const key = `${word.channel}/${word.label ?? ''}`;
  const known = speakerIds.get(key);
  if (known !== undefined) return known;
  const speakerId = `Speaker ${speakerIds.size + 1}`;
  speakerIds.set(key, speakerId);
  return speakerId;
}

function isBreak(segment: TranscriptSegment, next: SpokenWord): boolean {
  if (next.startMs - segment.endMs > pauseMs) return true;
  return segment.endMs - segment.startMs > longMs && /[.!?…。！？]$/u.test(segment.text);
}

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}。、！？]/u;

/** Scripts that are written without spaces are joined without. */
function join(text: string, word: string): string {
  const isUnspaced = unspaced.test(text.slice(-1)) && unspaced.test(word.slice(0, 1));
  return isUnspaced ? text + word : `${text} ${word}`;
}
