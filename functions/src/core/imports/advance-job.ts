import type { Engine } from '../engine.ts';
import { toImportError, type ImportError } from '../errors.ts';
import type { EngineSettings } from '../settings.ts';
import { auditCount } from './audit-count.ts';
import { toCallsPerSecond } from './import-context.ts';
import { isLive, transitionJob, type ImportJob } from './import-job.ts';
import { openListing, type JobRun } from './job-run.ts';
import { countCalls, dispatchPages, endJob, listNextPage } from './job-steps.ts';
import { checkOverdue, redispatchLost } from './lost-calls.ts';
import { decideNextSteps, hasMoved, toWindow, type Step } from './reconcile.ts';
import { replayRejected } from './replay-rejected.ts';
import { toBackoffMs } from './retry-policy.ts';

/**
 * The reconcile loop: claims the job, looks at the facts, does what `decideNextSteps` says, looks
 * again, and before it ends names the time of the next look. Running it at any moment, twice, or
 * after a crash half-way is harmless: the lease lets one holder in, the epoch fences off an earlier
 * one, and each step records itself in one transaction. Throws nothing that the job's own error
 * record does not hold; what it throws, the queue delivers again.
 */
export async function advanceJob(engine: Engine, jobId: string): Promise<void> {
  const claim = await claimJob(engine, jobId);
  if (claim.type === 'held') await comeBack(engine, jobId, claim);
  if (claim.type !== 'claimed') return;
  const { job } = claim;
  const run: JobRun = {
    engine,
    epoch: job.lease.epoch,
    listing: openListing(),
    job,
    totals: job.totals,
  };
  let nextLook: Date | null;
  let hasFailed = false;
  try {
    nextLook = await reconcile(run);
  } catch (error) {
    hasFailed = true;
    nextLook = await settleFailure(run, toImportError(error, 'imports'));
  } finally {
    await run.listing.close();
  }
  await releaseJob(run, { nextLook, hasFailed });
}

async function reconcile(run: JobRun): Promise<Date | null> {
  const { clock, jobs } = run.engine;
  const settings = fitWindow(run);
  const sliceEndsAt = clock.now().getTime() + settings.sliceMs;
  while (isLive(run.job)) {
    run.totals = await jobs.sumTotals(run.job.id);
    const now = clock.now();
    if (now.getTime() >= sliceEndsAt) return now;
    const steps = decideNextSteps({ job: run.job, totals: run.totals, now, settings });
    for (const step of steps) {
      if (step.type === 'wait') return step.until;
      const isStillOurs = await doStep(run, step);
      if (!isStillOurs) return null;
    }
  }
  return null;
}

/** The settings with a window that fits the pace of the job's platform. */
function fitWindow({ engine, job }: JobRun): EngineSettings {
  const context = engine.findContext(job.platform);
  if (!context) return engine.settings;
  const windowCalls = toWindow(toCallsPerSecond(context.rateLimits), engine.settings);
  return { ...engine.settings, windowCalls };
}

/** Returns false when the job is no longer ours: another holder, a pause, or a cancellation. */
async function doStep(run: JobRun, step: Exclude<Step, { type: 'wait' }>): Promise<boolean> {
  switch (step.type) {
    case 'count':
      return countCalls(run);
    case 'list':
      return listNextPage(run);
    case 'replay':
      return replayRejected(run, step.fromPage);
    case 'dispatch':
      return dispatchPages(run, step.maxCalls);
    case 'check_overdue':
      return checkOverdue(run);
    case 'redispatch':
      return redispatchLost(run, step.belowPage);
    case 'audit_count':
      return auditCount(run);
    case 'end':
      return endJob(run, null);
  }
}

/** How far two machines' clocks may be apart: a task that comes so early is not dropped. */
const clockSkewMs = 250;

type JobClaim =
  | { readonly type: 'claimed'; readonly job: ImportJob }
  /** Somebody works on it, or did until a crash. */
  | { readonly type: 'held'; readonly epoch: number; readonly until: Date }
  | { readonly type: 'nothing_to_do' };

/**
 * Starts a queued job that need not wait for the night, and takes the lease for `leaseMs`, which
 * each step renews. A job that is not due was looked at since this task was created: it has its successor already, and a
 * second one would have successors of its own for ever.
 */
