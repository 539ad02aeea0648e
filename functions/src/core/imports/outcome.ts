import type { CallTotals, ImportJob, JobError } from './import-job.ts';
import { describeGaps } from './find-gaps.ts';
import { toCompleteness } from './completeness.ts';

/**
 * How a job ends: where something failed or was set aside, `partial` when something else came of it,
 * else `failed`; `partial` too where calls are missing by the platform's own count; else `completed`.
 */
export function decideOutcome(facts: {
  readonly job: ImportJob;
  readonly totals: CallTotals;
  readonly lastError: JobError | null;
}): { readonly status: 'completed' | 'partial' | 'failed'; readonly lastError: JobError | null } {
  const { job, totals, lastError } = facts;
  const { missing } = toCompleteness({ ...job, totals });
  const problems = totals.failed + job.listing.rejected;
  const hasResult = totals.imported > 0 || job.duplicateCalls > 0;
  if (lastError || problems > 0) return { status: hasResult ? 'partial' : 'failed', lastError };
  if (missing === 0) return { status: 'completed', lastError: null };
  const days = describeGaps(job.listing.gaps ?? []);
  return {
    status: 'partial',
    lastError: {
      kind: 'contract',
      source: job.platform,
      message: `The platform counts ${missing} more than it listed in this range${days && `: ${days}`}.`,
      at: job.updatedAt,
    },
  };
}
