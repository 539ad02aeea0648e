import type { ImportJob } from '../../core/imports/import-job.ts';
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
const minPaceSeconds = 10;

/** Duplicates count as processed, since the platform's own count has them too. */
export function toJobMessageView(
  job: ImportJob,
  { platformName, statusUrl, now }: JobMessagesOptions & { now: Date },
): JobMessageView {
  const { totals, listing, duplicateCalls } = job;
  const skippedCalls = totals.gone + totals.noConsent + totals.filtered;
  const endedCalls = totals.imported + totals.failed + skippedCalls;
  const knownCalls = job.listedCalls + duplicateCalls;
  const processedCalls = endedCalls + duplicateCalls;
  const totalCalls = listing.isFinished ? knownCalls : toTotal(listing.platformCount, knownCalls);
  const limitedUntil =
    job.limitedUntil !== null && job.limitedUntil > now ? job.limitedUntil : null;
  const elapsedSeconds =
    job.startedAt === null ? 0 : (now.getTime() - job.startedAt.getTime()) / 1000;
  const isPaced = elapsedSeconds >= minPaceSeconds && endedCalls > 0;
  const callsPerSecond = isPaced ? endedCalls / elapsedSeconds : null;
  return {
    jobId: job.id,
    customerId: job.customerId,
    platformName: platformName(job.platform),
    status: job.status,
    totalCalls,
    processedCalls,
    importedCalls: totals.imported,
    failedCalls: totals.failed,
    skippedCalls,
    duplicateCalls,
    startedAt: job.startedAt,
    endedAt: job.completedAt,
    callsPerSecond,
    remainingSeconds:
      callsPerSecond === null || totalCalls === null || limitedUntil !== null
        ? null
        : Math.max(0, totalCalls - processedCalls) / callsPerSecond,
    limitedUntil,
    lastError: job.lastError?.message ?? null,
    requestedBy: job.requestedBy,
    statusUrl: statusUrl(job.id),
  };
}

/** The platform's count, unless the listing has found more by now. */
function toTotal(platformCount: number | null, knownCalls: number): number | null {
  return platformCount === null ? null : Math.max(platformCount, knownCalls);
}
