import type { z } from '@hono/zod-openapi';
import type { Engine } from '../../core/engine.ts';
import { toCompleteness } from '../../core/imports/completeness.ts';
import { describeGaps, type CountGap } from '../../core/imports/find-gaps.ts';
import type { ImportedCall } from '../../core/imports/imported-call.ts';
import { isEnded, skippedCalls, type ImportJob } from '../../core/imports/import-job.ts';
import type { DuplicateCall } from '../../core/imports/import-store.ts';
import { estimateCompletion } from '../../core/imports/progress.ts';
import type { CallView, JobView, ReportView } from './schemas.ts';

const shownErrors = 20;

/** A job as the API shows it: its counters as they stand, its errors read from its calls. */
export async function toJobView(engine: Engine, stored: ImportJob): Promise<JobView> {
  const isSettled = isEnded(stored) && stored.settleAt === null;
  const totals = isSettled ? stored.totals : await engine.jobs.sumTotals(stored.id);
  const job = { ...stored, totals };
  const counts = toCompleteness(job);
  const { imported, gone, noConsent, filtered, failed } = totals;
  const skipped = skippedCalls(totals) + job.duplicateCalls;
  const { platformCount, listed, duplicates, rejected, open, missing } = counts;
  const { id, customerId, platform, jobType, status, requestedBy, lastError, config } = job;
  return {
    ...{ id, customerId, platform, jobType, status, requestedBy },
    totalCalls: job.listing.isFinished ? listed : (platformCount ?? (listed || null)),
    processedCalls: imported + failed + rejected + skipped,
    failedCalls: failed + rejected,
    skippedCalls: skipped,
    counts: {
      ...{ platformCount, listed, imported, duplicates, gone, noConsent, filtered, failed },
      ...{ rejected, open, missing },
    },
    createdAt: job.createdAt.toISOString(),
    startedAt: toText(job.startedAt),
    completedAt: toText(job.completedAt),
    estimatedCompletionAt: toText(estimateCompletion(job, engine.clock.now())),
    limitedUntil: toText(job.limitedUntil),
    errors: await readErrors(engine, job),
    lastError: lastError && {
      code: lastError.kind,
      source: lastError.source,
      message: lastError.message,
      timestamp: lastError.at.toISOString(),
    },
    config: {
      dateRange: { start: toText(config.dateRange.start), end: toText(config.dateRange.end) },
      filters: config.filters,
      schedule: config.schedule,
    },
  };
}

/** The completeness report: sums that a person can check, and what they mean in one sentence. */
export function toReportView(
  job: JobView,
  { listing }: Pick<ImportJob, 'listing'>,
): z.infer<typeof ReportView> {
  const { counts, id: jobId, status } = job;
  const { open, failed, rejected, missing } = counts;
  const gaps = missing > 0 ? (listing.gaps ?? []) : [];
  const unaccounted = [
    open > 0 && `${open} are not done yet`,
    failed > 0 && `${failed} failed (POST /admin/imports/${jobId}/retry starts them again)`,
    rejected > 0 && `${rejected} records of the platform could not be read`,
    missing > 0 && describeMissing(missing, gaps),
  ].filter((text) => text !== false);
  const isComplete = unaccounted.length === 0 && job.completedAt !== null;
  const explanation = isComplete
    ? `All ${counts.listed} calls in range are accounted for.`
    : unaccounted.length > 0
      ? `Of ${counts.listed} calls listed: ${unaccounted.join('; ')}.`
      : 'The platform has not been listed to its end yet.';
  const shown = gaps.map((gap) => ({
    ...gap,
    start: toText(gap.start),
    end: gap.end.toISOString(),
  }));
  return { jobId, status, isComplete, counts, gaps: shown, explanation };
}

function describeMissing(missing: number, gaps: readonly CountGap[]): string {
  const days = describeGaps(gaps);
  const counted = `${missing} are counted by the platform but were not listed`;
  if (days === '') return counted;
  return `${counted}: ${days} (import these days again; what is there is not imported twice)`;
}

/** A call as the API shows it. */
export function toCallView(call: ImportedCall): CallView {
  const { metadata } = call;
  return {
    id: call.callKey,
    sourceCallId: call.sourceCallId,
    status: call.status,
    title: metadata.title,
    startedAt: toText(metadata.startedAt),
    durationSeconds: metadata.durationSeconds,
    sourceUrl: metadata.sourceUrl,
    reason: call.status === 'skipped' ? call.reason : null,
    error: call.status === 'failed' ? toErrorView(call) : null,
    attempts: call.attempts.length,
    engagementId: call.status === 'completed' ? call.callKey : null,
  };
}

/** A duplicate: another import has it, and the reason says which. */
export function toDuplicateView(duplicate: DuplicateCall): CallView {
  const { reason, heldByJobId } = duplicate;
  return {
    id: duplicate.callKey,
    sourceCallId: duplicate.sourceCallId,
    status: 'duplicate',
    title: duplicate.title,
    startedAt: null,
    durationSeconds: null,
    sourceUrl: null,
    reason:
      reason === 'imported_before'
        ? `imported before by import ${heldByJobId}`
        : `import ${heldByJobId} is working on it`,
    error: null,
    attempts: 0,
    engagementId: reason === 'imported_before' ? duplicate.callKey : null,
  };
}

async function readErrors(engine: Engine, job: ImportJob): Promise<JobView['errors']> {
  if (job.totals.failed === 0) return [];
  const calls = await engine.calls.list({
    jobId: job.id,
    status: 'failed',
    limit: shownErrors,
    afterCallKey: null,
  });
  return calls.flatMap((call) => (call.status === 'failed' ? [toErrorView(call)] : []));
}

function toErrorView(call: Extract<ImportedCall, { status: 'failed' }>): JobView['errors'][number] {
  return {
    callId: call.callKey,
    error: call.error.message,
    retryable: call.retryable,
    timestamp: call.failedAt.toISOString(),
  };
}

/** As JSON has it. */
export function toText(instant: Date | null): string | null {
  return instant?.toISOString() ?? null;
}
