import type { Faults } from '../testing/sandbox-faults.ts';

/** What can be broken on demand, with how many times or how often by default. */
export const grainFaults = {
  /** The first so many asks for each transcript answer 404. */
  'late-transcripts': 2,
  /** The first link of each call to its recording has expired already (the number has no effect). */
  'expired-links': 1,
  /** Every so many calls have no transcript, ever. */
  'no-transcripts': 3,
  /** A recording comes in pieces, so many milliseconds apart. */
  'slow-media': 20,
  /** Every so many API requests answer 500. */
  'server-errors': 7,
  /** From the second page on, the cursor is the one that was sent (the number has no effect). */
  'repeated-cursor': 1,
  /** Every so many cursors are refused as expired. */
  'expired-cursors': 3,
  /** The first so many of every 20 API requests answer 429, whatever the pace. */
  'rate-limit-storm': 3,
} as const;

export type GrainFaults = Faults<keyof typeof grainFaults>;
