import type { Engine } from '../engine.ts';
import { recordCredentialUse } from '../audit/record-use.ts';
import { ImportError, type ErrorKind } from '../errors.ts';
import { pokeJob } from './create-import.ts';
import type { Credentials, ImportContext } from './import-context.ts';
import { endedCalls, isEnded, isLive, transitionJob, type ImportJob } from './import-job.ts';
import { keepWhatWorks } from './job-credentials.ts';
import type { ImportedCall } from './imported-call.ts';
import { planRetry } from './plan-page.ts';
import { toSettleAt } from './settle-totals.ts';

const retryBatch = 200;

/**
 * Ends a job for good: nothing new is started, work in flight stops at its next step, what was
 * imported stays. @throws `not_found`, `conflict` when it has ended already
 */
export async function cancelImport(engine: Engine, jobId: string): Promise<ImportJob> {
  const now = engine.clock.now();
  const totals = await engine.jobs.sumTotals(jobId);
  const job = await engine.jobs.transact<ImportJob>(jobId, (found) => {
    if (found.status === 'cancelled') return { job: null, result: found };
    const cancelled = transitionJob(found, { type: 'cancel', at: now });
    const settleAt = toSettleAt(now);
    const next = { ...cancelled, totals, settleAt, nextAdvanceAt: null, updatedAt: now };
    return { job: next, result: next };
  });
  if (job.credential?.type === 'one_off') await engine.vault.destroy(job.credential.id);
  return job;
}

/** Stops starting calls until `resumeImport`. @throws `not_found`, `conflict` unless in progress */
export function pauseImport(engine: Engine, jobId: string): Promise<ImportJob> {
  const now = engine.clock.now();
  return engine.jobs.transact<ImportJob>(jobId, (job) => {
    if (job.status === 'paused') return { job: null, result: job };
    const next = { ...transitionJob(job, { type: 'pause' }), nextAdvanceAt: null, updatedAt: now };
    return { job: next, result: next };
  });
}

/** Goes on after a pause, with the calls whose tasks came meanwhile. @throws as `pauseImport` */
export async function resumeImport(engine: Engine, jobId: string): Promise<ImportJob> {
  const now = engine.clock.now();
  const job = await engine.jobs.transact<ImportJob>(jobId, (found) => {
    if (found.status === 'in_progress') return { job: null, result: found };
    const resumed = transitionJob(found, { type: 'resume' });
    const dispatch = { ...found.dispatch, redispatch: redispatchNow(found) };
    const next = { ...resumed, dispatch, nextAdvanceAt: now, updatedAt: now };
    return { job: next, result: next };
  });
  await pokeJob(engine, jobId, `resumed-${now.getTime()}`);
  return job;
}

/** Which calls to start again, and by which credentials. */
export interface RetryRequest {
  readonly job: ImportJob;
  /** For this import alone; null: those that are named, else those that the job has. */
  readonly credentials: Credentials | null;
  /** A stored credential of the job's customer and platform. */
  readonly credentialId?: string;
  /** Only calls that failed with this; default: all that failed. */
  readonly kind?: ErrorKind | undefined;
}

/**
 * Starts the failed calls of a job again, whatever we take for permanent, and looks once more for
 * records that were set aside: a person asks for it, who may have mended it. Goes on with a listing
 * that had stopped; an ended job is reopened. A one-off credential was destroyed at the job's end, so
 * `credentials` are then needed.
 * @throws `not_found`, `conflict` for a cancelled job, `bad_request` when credentials are missing
 */
export async function retryImport(
  engine: Engine,
  context: ImportContext,
  retry: RetryRequest,
): Promise<{ readonly retriedCount: number }> {
  const { job, kind } = retry;
  if (job.status === 'cancelled') throw refuseCancelled(job);
  // Records that never became calls are listed again: they may be readable now.
  const replayedCount = isReplay(retry) ? job.listing.rejected : 0;
  if (isEnded(job)) {
    const isNarrow = kind !== undefined && replayedCount === 0;
    if (isNarrow && !(await hasFailedWith(engine, job.id, kind))) return { retriedCount: 0 };
    await reopen(engine, context, retry);
  }
  let retriedCount = 0;
  for await (const callKeys of listFailed(engine, job.id, kind)) {
    const now = engine.clock.now();
    const target = { jobId: job.id, callKeys };
    const done = await engine.calls.transactPage(target, (facts) => planRetry(facts, now));
    retriedCount += done.retriedCount;
  }
  if (retriedCount + replayedCount > 0) await makeDue(engine, retry);
  await pokeJob(engine, job.id, `retried-${engine.clock.now().getTime()}`);
  return { retriedCount: retriedCount + replayedCount };
}

