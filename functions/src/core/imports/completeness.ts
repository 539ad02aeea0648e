import { endedCalls, skippedCalls, type ImportJob } from './import-job.ts';

/** The platform's own count beside what became of each call; sums that a person can check. */
export interface Completeness {
  /** What the platform says there is in range; null where it cannot say. */
  readonly platformCount: number | null;
  /** Calls that the platform listed, duplicates and rejected records among them. */
  readonly listed: number;
  readonly imported: number;
  readonly duplicates: number;
  readonly skipped: number;
  readonly failed: number;
  /** Records set aside because they broke the platform's contract. */
  readonly rejected: number;
  readonly open: number;
  /** Counted by the platform and never listed; 0 when the platform does not count. */
  readonly missing: number;
}

/** The sums of a job as its counters stand. */
export function toCompleteness(
  job: Pick<ImportJob, 'listing' | 'listedCalls' | 'duplicateCalls' | 'totals'>,
): Completeness {
  const { totals, listing, duplicateCalls } = job;
  const listed = job.listedCalls + duplicateCalls + listing.rejected;
  const { platformCount } = listing;
  return {
    platformCount,
    listed,
    imported: totals.imported,
    duplicates: duplicateCalls,
    skipped: skippedCalls(totals),
    failed: totals.failed,
    rejected: listing.rejected,
    open: job.listedCalls - endedCalls(totals),
    missing: platformCount === null ? 0 : Math.max(platformCount - listed, 0),
  };
}
