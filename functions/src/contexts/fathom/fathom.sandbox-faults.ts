import type { Faults } from '../testing/sandbox-faults.ts';

/** What can be broken on demand, with how many times or how often by default. */
export const fathomFaults = {
  /** The first so many asks for each transcript, a listing's included, find none. */
  'late-transcripts': 2,
  /** The first link of each call to its recording has expired already (the number has no effect). */
  'expired-links': 1,
  /** Every so many calls have no transcript, ever. */
  'no-transcripts': 3,
  /** The first so many looks at each download, asking for it included, find it processing. */
  'slow-downloads': 2,
  /** The first so many downloads of each call fail. */
  'failed-downloads': 1,
  /** The first so many looks at downloads that were asked for before find them expired. */
  'expired-downloads': 1,
  /** Every so many calls may not be downloaded: whoever shared them does not want that. */
  'limited-shares': 4,
  /** A recording comes in pieces, so many milliseconds apart. */
  'slow-media': 20,
  /** Every so many API requests answer 500. */
  'server-errors': 7,
  /** From the second page on, the cursor is the one that was sent (the number has no effect). */
  'repeated-cursor': 1,
  /** The first so many of every 20 API requests answer 429, whatever the pace. */
  'rate-limit-storm': 3,
} as const;

export type FathomFaults = Faults<keyof typeof fathomFaults>;