/** Batches of the calls that have failed, with `kind` where it is given; none is empty. */
async function* listFailed(
  { calls }: Engine,
  jobId: string,
  kind: ErrorKind | undefined,
): AsyncGenerator<readonly string[], void> {
  let afterCallKey: string | null = null;
  do {
    const query = { jobId, status: 'failed', limit: retryBatch, afterCallKey } as const;
    const failed: readonly ImportedCall[] = await calls.list(query);
    const wanted = failed.filter(
      (call) => call.status === 'failed' && (!kind || call.error.kind === kind),
    );
    if (wanted.length > 0) yield wanted.map(({ callKey }) => callKey);
    afterCallKey = failed.at(-1)?.callKey ?? null;
  } while (afterCallKey !== null);
}

async function hasFailedWith(engine: Engine, jobId: string, kind: ErrorKind): Promise<boolean> {
  const first = await listFailed(engine, jobId, kind).next();
  return !first.done;
}

/** A job that goes on may have its next look in hours; a poke before that would be dropped. */
function makeDue(engine: Engine, retry: RetryRequest): Promise<null> {
  const now = engine.clock.now();
  return engine.jobs.transact(retry.job.id, (job) => {
    if (!isLive(job)) return { job: null, result: null };
    return { job: { ...job, listing: toReplayed(job, retry), nextAdvanceAt: now }, result: null };
  });
}

/** A record is set aside for breaking its contract: a retry of other failures leaves it there. */
function isReplay({ kind }: RetryRequest): boolean {
  return kind === undefined || kind === 'contract';
}

function toReplayed({ listing }: ImportJob, retry: RetryRequest): ImportJob['listing'] {
  if (!isReplay(retry) || listing.rejected === 0) return listing;
  return { ...listing, replayPage: 0 };
}

/** Nothing to reopen when all is well: the answer is then "0 retried", and the job stays ended. */
async function reopen(engine: Engine, context: ImportContext, retry: RetryRequest): Promise<void> {
  const { job } = retry;
  // A job that was stopped has calls that never came to their turn.
  const openCalls = job.listedCalls - endedCalls(job.totals);
  const problems = job.totals.failed + job.listing.rejected;
  const needsWork = problems > 0 || openCalls > 0 || !job.listing.isFinished;
  if (!needsWork) return;
  const credential = await renewCredential(engine, context, retry);
  await recordCredentialUse(engine, { ...job, credential });
  const now = engine.clock.now();
  await engine.jobs.transact(job.id, (found) => {
    if (!isEnded(found)) return { job: null, result: null };
    const reopened = transitionJob(found, { type: 'reopen', at: now });
    const dispatch = { ...found.dispatch, redispatch: redispatchNow(found) };
    const listing = { ...toReplayed(found, retry), gaps: null, failures: 0 };
    const next = {
      ...reopened,
      credential,
      listing,
      dispatch,
      lastError: null,
      limitedUntil: null,
      settleAt: null,
      nextAdvanceAt: now,
      updatedAt: now,
    };
    return { job: next, result: null };
  });
}

async function renewCredential(
  engine: Engine,
  context: ImportContext,
  { job, credentials, credentialId }: RetryRequest,
): Promise<ImportJob['credential']> {
  if (context.auth === 'none') return job.credential;
  // Stored ones that nobody has replaced may have been revoked since.
  const stored = job.credential?.type === 'stored' ? job.credential.id : undefined;
  const id = credentialId ?? (credentials ? undefined : stored);
  if (!credentials && id === undefined) {
    throw new ImportError({
      kind: 'bad_request',
      source: 'admin',
      publicMessage:
        'The credentials were destroyed when the import ended. Send them again as "credentials" in the body, or name stored ones as "credentialId".',
    });
  }
  const { customerId } = job;
  const named = id === undefined ? {} : { credentialId: id };
  const given = { customerId, context, credentials, ...named };
  return (await keepWhatWorks(engine, given, () => Promise.resolve())).credential;
}

/** Calls below the watermark that wait without a task are dispatched again at the next look. */
function redispatchNow(job: ImportJob) {
  return { page: job.dispatch.nextPage, at: new Date(0) };
}

function refuseCancelled(job: ImportJob): ImportError {
  return new ImportError({
    kind: 'conflict',
    source: 'admin',
    publicMessage: `Import ${job.id} was cancelled. Start a new import: it takes over the calls that are not imported yet.`,
    retryable: false,
  });
}
