import type { Faults } from '../testing/sandbox-faults.ts';

/** What can be broken on demand, with how many times or how often by default. */
export const chorusFaults = {
  /** The first so many asks for each conversation find it processing. */
  'late-transcripts': 2,
  /** The first link of each call to its recording has expired already (the number has no effect). */
  'expired-links': 1,
  /** Every so many calls have no transcript, ever. */
  'no-transcripts': 3,
  /** Every so many calls are listed before they are finished. */
  unfinished: 4,
  /** Nobody came to every so many meetings. */
  'no-shows': 4,
  /** Times in transcripts are milliseconds (the number has no effect). */
  milliseconds: 1,
  /** Chorus knows no filter by type any more, and ignores it (the number has no effect). */
  'ignored-filters': 1,
  /** From the second page on, the key to continue is the one that was sent (the number has no effect). */
  'repeated-cursor': 1,
  /** Only `Bearer` before the token is accepted (the number has no effect). */
  'bearer-only': 1,
  /** The role of the token's user may not use the API (the number has no effect). */
  'forbidden-role': 1,
  /** A recording comes in pieces, so many milliseconds apart. */
  'slow-media': 20,
  /** Every so many API requests answer 500. */
  'server-errors': 7,
  /** The first so many of every 20 API requests answer 429, whatever the pace. */
  'rate-limit-storm': 3,
} as const;

export type ChorusFaults = Faults<keyof typeof chorusFaults>;
