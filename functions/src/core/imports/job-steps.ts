import { recordCredentialUse } from '../audit/record-use.ts';
import { ImportError } from '../errors.ts';
import { toCallKey } from './call-key.ts';
import {
  endedCalls,
  isLive,
  transitionJob,
  type CallTotals,
  type ImportJob,
} from './import-job.ts';
import type { CallPage } from './import-store.ts';
import { supports } from './import-context.ts';
import { withCredentials } from './job-credentials.ts';
import { renewLease, requireContext, update, type JobRun } from './job-run.ts';
import { planPage, type PageOutcome } from './plan-page.ts';
import { decideOutcome } from './outcome.ts';
import { toSettleAt } from './settle-totals.ts';
import type { SourceCall, SourceCallPage } from './source-call.ts';
import { storeTranscript } from './store-transcript.ts';

/**
 * Asks the platform once how many calls there are, which the report at the end compares with. It is
 * the first step of a job, so the use of its credential is written down here.
 */
export async function countCalls(run: JobRun): Promise<boolean> {
  const { engine } = run;
  await recordCredentialUse(engine, run.job);
  const platformCount = run.job.listing.platformCount ?? (await askForCount(run));
  const now = engine.clock.now();
  return update(run, (job) => {
    if (job.status !== 'counting') return job;
    const counted = transitionJob(job, { type: 'counted' });
    return { ...counted, listing: { ...job.listing, platformCount }, updatedAt: now };
  });
}

async function askForCount(run: JobRun): Promise<number | null> {
  const context = requireContext(run.engine, run.job.platform);
  if (!supports(context, 'countCalls') || !context.capabilities.exactCount) return null;
  const { dateRange, filters } = run.job.config;
  return withCredentials(run.engine, { job: run.job, context }, (credentials) =>
    context.countCalls(credentials, { dateRange, filters }),
  );
}

/** Takes one page from the platform and records it, with what it creates, in one transaction. */
export async function listNextPage(run: JobRun): Promise<boolean> {
  const { engine, job } = run;
  const { cursor } = job.listing;
  const page = await run.listing.next(run);
  const calls = toKeyedCalls(job, await hydrate(run, page.calls));
  const now = engine.clock.now();
  const listed = { cursor, page, calls, epoch: run.epoch };
  const outcome = await engine.calls.transactPage<PageOutcome>(
    { jobId: job.id, callKeys: [...calls.keys()] },
    (facts) => planPage({ ...facts, job: renewLease(engine, facts.job) }, listed, now),
  );
  if (outcome.type === 'fenced') return false;
  logPage(run, page, outcome);
  run.job = outcome.job;
  return true;
}

function logPage(
  run: JobRun,
  page: SourceCallPage,
  outcome: Extract<PageOutcome, { type: 'recorded' }>,
): void {
  const { logs } = run.engine;
  const { id: jobId, customerId, listing, duplicateCalls } = run.job;
  const duplicates = outcome.job.duplicateCalls - duplicateCalls;
  logs.pageListed({ jobId, customerId, page: listing.pages, created: outcome.created, duplicates });
  const reasons = (page.rejected ?? []).map((record) => record.reason);
  if (reasons.length > 0) logs.recordsRejected({ jobId, customerId, page: listing.pages, reasons });
}

/** Where the platform gives details of a whole page at once, takes them now: hundredths of a request a call. */
export async function hydrate(
  run: JobRun,
  calls: readonly SourceCall[],
): Promise<readonly SourceCall[]> {
  const context = requireContext(run.engine, run.job.platform);
  const wanted = calls.filter((call) => call.skip === undefined);
  if (!supports(context, 'hydrateCalls') || wanted.length === 0) return calls;
  const hydrated = await withCredentials(run.engine, { job: run.job, context }, (credentials) =>
    context.hydrateCalls(credentials, wanted),
  );
  const { customerId, platform } = run.job;
  await Promise.all(
    hydrated.map(async ({ sourceCallId, transcript }) => {
      if (!transcript) return;
      const callKey = toCallKey({ customerId, platform, sourceCallId });
      await storeTranscript(run.engine.objects, { customerId, callKey, ...transcript });
    }),
  );
  return [...hydrated, ...calls.filter((call) => call.skip !== undefined)];
}

/** Calls by their keys. */
export function toKeyedCalls(
  job: ImportJob,
  calls: readonly SourceCall[],
): Map<string, SourceCall> {
  const { customerId, platform } = job;
  return new Map(
    calls.map((call) => [
      toCallKey({ customerId, platform, sourceCallId: call.sourceCallId }),
      call,
    ]),
  );
}

/**
 * Puts whole pages of calls into the queue until `maxCalls` are in, then moves the watermark. A
 * crash in between enqueues the same names again, which the queue refuses.
 */
