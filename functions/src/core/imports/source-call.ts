import { z } from 'zod';

/** A person in a call as the platform names them, before matching. */
export const SourceParticipant = z.object({
  /** The platform's id of this person within the call: joins transcript speakers to people. */
  id: z.string().nullable(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  /** As dialled; E.164 where the platform gives it. */
  phone: z.string().nullable(),
  role: z.enum(['internal', 'external', 'unknown']),
  /** False for somebody who was invited and did not come; null where the platform does not say. */
  attended: z.boolean().nullable(),
});
export type SourceParticipant = z.infer<typeof SourceParticipant>;

/** What the platform says of a call. Unknown is null, never a guess. */
export const CallMetadata = z.object({
  title: z.string().nullable(),
  startedAt: z.date().nullable(),
  durationSeconds: z.number().nonnegative().nullable(),
  participants: z.array(SourceParticipant),
  /** Where a person opens the call on the platform. */
  sourceUrl: z.string().nullable(),
  direction: z.enum(['inbound', 'outbound']).nullable(),
  /** `none`: the platform says that nothing was recorded; null: it does not say. */
  mediaKind: z.enum(['audio', 'video', 'none']).nullable(),
  /** The platform's own summary, where it has one. */
  summary: z.string().nullable(),
});
export type CallMetadata = z.infer<typeof CallMetadata>;

/** Why a call is not imported: it is gone at its source, nobody agreed to it, or it was not wanted. */
export const skipReasons = ['gone', 'no_consent', 'filtered'] as const;
export type SkipReason = (typeof skipReasons)[number];

/** A call as a platform lists it. */
export interface SourceCall {
  readonly sourceCallId: string;
  readonly metadata: CallMetadata;
  /**
   * What the context noted when it listed or hydrated the call, in words that only it reads, and gets
   * back at `fetchCall` and `getTranscript`: a recording's link that still works, say, which saves a
   * request. As secret as a link: kept until the call ends, never logged or shown. It may be missing
   * at any time, so a context must get on without.
   */
  readonly hint?: string | null;
  /** The platform counts this call, but it is not to be imported. */
  readonly skip?: SkipReason;
}

/** One page of a listing; `nextCursor` is null after the last. Resuming from it loses nothing. */
export interface SourceCallPage {
  readonly calls: readonly SourceCall[];
  readonly nextCursor: string | null;
  /** Records that broke the platform's contract and were set aside, so that the page could go on. */
  readonly rejected?: readonly RejectedRecord[];
}

export interface RejectedRecord {
  /** The platform's id where it could be read. */
  readonly sourceCallId: string | null;
  /** Safe to show: the path in the record and what was wrong there. */
  readonly reason: string;
}

/** Who spoke what and when; `speakerId` is a participant's id where known, else a label. */
export const TranscriptSegment = z.object({
  speakerId: z.string(),
  startMs: z.int().nonnegative(),
  endMs: z.int().nonnegative(),
  text: z.string(),
});
export type TranscriptSegment = z.infer<typeof TranscriptSegment>;

export const Transcript = z.object({
  /** BCP 47, null where unknown. */
  language: z.string().nullable(),
  speakers: z.array(z.object({ id: z.string(), name: z.string().nullable() })),
  segments: z.array(TranscriptSegment),
});
export type Transcript = z.infer<typeof Transcript>;

/** The normalised transcript and, to be kept beside it, the platform's own as it came. */
export interface SourceTranscript {
  readonly transcript: Transcript;
  readonly original: unknown;
}

/** Where the bytes of a recording are. */
export type MediaSource =
  | {
      readonly kind: 'url';
      readonly url: string;
      /** Sent to the platform's own origin only, never after a redirect off it. */
      readonly headers?: Readonly<Record<string, string>>;
      readonly contentType?: string | null;
      readonly sizeBytes?: number | null;
    }
  | { readonly kind: 'stored'; readonly key: string; readonly contentType?: string | null };

/** An open download. Reading `body` to its end yields exactly the recording, or throws. */
export interface MediaStream {
  readonly contentType: string | null;
  /** What the other side declared, null where it did not. */
  readonly sizeBytes: number | null;
  readonly body: AsyncIterable<Uint8Array>;
}

/** A half-open range of call starts: `start <= startedAt < end`; null is unbounded. */
export const DateRange = z.object({ start: z.date().nullable(), end: z.date().nullable() });
export type DateRange = z.infer<typeof DateRange>;

export type CallFilters = Readonly<Record<string, string | number | boolean>>;

export interface ListOptions {
  readonly dateRange: DateRange;
  readonly filters: CallFilters;
  readonly cursor: string | null;
}
