import { sampleCall, sampleJob, sampleMetadata } from '../testing/sample-records.ts';
import type { ImportedCall } from './imported-call.ts';
import type { PageFacts } from './import-store.ts';
import { planReplay, type ReplayedPage } from './plan-replay.ts';
import type { SourceCall } from './source-call.ts';

const noon = new Date('2026-03-02T12:00:00Z');
const { listing } = sampleJob('in_progress');

/** Listed in five pages; of the second, three records were set aside. */
const job = sampleJob('in_progress', {
  listing: { ...listing, isFinished: true, pages: 5, rejected: 4, replayPage: 0 },
  listedCalls: 100,
  duplicateCalls: 10,
});
const page = {
  ...{ index: 1, cursor: 'cursor-1', callKeys: ['call-9'], duplicates: [], days: {} },
  rejected: ['1', '2', null].map((sourceCallId) => ({ sourceCallId, reason: 'title: no text' })),
};

const source = (sourceCallId: string): SourceCall => ({ sourceCallId, metadata: sampleMetadata });

function replay(ids: readonly string[], changes: Partial<ReplayedPage> = {}): ReplayedPage {
  const calls = new Map(ids.map((id) => [`call-${id}`, source(id)]));
  return { page, calls, rejected: [], epoch: 4, ...changes };
}

function facts(known: readonly ImportedCall[] = [], of = job): PageFacts {
  return {
    job: of,
    calls: new Map(known.map((call) => [call.callKey, call])),
    holders: new Map(),
    noted: new Set(),
  };
}

describe('planReplay', () => {
  it('makes calls of what can be read now, and leaves aside what still can’t', () => {
    const still = [{ sourceCallId: null, reason: 'id: no text' }];
    const plan = planReplay(facts(), replay(['1', '2'], { rejected: still }), noon);
    expect(plan.calls).toMatchObject([
      { callKey: 'call-1', status: 'pending', page: 5 },
      { callKey: 'call-2', status: 'pending', page: 5 },
    ]);
    expect(plan.page).toEqual({
      ...{ index: 5, cursor: null, callKeys: ['call-1', 'call-2'], duplicates: [], rejected: [] },
      days: { '2026-02-27': 2 },
    });
    expect(plan.changedPage).toEqual({ ...page, rejected: still });
    expect(plan.job).toMatchObject({
      listing: { replayPage: 2, pages: 6, rejected: 2, isFinished: true },
      ...{ listedCalls: 102, duplicateCalls: 10, updatedAt: noon },
    });
  });

  it('counts a duplicate that had been set aside, and none that was counted before', () => {
    const elsewhere = (id: string) =>
      sampleCall('completed', { callKey: `call-${id}`, sourceCallId: id, jobId: 'job-2' });
    const plan = planReplay(facts([elsewhere('1'), elsewhere('7')]), replay(['1', '7']), noon);
    expect(plan.calls).toEqual([]);
    expect(plan.page).toMatchObject({ callKeys: [], duplicates: [{ sourceCallId: '1' }] });
    expect(plan.job).toMatchObject({ duplicateCalls: 11, listedCalls: 100 });
  });

  it('moves on from a page of which nothing can be read yet', () => {
    const plan = planReplay(facts(), replay([], { rejected: page.rejected }), noon);
    expect(plan.page).toBeNull();
    expect(plan.changedPage).toEqual(page);
    expect(plan.job?.listing).toMatchObject({ replayPage: 2, pages: 5, rejected: 4 });
  });

  it.each([
    ['moved on', 2],
    ['come to its end', null],
  ])('writes nothing a second time: the replay has %s', (_what, replayPage) => {
    const moved = sampleJob('in_progress', { listing: { ...job.listing, replayPage } });
    expect(planReplay(facts([], moved), replay(['1']), noon)).toEqual({
      ...{ job: null, calls: [], page: null },
      result: { type: 'recorded', job: moved, created: 0 },
    });
  });

  it.each([
    ['another holder has the job', replay(['1'], { epoch: 3 }), job],
    ['the job was paused', replay(['1']), sampleJob('paused', { listing: job.listing })],
  ])('writes nothing when %s', (_why, replayed, of) => {
    const nothing = { job: null, calls: [], page: null, result: { type: 'fenced' } };
    expect(planReplay(facts([], of), replayed, noon)).toEqual(nothing);
  });
});
