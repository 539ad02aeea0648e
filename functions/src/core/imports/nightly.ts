import type { Engine } from '../engine.ts';
import { isNight, nightHours } from '../night-window.ts';
import { pokeJob } from './create-import.ts';
import { forEachOf } from './for-each-of.ts';
import { isLive, transitionJob, type ImportJob } from './import-job.ts';
import { waitingCalls } from './reconcile.ts';

const maxJobs = 500;

/**
 * Hourly at night: shares this hour's part of the nightly calls out among the nightly jobs, oldest
 * first, evenly between customers, and starts or pokes each job that got some. Allowances are given
 * once an hour: a second run leaves them alone, and what a job did not use is not added up.
 */
export async function processImportQueue(engine: Engine): Promise<void> {
  const { settings, clock } = engine;
  const now = clock.now();
  if (!isNight(now, settings.night)) return;
  const open = await engine.jobs.listByStatus(['queued', 'counting', 'in_progress'], maxJobs);
  const nightly = open.filter((job) => job.config.schedule === 'nightly');
  const hourly = Math.ceil(settings.nightlyCalls / nightHours(settings.night));
  const hour = Math.floor(now.getTime() / 3_600_000);
  const granted = shareOut(nightly, hourly);
  await forEachOf(nightly, async ({ id, customerId }) => {
    const step = await engine.jobs.transact<NightStep>(id, (job) => {
      const isGiven = job.dispatch.allowanceHour === hour;
      if (isGiven || (job.status !== 'queued' && !isLive(job))) {
        return { job: null, result: 'none' };
      }
      // Calls are dispatched by whole pages: what that was too many is paid back.
      const debt = Math.min(job.dispatch.allowance ?? 0, 0);
      const allowance = (granted.get(id) ?? 0) + debt;
      const dispatch = { ...job.dispatch, allowance, allowanceHour: hour };
      if (allowance <= 0) return { job: { ...job, dispatch }, result: 'none' };
      const isStart = job.status === 'queued';
      const started = isStart ? transitionJob(job, { type: 'start', at: now }) : job;
      const next = { ...started, dispatch, nextAdvanceAt: now, updatedAt: now };
      return { job: next, result: isStart ? 'started' : 'goes_on' };
    });
    if (step === 'none') return;
    if (step === 'started') engine.logs.jobStarted({ jobId: id, customerId });
    await pokeJob(engine, id, `night-${hour}`);
  });
}

type NightStep = 'none' | 'started' | 'goes_on';

/**
 * Gives each customer the same share, and within a customer the oldest job first; what a customer
 * can't use goes to the others. A job whose size is not known yet may take its customer's share.
 */
export function shareOut(jobs: readonly ImportJob[], calls: number): ReadonlyMap<string, number> {
  const allowances = new Map<string, number>();
  let queues = toQueues(jobs);
  let left = calls;
  while (left > 0 && queues.length > 0) {
    const share = Math.max(Math.floor(left / queues.length), 1);
    for (const queue of queues) left -= grant(queue, Math.min(share, left), allowances);
    queues = queues.filter((queue) => queue.length > 0);
  }
  return allowances;
}

interface WaitingJob {
  readonly id: string;
  openCalls: number;
}

/** Each customer's jobs that may still start calls, in the given order. */
function toQueues(jobs: readonly ImportJob[]): WaitingJob[][] {
  const queues = new Map<string, WaitingJob[]>();
  for (const job of jobs) {
    const waiting = { id: job.id, openCalls: toOpenCalls(job) };
    if (waiting.openCalls === 0) continue;
    queues.set(job.customerId, [...(queues.get(job.customerId) ?? []), waiting]);
  }
  return [...queues.values()];
}

/** Gives a customer's jobs `share` calls more, or as many as they can use; returns how many. */
function grant(queue: WaitingJob[], share: number, allowances: Map<string, number>): number {
  let granted = 0;
  for (let job = queue[0]; job && granted < share; job = queue[0]) {
    const taken = Math.min(share - granted, job.openCalls);
    allowances.set(job.id, (allowances.get(job.id) ?? 0) + taken);
    granted += taken;
    job.openCalls -= taken;
    if (job.openCalls === 0) queue.shift();
  }
  return granted;
}

/** Calls that the job may still want to start; unbounded while it is still listing. */
function toOpenCalls(job: ImportJob): number {
  if (!job.listing.isFinished) return Number.POSITIVE_INFINITY;
  return Math.max(waitingCalls(job), 0);
}
