import { toCallsByDay, type CallsByDay } from './find-gaps.ts';
import { skipPending, transitionCall, type ImportedCall } from './imported-call.ts';
import { isEnded, isLive, type ImportJob, type JobStatus } from './import-job.ts';
import type { DuplicateCall, PageDecision, PageFacts } from './import-store.ts';
import type { SourceCall, SourceCallPage } from './source-call.ts';

export type PageOutcome =
  | { readonly type: 'recorded'; readonly job: ImportJob; readonly created: number }
  | { readonly type: 'fenced' };

export interface ListedPage {
  /** The cursor that this page was asked with. */
  readonly cursor: string | null;
  readonly page: SourceCallPage;
  /** The page's calls by their keys. */
  readonly calls: ReadonlyMap<string, SourceCall>;
  /** The epoch of the holder who listed it. */
  readonly epoch: number;
}

const endedStatuses: ReadonlySet<JobStatus> = new Set([
  'completed',
  'partial',
  'failed',
  'cancelled',
]);

/**
 * What recording a listed page writes: the calls that are new or adopted, the page by which they are
 * dispatched, the duplicates, and the cursor, all in one transaction. A page that is recorded
 * already (the first commit's answer was lost) writes nothing; a fenced holder neither.
 */
export function planPage(
  facts: PageFacts,
  listed: ListedPage,
  now: Date,
): PageDecision<PageOutcome> {
  const { job } = facts;
  const nothing = { job: null, calls: [], page: null };
  if (!isLive(job) || job.lease.epoch !== listed.epoch) {
    return { ...nothing, result: { type: 'fenced' } };
  }
  if (job.listing.isFinished || job.listing.cursor !== listed.cursor) {
    return { ...nothing, result: { type: 'recorded', job, created: 0 } };
  }
  const { calls, duplicates } = sortOut(facts, listed, now);
  const rejected = listed.page.rejected ?? [];
  const hasPage = calls.length + duplicates.length + rejected.length > 0;
  const next: ImportJob = {
    ...job,
    listing: {
      ...job.listing,
      cursor: listed.page.nextCursor,
      isFinished: listed.page.nextCursor === null,
      pages: job.listing.pages + (hasPage ? 1 : 0),
      rejected: job.listing.rejected + rejected.length,
      failures: 0,
    },
    listedCalls: job.listedCalls + calls.length,
    duplicateCalls: job.duplicateCalls + duplicates.length,
    limitedUntil: null,
    // What stopped an earlier try at listing is over.
    lastError: null,
    updatedAt: now,
  };
  const callKeys = calls.map((call) => call.callKey);
  const { cursor } = listed;
  const days = toDays(listed, { calls, duplicates });
  const page = { index: job.listing.pages, cursor, callKeys, duplicates, rejected, days };
  return {
    job: next,
    calls,
    page: hasPage ? page : null,
    result: { type: 'recorded', job: next, created: calls.length },
  };
}

/** Listed calls by what becomes of them: new or adopted, or left alone as duplicates. */
export function sortOut(
  facts: PageFacts,
  listed: Pick<ListedPage, 'calls'>,
  now: Date,
): { readonly calls: readonly ImportedCall[]; readonly duplicates: readonly DuplicateCall[] } {
  const calls: ImportedCall[] = [];
  const duplicates: DuplicateCall[] = [];
  for (const [callKey, source] of listed.calls) {
    const known = facts.calls.get(callKey);
    if (!known) {
      calls.push(start(toPendingCall({ callKey, source, job: facts.job, now }), source, now));
    } else if (known.jobId === facts.job.id) {
      // A page that the platform repeated: this job has the call already, as below the duplicate.
      continue;
    } else if (known.status === 'completed' || isHeld(known, facts)) {
      if (!facts.noted.has(callKey)) duplicates.push(toDuplicate(known, source));
    } else {
      const { id, listing } = facts.job;
      const adopted = transitionCall(known, { type: 'requeue', jobId: id, page: listing.pages });
      // What came with a recording that is stored says more than a listing.
      const { metadata } = adopted.media ? adopted : source;
      const { hint = null } = source;
      calls.push(start({ ...adopted, metadata, hint }, source, now));
    }
  }
  return { calls, duplicates };
}

/** Days on which listed calls began, of those that were counted. */
export function toDays(
  { calls }: Pick<ListedPage, 'calls'>,
  counted: ReturnType<typeof sortOut>,
): CallsByDay {
  const keys = [...counted.calls, ...counted.duplicates].map(({ callKey }) => callKey);
  return toCallsByDay(keys.map((key) => calls.get(key)?.metadata.startedAt ?? null));
}

/** A call that the platform lists and that is not wanted ends as it begins: counted, never fetched. */
function start(call: ImportedCall, { skip }: SourceCall, now: Date): ImportedCall {
  return skip === undefined ? call : skipPending(call, { reason: skip, at: now });
}

/** Another job that is still going has the call, ended or not: it may retry it. */
function isHeld(call: ImportedCall, { holders }: PageFacts): boolean {
  const status = holders.get(call.jobId);
  return status !== undefined && !endedStatuses.has(status);
}

function toDuplicate(call: ImportedCall, source: SourceCall): DuplicateCall {
  return {
    callKey: call.callKey,
    sourceCallId: call.sourceCallId,
    title: source.metadata.title,
    heldByJobId: call.jobId,
    reason: call.status === 'completed' ? 'imported_before' : 'in_another_import',
  };
}

function toPendingCall(options: {
  readonly callKey: string;
  readonly source: SourceCall;
  readonly job: ImportJob;
  readonly now: Date;
}): ImportedCall {
  const { job, source } = options;
  return {
    status: 'pending',
    notBefore: null,
    callKey: options.callKey,
    customerId: job.customerId,
    platform: job.platform,
    sourceCallId: source.sourceCallId,
    jobId: job.id,
    page: job.listing.pages,
    metadata: source.metadata,
    hint: source.hint ?? null,
    createdAt: options.now,
    lease: { holder: '', epoch: 0, expiresAt: null },
    failures: 0,
    notReady: 0,
    attempts: [],
    media: null,
    checkAfter: null,
  };
}

/**
 * What "retry" writes: the failed calls of a job, waiting again on a page of their own. A job that
 * has ended (again) takes none: nobody would work on them.
 */
export function planRetry(facts: PageFacts, now: Date): PageDecision<{ retriedCount: number }> {
  const { job } = facts;
  const found = isEnded(job) ? [] : [...facts.calls.values()];
  const failed = found.filter((call) => call.jobId === job.id && call.status === 'failed');
  const index = job.listing.pages;
  const calls = failed.map((call) =>
    transitionCall(call, { type: 'requeue', jobId: job.id, page: index }),
  );
  if (calls.length === 0) return { job: null, calls, page: null, result: { retriedCount: 0 } };
  const next: ImportJob = {
    ...job,
    listing: { ...job.listing, pages: index + 1 },
    dispatch: { ...job.dispatch, calls: job.dispatch.calls - calls.length },
    updatedAt: now,
  };
  const callKeys = calls.map((call) => call.callKey);
  return {
    job: next,
    calls,
    page: { index, cursor: null, callKeys, duplicates: [], rejected: [], days: {} },
    result: { retriedCount: calls.length },
  };
}
