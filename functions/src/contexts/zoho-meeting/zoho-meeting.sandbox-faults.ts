import type { Faults } from '../testing/sandbox-faults.ts';

/** What can be broken on demand, with how many times or how often by default. */
export const zohoMeetingFaults = {
  /** In the first so many answers about each recording its transcript is not generated. */
  'late-transcripts': 2,
  /** The first links of each recording have expired already (the number has no effect). */
  'expired-links': 1,
  /** Every so many recordings have no transcript, ever. */
  'no-transcripts': 3,
  /** Every so many recordings are still processed when they are listed. */
  unfinished: 4,
  /** Every so many recordings have no sound. */
  silent: 5,
  /** Transcripts are of a format of Zoho's own (the number has no effect). */
  'plain-transcripts': 1,
  /** Participants are counted from 0, not from 1 (the number has no effect). */
  'zero-based': 1,
  /** So many participants less come than Zoho counts. */
  'missing-participants': 1,
  /** The index of a listing is ignored (the number has no effect). */
  'repeated-page': 1,
  /** Files come as a page to sign in, under a status of success (the number has no effect). */
  'sign-in-pages': 1,
  /** The grant lacks the scope for meetings (the number has no effect). */
  'missing-scope': 1,
  /** Reports of every so many meetings are gone. */
  'no-reports': 4,
  /** A recording comes in pieces, so many milliseconds apart. */
  'slow-media': 20,
  /** Every so many API requests answer 500. */
  'server-errors': 7,
  /** The first so many of every 20 API requests answer 429, whatever the pace. */
  'rate-limit-storm': 3,
} as const;

export type ZohoMeetingFaults = Faults<keyof typeof zohoMeetingFaults>;
