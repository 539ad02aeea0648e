import { isLive, type ImportJob } from './import-job.ts';
import type { CallPage, PageDecision, PageFacts } from './import-store.ts';
import { sortOut, toDays, type PageOutcome } from './plan-page.ts';
import type { RejectedRecord, SourceCall } from './source-call.ts';

export interface ReplayedPage {
  /** The page whose records were set aside. */
  readonly page: CallPage;
  /** What the platform lists of them now, by keys. */
  readonly calls: ReadonlyMap<string, SourceCall>;
  /** What still can't be read. */
  readonly rejected: readonly RejectedRecord[];
  /** The epoch of the holder who listed it. */
  readonly epoch: number;
}

/**
 * What a replayed page writes: calls that can be read now, on a page of their own, and the old page
 * with what is still set aside. A page that was replayed already (the first commit's answer was lost)
 * writes nothing; a fenced holder neither.
 */
export function planReplay(
  facts: PageFacts,
  replay: ReplayedPage,
  now: Date,
): PageDecision<PageOutcome> {
  const { job } = facts;
  const nothing = { job: null, calls: [], page: null };
  if (!isLive(job) || job.lease.epoch !== replay.epoch) {
    return { ...nothing, result: { type: 'fenced' } };
  }
  const { replayPage, pages } = job.listing;
  if (replayPage === null || replayPage > replay.page.index) {
    return { ...nothing, result: { type: 'recorded', job, created: 0 } };
  }
  const sorted = sortOut(facts, replay, now);
  const { calls } = sorted;
  const wanted = new Set(replay.page.rejected.map((record) => record.sourceCallId));
  // The others on the page were counted when it was listed.
  const duplicates = sorted.duplicates.filter(({ sourceCallId }) => wanted.has(sourceCallId));
  const hasPage = calls.length + duplicates.length > 0;
  const mended = replay.page.rejected.length - replay.rejected.length;
  const next: ImportJob = {
    ...job,
    listing: {
      ...job.listing,
      replayPage: replay.page.index + 1,
      pages: pages + (hasPage ? 1 : 0),
      rejected: job.listing.rejected - mended,
      failures: 0,
    },
    listedCalls: job.listedCalls + calls.length,
    duplicateCalls: job.duplicateCalls + duplicates.length,
    updatedAt: now,
  };
  const callKeys = calls.map((call) => call.callKey);
  const days = toDays(replay, { calls, duplicates });
  const page = { index: pages, cursor: null, callKeys, duplicates, rejected: [], days };
  return {
    job: next,
    calls,
    page: hasPage ? page : null,
    changedPage: { ...replay.page, rejected: replay.rejected },
    result: { type: 'recorded', job: next, created: calls.length },
  };
}
