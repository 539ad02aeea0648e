import type { Engine } from '../engine.ts';
import { forEachOf } from './for-each-of.ts';
import { isEnded, type CallTotals } from './import-job.ts';

const maxJobs = 200;
const firstLookMs = 60_000;
/** A task may run for half an hour: what it was at when its job was stopped has ended by then. */
const lastLookMs = 2_100_000;

/** When the totals of a job that is stopped now are first looked at again. */
export function toSettleAt(now: Date): Date {
  return new Date(now.getTime() + firstLookMs);
}

/**
 * Every minute: calls that were in work when their job was cancelled or stopped may end after it,
 * and move its counters. Brings the totals on such jobs up to date, until nothing can follow. A
 * crash or a second run does no harm: totals of an ended job only grow.
 */
export async function settleTotals(engine: Engine, now: Date): Promise<void> {
  const jobs = await engine.jobs.listUnsettled(now, maxJobs);
  await forEachOf(jobs, ({ id }) => settle(engine, id, now));
}

async function settle(engine: Engine, jobId: string, now: Date): Promise<void> {
  const counted = await engine.jobs.sumTotals(jobId);
  await engine.jobs.transact(jobId, (job) => {
    // Reopened meanwhile: the loop counts again.
    if (!isEnded(job)) return { job: null, result: null };
    const isLast = now.getTime() - job.completedAt.getTime() >= lastLookMs;
    const hasMore = isMore(counted, job.totals);
    if (!isLast && !hasMore) return { job: null, result: null };
    return {
      job: {
        ...job,
        totals: toLarger(counted, job.totals),
        settleAt: isLast ? null : job.settleAt,
        updatedAt: hasMore ? now : job.updatedAt,
      },
      result: null,
    };
  });
}

function isMore(counted: CallTotals, known: CallTotals): boolean {
  return namesOf(known).some((name) => counted[name] > known[name]);
}

function toLarger(counted: CallTotals, known: CallTotals): CallTotals {
  const totals = { ...known };
  for (const name of namesOf(known)) totals[name] = Math.max(counted[name], known[name]);
  return totals;
}

function namesOf(totals: CallTotals): (keyof CallTotals)[] {
  // Parsed by a schema that keeps nothing but its own keys.
  return Object.keys(totals) as (keyof CallTotals)[];
}
