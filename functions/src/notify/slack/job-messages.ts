import { toCompleteness } from '../../core/imports/completeness.ts';
import type { ImportJob } from '../../core/imports/import-job.ts';
import { toProgress, type Progress } from '../../core/imports/progress.ts';
import type { ChatMessage } from '../../core/ports.ts';
import { toJobEndMessage, toJobMessage, type JobMessageView } from './job-message.ts';

export interface JobMessagesOptions {
  /** As people know the platform: `Zoho Meeting`. */
  readonly platformName: (platform: ImportJob['platform']) => string;
  /** Where a person sees the job; null where there is no such page. */
  readonly statusUrl: (jobId: string) => string | null;
}

/** The messages about import jobs, as the notifier asks for them. */
export function createJobMessages(options: JobMessagesOptions): {
  progress(job: ImportJob, now: Date): ChatMessage;
  ending(job: ImportJob, now: Date): ChatMessage;
} {
  return {
    progress: (job, now) => toJobMessage(toJobMessageView(job, { ...options, now })),
    ending: (job, now) => toJobEndMessage(toJobMessageView(job, { ...options, now })),
  };
}

/** A pace is only told once it means something. */
const minPaceMs = 10_000;

/** Duplicates and records that could not be read count as processed: the platform counts them too. */
export function toJobMessageView(
  job: ImportJob,
  { platformName, statusUrl, now }: JobMessagesOptions & { now: Date },
): JobMessageView {
  const counts = toCompleteness(job);
  const failedCalls = counts.failed + counts.rejected;
  const isLimited = job.limitedUntil !== null && job.limitedUntil > now;
  const { callsPerSecond, remainingSeconds } = toPace(job, now);
  return {
    jobId: job.id,
    customerId: job.customerId,
    platformName: platformName(job.platform),
    status: job.status,
    totalCalls: toTotal(job.listing, counts.listed),
    processedCalls: counts.imported + failedCalls + counts.skipped + counts.duplicates,
    importedCalls: counts.imported,
    failedCalls,
    skippedCalls: counts.skipped,
    duplicateCalls: counts.duplicates,
    startedAt: job.startedAt,
    endedAt: job.completedAt,
    callsPerSecond,
    remainingSeconds: isLimited ? null : remainingSeconds,
    limitedUntil: isLimited ? job.limitedUntil : null,
    lastError: job.lastError?.message ?? null,
    requestedBy: job.requestedBy,
    statusUrl: statusUrl(job.id),
  };
}

function toPace(job: ImportJob, now: Date): Pick<Progress, 'callsPerSecond' | 'remainingSeconds'> {
  const elapsedMs = now.getTime() - (job.startedAt ?? now).getTime();
  if (elapsedMs < minPaceMs) return { callsPerSecond: null, remainingSeconds: null };
  return toProgress(job, now);
}

/** The platform's count, unless the listing has found more by now, or has ended. */
function toTotal(
  { isFinished, platformCount }: ImportJob['listing'],
  listedCalls: number,
): number | null {
  if (isFinished) return listedCalls;
  return platformCount === null ? null : Math.max(platformCount, listedCalls);
}
