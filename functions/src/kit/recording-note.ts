import { z } from 'zod';
import type { MediaSource } from '../core/imports/source-call.ts';

/** Where a recording is, or that there is none, and until when that can be relied on: part of a hint. */
export const RecordingNote = z.object({
  url: z.string().nullable(),
  /** Epoch milliseconds. */
  untilMs: z.number(),
});
export type RecordingNote = z.output<typeof RecordingNote>;

/** A link that is about to expire may do so before its download begins. */
const marginMs = 10 * 60_000;

/** The note while it holds; null once the recording has to be asked for anew. */
export function freshNote<TNote extends RecordingNote>(
  note: TNote | null | undefined,
  now: Date,
): TNote | null {
  return note && note.untilMs - marginMs > now.getTime() ? note : null;
}

/** The media at a URL, if there is one. */
export function toMediaSource(url: string | null, contentType?: string | null): MediaSource | null {
  if (url === null) return null;
  return { kind: 'url', url, ...(contentType !== undefined && { contentType }) };
}