async function claimJob(engine: Engine, jobId: string): Promise<JobClaim> {
  const holder = engine.createId();
  const now = engine.clock.now();
  const expiresAt = new Date(now.getTime() + engine.settings.leaseMs);
  const claim = await engine.jobs.transact<JobClaim>(jobId, (job) => {
    if (job.lease.holder === holder) return { job: null, result: { type: 'claimed', job } };
    const { epoch, expiresAt: until } = job.lease;
    if (until && until > now && isLive(job)) {
      return { job: null, result: { type: 'held', epoch, until } };
    }
    const dueAtMs = (job.nextAdvanceAt?.getTime() ?? 0) - clockSkewMs;
    const isDue = dueAtMs <= now.getTime();
    const mayStart = job.status === 'queued' && job.config.schedule === 'now';
    if (!isDue || (!isLive(job) && !mayStart)) {
      return { job: null, result: { type: 'nothing_to_do' } };
    }
    const started = mayStart ? transitionJob(job, { type: 'start', at: now }) : job;
    const lease = { holder, epoch: epoch + 1, expiresAt };
    const claimed = { ...started, lease, updatedAt: now };
    return { job: claimed, result: { type: 'claimed', job: claimed } };
  });
  const isFirst = claim.type === 'claimed' && claim.job.startedAt?.getTime() === now.getTime();
  if (isFirst) engine.logs.jobStarted({ jobId, customerId: claim.job.customerId });
  return claim;
}

/**
 * A task that a crashed holder left is delivered again long before its lease has run out: it comes
 * back then. When the holder has gone on, the job is not due and that look ends at once.
 */
async function comeBack(
  engine: Engine,
  jobId: string,
  { epoch, until }: Extract<JobClaim, { type: 'held' }>,
): Promise<void> {
  await engine.queue.enqueue({
    queue: 'advanceJob',
    name: `advance-${jobId}-h${epoch}-${until.getTime()}`,
    payload: { jobId },
    runAt: until,
  });
}

/**
 * Gives the lease back, folds the counters into the job, and appoints the next look. The task is
 * named by the epoch, so that each holder has one successor however often this runs.
 */
async function releaseJob(
  run: JobRun,
  { nextLook, hasFailed }: { readonly nextLook: Date | null; readonly hasFailed: boolean },
): Promise<void> {
  const { engine, epoch } = run;
  const { id } = run.job;
  const now = engine.clock.now();
  const isOurs = await engine.jobs.transact(id, (job) => {
    if (job.lease.epoch !== epoch) return { job: null, result: false };
    // Released already: by the end, or by a commit whose answer was lost.
    if (!job.lease.expiresAt) return { job: null, result: job.nextAdvanceAt !== null };
    const lease = { ...job.lease, expiresAt: null };
    // Whoever ended it meanwhile has counted later than this run.
    if (!isLive(job)) return { job: { ...job, lease, nextAdvanceAt: null }, result: false };
    const failures = hasFailed ? job.listing.failures : 0;
    const listing = { ...job.listing, failures };
    const { totals } = run;
    const movedAt = hasMoved(job, totals) ? now : job.movedAt;
    const next = {
      ...job,
      lease,
      listing,
      totals,
      movedAt,
      nextAdvanceAt: nextLook,
      updatedAt: now,
    };
    return { job: next, result: nextLook !== null };
  });
  if (!isOurs || !nextLook) return;
  await engine.queue.enqueue({
    queue: 'advanceJob',
    name: `advance-${id}-${epoch}`,
    payload: { jobId: id },
    runAt: nextLook,
  });
}

const maxListingFailures = 8;

/** A listing that fails for now comes again later; one that fails for good ends the job with its reason. */
async function settleFailure(run: JobRun, error: ImportError): Promise<Date | null> {
  const { engine } = run;
  const { id, customerId } = run.job;
  const failures = run.job.listing.failures + 1;
  const { kind, source, publicMessage: message } = error;
  engine.logs.jobFailedToAdvance({ jobId: id, customerId, kind, source, message });
  const isForGood = !error.retryable || failures >= maxListingFailures;
  if (isForGood) {
    await endJob(run, error);
    return null;
  }
  const now = engine.clock.now();
  const { backoffMs: baseMs, maxBackoffMs: maxMs } = engine.settings;
  const waitMs = toBackoffMs({ attempt: failures, baseMs, maxMs, random: engine.random });
  const until = new Date(now.getTime() + (error.retryAfterMs ?? 0) + waitMs);
  const isLimit = kind === 'rate_limited';
  await engine.jobs.transact(id, (job) => {
    // An end that was written though its answer was lost stays as it is.
    if (job.lease.epoch !== run.epoch || !isLive(job)) return { job: null, result: null };
    return {
      job: {
        ...job,
        listing: { ...job.listing, failures: isLimit ? job.listing.failures : failures },
        limitedUntil: until,
        lastError: { kind, source, message, at: now },
        updatedAt: now,
      },
      result: null,
    };
  });
  // Only the listing waits for a limit, of hours perhaps: calls that were lost are looked for meanwhile.
  const soon = new Date(now.getTime() + engine.settings.overdueCheckMs);
  return isLimit && soon < until ? soon : until;
}
