import type { CallPage } from './import-store.ts';
import { hydrate, pagesAtOnce, requirePages, toKeyedCalls } from './job-steps.ts';
import { withCredentials } from './job-credentials.ts';
import { renewLease, requireContext, update, type JobRun } from './job-run.ts';
import type { PageOutcome } from './plan-page.ts';
import { planReplay } from './plan-replay.ts';
import type { RejectedRecord, SourceCall, SourceCallPage } from './source-call.ts';

/** A record may have moved to a later page of the platform since it was set aside; seldom far. */
const maxListedPages = 3;

/**
 * Looks once more for the records of one page that were set aside: its listing is asked for again where
 * it began, as only that gives a record whole. What can be read now becomes calls on a page of their
 * own, what can't stays set aside. A crash repeats the page at most: the transaction moves on with it.
 */
export async function replayRejected(run: JobRun, fromPage: number): Promise<boolean> {
  const { engine, job } = run;
  const page = await findRejectedPage(run, fromPage);
  if (page === null) return moveOn(run, fromPage);
  const found = await listAgain(run, page);
  const calls = toKeyedCalls(job, await hydrate(run, found.calls));
  const now = engine.clock.now();
  const replay = { page, calls, rejected: found.rejected, epoch: run.epoch };
  const outcome = await engine.calls.transactPage<PageOutcome>(
    { jobId: job.id, callKeys: [...calls.keys()] },
    (facts) => planReplay({ ...facts, job: renewLease(engine, facts.job) }, replay, now),
  );
  if (outcome.type === 'fenced') return false;
  const { id: jobId, customerId } = job;
  const stillRejected = found.rejected.length;
  engine.logs.recordsReplayed({
    ...{ jobId, customerId, page: page.index, created: outcome.created, stillRejected },
  });
  run.job = outcome.job;
  return true;
}

async function findRejectedPage(run: JobRun, fromPage: number): Promise<CallPage | null> {
  const pages = await requirePages(run, fromPage);
  return pages.find((page) => page.rejected.length > 0) ?? null;
}

/** Nothing was set aside on these pages: the next ones are looked at, or it is done. */
function moveOn(run: JobRun, fromPage: number): Promise<boolean> {
  const now = run.engine.clock.now();
  const next = fromPage + pagesAtOnce;
  return update(run, (job) => {
    const { listing } = job;
    const replayPage = next >= listing.pages ? null : next;
    return { ...job, listing: { ...listing, replayPage }, updatedAt: now };
  });
}

/** The wanted records as the platform lists them now, and those that still can't be read. */
function listAgain({ engine, job }: JobRun, page: CallPage): Promise<FoundRecords> {
  const { dateRange, filters } = job.config;
  const context = requireContext(engine, job.platform);
  return withCredentials(engine, { job, context }, (credentials) =>
    findRecords(page, context.listCalls(credentials, { dateRange, filters, cursor: page.cursor })),
  );
}

interface FoundRecords {
  readonly calls: readonly SourceCall[];
  readonly rejected: readonly RejectedRecord[];
}

async function findRecords(
  page: CallPage,
  pages: AsyncGenerator<SourceCallPage>,
): Promise<FoundRecords> {
  const wanted = new Map(page.rejected.map((record) => [record.sourceCallId, record]));
  // One whose id can't be read may be any call of the page that is not known yet.
  const hasUnnamed = wanted.delete(null);
  const calls: SourceCall[] = [];
  const unnamed: RejectedRecord[] = [];
  let listedPages = 0;
  for await (const listed of pages) {
    const isFirst = listedPages === 0;
    listedPages += 1;
    for (const call of listed.calls) {
      const isWanted = wanted.delete(call.sourceCallId);
      if (isWanted || (isFirst && hasUnnamed)) calls.push(call);
    }
    if (isFirst) unnamed.push(...(listed.rejected ?? []).filter(isUnnamed));
    if (wanted.size === 0 || listedPages >= maxListedPages) break;
  }
  const before = page.rejected.filter(isUnnamed).length;
  return { calls, rejected: [...wanted.values(), ...unnamed.slice(0, before)] };
}

function isUnnamed({ sourceCallId }: RejectedRecord): boolean {
  return sourceCallId === null;
}
