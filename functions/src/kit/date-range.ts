import type { DateRange } from '../core/imports/source-call.ts';

/** Whether a start lies in a half-open range; one that nobody knows is not known to lie outside. */
export function isInRange(startedAt: Date | null, { start, end }: DateRange): boolean {
  if (startedAt === null) return true;
  return (start === null || startedAt >= start) && (end === null || startedAt < end);
}