export async function dispatchPages(run: JobRun, maxCalls: number): Promise<boolean> {
  const { engine, job } = run;
  let index = job.dispatch.nextPage;
  let calls = 0;
  while (index < job.listing.pages && calls < maxCalls) {
    const { callKeys } = await requirePage(run, index);
    await enqueueCalls(run, callKeys, `p${index}`);
    calls += callKeys.length;
    index += 1;
  }
  const { id: jobId, customerId } = job;
  engine.logs.callsDispatched({ jobId, customerId, calls, reason: 'page' });
  const now = engine.clock.now();
  return update(run, (current) => {
    const { dispatch } = current;
    if (dispatch.nextPage !== job.dispatch.nextPage) return current;
    return {
      ...current,
      dispatch: {
        ...dispatch,
        nextPage: index,
        calls: dispatch.calls + calls,
        redispatch: dispatch.redispatch ?? { page: index, at: now },
        allowance: dispatch.allowance === null ? null : dispatch.allowance - calls,
      },
      movedAt: now,
      updatedAt: now,
    };
  });
}

/** @throws `internal` for a page that was recorded and is gone, rather than leave its calls out */
async function requirePage({ engine, job }: JobRun, index: number): Promise<CallPage> {
  const page = await engine.calls.getPage(job.id, index);
  if (page) return page;
  throw new ImportError({
    kind: 'internal',
    source: 'imports',
    publicMessage: `Page ${index} of import ${job.id} is missing.`,
  });
}

/** Pages that are read at once. */
export const pagesAtOnce = 50;

/** At most `pagesAtOnce` pages of a job, from one on. @throws as `requirePage` */
export function requirePages(run: JobRun, from: number): Promise<readonly CallPage[]> {
  const size = Math.min(pagesAtOnce, run.job.listing.pages - from);
  const indices = Array.from({ length: Math.max(size, 0) }, (_, at) => from + at);
  return Promise.all(indices.map((index) => requirePage(run, index)));
}

/** One task per call, named by job, call and `run`, the reason why it is put in. */
export async function enqueueCalls(
  { engine, job }: JobRun,
  callKeys: readonly string[],
  reason: string,
): Promise<void> {
  await Promise.all(
    callKeys.map((callKey) =>
      engine.queue.enqueue({
        queue: 'processCall',
        name: `call-${callKey}-${job.id}-${reason}`,
        payload: { jobId: job.id, callKey },
        runAt: null,
      }),
    ),
  );
}

/**
 * Ends the job: because every call is through (`error` null), or because it can't go on. The counters
 * are held against the store's own counts first, and corrected where they have lost some. A one-off credential is destroyed after the end is written; the sweep does it if not.
 */
export async function endJob(run: JobRun, error: ImportError | null): Promise<boolean> {
  const { engine } = run;
  const totals = await auditTotals(run);
  const now = engine.clock.now();
  const lastError = error
    ? { kind: error.kind, source: error.source, message: error.publicMessage, at: now }
    : null;
  const { credential: used } = run.job;
  const hasEnded = await update(run, (job) => {
    run.totals = totals;
    if (!error && !isThrough(job, totals)) return job;
    // Stopped meanwhile, and reopened with other credentials: these were not rejected.
    if (error && job.credential?.id !== used?.id) return job;
    const outcome = decideOutcome({ job, totals, lastError });
    const ended = transitionJob(job, { type: 'end', outcome: outcome.status, at: now });
    const lease = { ...job.lease, expiresAt: null };
    return {
      ...ended,
      totals,
      lease,
      // Every call has ended, or some may still be in work.
      settleAt: error ? toSettleAt(now) : null,
      nextAdvanceAt: null,
      lastError: outcome.lastError,
      updatedAt: now,
    };
  });
  if (isLive(run.job)) return hasEnded;
  const { id: jobId, customerId, status, credential } = run.job;
  const { imported, failed } = totals;
  engine.logs.jobEnded({ jobId, customerId, status, imported, failed });
  if (credential?.type === 'one_off') await engine.vault.destroy(credential.id);
  return true;
}

/** False when a retry has added a page since the loop decided to end. */
function isThrough({ dispatch, listing }: ImportJob, totals: CallTotals): boolean {
  const isDispatched = dispatch.nextPage >= listing.pages;
  const isListed = listing.isFinished && listing.replayPage === null;
  return isListed && isDispatched && endedCalls(totals) >= dispatch.calls;
}

async function auditTotals(run: JobRun): Promise<CallTotals> {
  const { calls, logs, jobs } = run.engine;
  const { id: jobId, customerId } = run.job;
  const [imported, failed, totals] = await Promise.all([
    calls.countByStatus(jobId, 'completed'),
    calls.countByStatus(jobId, 'failed'),
    jobs.sumTotals(jobId),
  ]);
  // Fewer than the counters say: another job has adopted failed calls of this one since.
  const hasLost = imported > totals.imported || failed > totals.failed;
  if (!hasLost) return totals;
  const counted = imported + failed;
  logs.totalsCorrected({ jobId, customerId, counted, stored: totals.imported + totals.failed });
  return {
    ...totals,
    imported: Math.max(imported, totals.imported),
    failed: Math.max(failed, totals.failed),
  };
}
