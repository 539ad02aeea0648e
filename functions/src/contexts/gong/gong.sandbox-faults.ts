import type { Faults } from '../testing/sandbox-faults.ts';

/** What can be broken on demand, with how many times or how often by default. */
export const gongFaults = {
  /** The first so many asks for each transcript find none. */
  'late-transcripts': 2,
  /** The first so many answers about each call lack its media. */
  'late-media': 1,
  /** The first link of each call to its recording has expired already (the number has no effect). */
  'expired-links': 1,
  /** Every so many calls have no transcript, ever. */
  'no-transcripts': 3,
  /** Every so many calls are private. */
  'private-calls': 4,
  /** About every so many calls are counted and never listed. */
  'hidden-calls': 10,
  /** Every so many requests with a cursor find that it has expired. */
  'expired-cursors': 3,
  /** From the second page on, the cursor is the one that was sent (the number has no effect). */
  'repeated-cursor': 1,
  /** A recording comes in pieces, so many milliseconds apart. */
  'slow-media': 20,
  /** Every so many API requests answer 500. */
  'server-errors': 7,
  /** The first so many of every 20 API requests answer 429, whatever the pace. */
  'rate-limit-storm': 3,
  /** So many requests a day; the real quota is 10,000. */
  'daily-quota': 100,
  /** The app may not read transcripts (the number has no effect). */
  'missing-scope': 1,
  /** The key is limited to other addresses than ours (the number has no effect). */
  'untrusted-ip': 1,
} as const;

export type GongFaults = Faults<keyof typeof gongFaults>;
