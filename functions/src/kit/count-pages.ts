import type { DateRange, SourceCallPage } from '../core/imports/source-call.ts';
import { isInRange } from './date-range.ts';

/** Counts by reading a listing through, for a platform without a total; records set aside count as well. */
export async function countPages(
  pages: AsyncIterable<SourceCallPage>,
  dateRange: DateRange,
): Promise<number> {
  let count = 0;
  for await (const page of pages) {
    count += page.rejected?.length ?? 0;
    count += page.calls.filter(({ metadata }) => isInRange(metadata.startedAt, dateRange)).length;
  }
  return count;
}
