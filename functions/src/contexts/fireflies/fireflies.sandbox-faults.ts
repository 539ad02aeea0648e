import type { Faults } from '../testing/sandbox-faults.ts';

/** What can be broken on demand, with how many times or how often by default. */
export const firefliesFaults = {
  /** The first so many asks for what was said in each meeting find it still processed. */
  'late-transcripts': 2,
  /** The first link of each meeting to its recording has expired already (the number has no effect). */
  'expired-links': 1,
  /** Links are never renewed: they say themselves that they have expired (no effect). */
  'stale-links': 1,
  /** Every so many meetings have no transcript, ever. */
  'no-transcripts': 3,
  /** A recording comes in pieces, so many milliseconds apart. */
  'slow-media': 20,
  /** Every so many requests answer 500 with `invariant_violation`. */
  'server-errors': 7,
  /** `skip` is ignored: every page is the first (no effect). */
  'repeated-page': 1,
  /** The first so many of every 20 requests answer `too_many_requests`, whatever the pace. */
  'rate-limit-storm': 3,
  /** So many requests a day, as on the Free plan. */
  'daily-limit': 50,
  /** Recordings are not part of the plan: their links are null (no effect). */
  'free-plan': 1,
  /** Asking for a video or a summary fails the whole query with `paid_required` (no effect). */
  'paid-fields': 1,
  /** One meeting that is missing fails a query for several with no data at all (no effect). */
  'whole-failures': 1,
  /** Errors have their own HTTP status, not 200 (no effect). */
  'status-codes': 1,
} as const;

export type FirefliesFaults = Faults<keyof typeof firefliesFaults>;
