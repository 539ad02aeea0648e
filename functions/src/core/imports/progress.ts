import { endedCalls, isLive, type ImportJob } from './import-job.ts';

export interface Progress {
  /** Calls that ended per second since the start; null before the first. */
  readonly callsPerSecond: number | null;
  readonly remainingCalls: number | null;
  readonly remainingSeconds: number | null;
}

/** How fast a job goes and how long it still takes, by its average so far; null where unknown. */
export function toProgress(job: ImportJob, now: Date): Progress {
  const ended = endedCalls(job.totals);
  const until = job.completedAt ?? now;
  const elapsedMs = job.startedAt ? until.getTime() - job.startedAt.getTime() : 0;
  const callsPerSecond = ended > 0 && elapsedMs > 0 ? (ended * 1000) / elapsedMs : null;
  const expected = job.listing.isFinished
    ? job.listedCalls
    : job.listing.platformCount === null
      ? null
      : Math.max(job.listing.platformCount - job.duplicateCalls, job.listedCalls);
  const remainingCalls = expected === null ? null : Math.max(expected - ended, 0);
  const remainingSeconds =
    remainingCalls === null || callsPerSecond === null
      ? null
      : Math.ceil(remainingCalls / callsPerSecond);
  return { callsPerSecond, remainingCalls, remainingSeconds };
}

/** When a live job is expected to end; null where nobody knows. */
export function estimateCompletion(job: ImportJob, now: Date): Date | null {
  if (!isLive(job)) return null;
  const { remainingSeconds } = toProgress(job, now);
  return remainingSeconds === null ? null : new Date(now.getTime() + remainingSeconds * 1000);
}
