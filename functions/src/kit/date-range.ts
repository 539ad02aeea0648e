import type { DateRange } from '../core/imports/source-call.ts';

/** Whether a start lies in a half-open range; one that nobody knows is not known to lie outside. */
export function isInRange(startedAt: Date | null, { start, end }: DateRange): boolean {
  if (startedAt === null) return true;
  return (start === null || startedAt >= start) && (end === null || startedAt < end);
}

/**
 * Moves the ends of a range apart, for a platform whose edges are vague or that compares another time
 * than the start: the framework drops what is listed in excess.
 */
export function widen(
  { start, end }: DateRange,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): DateRange {
  return {
    start: start && new Date(start.getTime() - startMs),
    end: end && new Date(end.getTime() + endMs),
  };
}
