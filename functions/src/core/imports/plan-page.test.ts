import {
  sampleCall,
  sampleCallBase,
  sampleJob,
  sampleMetadata,
} from '../testing/sample-records.ts';
import type { ImportedCall } from './imported-call.ts';
import type { ImportJob, JobStatus } from './import-job.ts';
import type { PageFacts } from './import-store.ts';
import { planPage, planRetry, type ListedPage } from './plan-page.ts';
import type { RejectedRecord, SourceCall } from './source-call.ts';

const noon = new Date('2026-03-02T12:00:00Z');

/** In the middle of a listing: two pages recorded, the third asked for with `cursor-2`. */
const job = sampleJob('in_progress', {
  listing: {
    cursor: 'cursor-2',
    isFinished: false,
    pages: 2,
    platformCount: 500,
    gaps: null,
    rejected: 1,
    failures: 3,
    replayPage: null,
  },
  listedCalls: 150,
  duplicateCalls: 50,
  limitedUntil: new Date('2026-03-02T11:59:00Z'),
});

const source = (sourceCallId: string): SourceCall => ({
  sourceCallId,
  metadata: { ...sampleMetadata, title: `As listed: ${sourceCallId}` },
});

/** Calls `call-1`… of the source ids `1`… on the page that `cursor-2` leads to. */
function listed(
  ids: readonly string[],
  page: { nextCursor?: string | null; rejected?: readonly RejectedRecord[] } = {},
): ListedPage {
  return {
    cursor: 'cursor-2',
    epoch: 4,
    page: { calls: ids.map(source), nextCursor: 'cursor-3', ...page },
    calls: new Map(ids.map((id) => [`call-${id}`, source(id)])),
  };
}

function found(
  known: {
    readonly calls?: readonly ImportedCall[];
    readonly holders?: Readonly<Record<string, JobStatus>>;
    readonly noted?: readonly string[];
    readonly job?: ImportJob;
  } = {},
): PageFacts {
  return {
    job: known.job ?? job,
    calls: new Map((known.calls ?? []).map((call) => [call.callKey, call])),
    holders: new Map(Object.entries(known.holders ?? {})),
    noted: new Set(known.noted),
  };
}

const callOf = (jobId: string, status: ImportedCall['status']) =>
  sampleCall(status, { callKey: 'call-1', sourceCallId: '1', jobId });

describe('planPage', () => {
  it('creates the calls that nobody knows, waiting on a page of their own', () => {
    const plan = planPage(found(), listed(['1', '2']), noon);

    const pending = {
      status: 'pending',
      notBefore: null,
      customerId: 'customer-1',
      platform: 'gong',
      jobId: 'job-1',
      page: 2,
      hint: null,
      createdAt: noon,
      lease: { holder: '', epoch: 0, expiresAt: null },
      failures: 0,
      notReady: 0,
      attempts: [],
      media: null,
      checkAfter: null,
    };
    expect(plan.calls).toStrictEqual([
      { ...pending, callKey: 'call-1', sourceCallId: '1', metadata: source('1').metadata },
      { ...pending, callKey: 'call-2', sourceCallId: '2', metadata: source('2').metadata },
    ]);
    expect(plan.page).toStrictEqual({
      index: 2,
      cursor: 'cursor-2',
      callKeys: ['call-1', 'call-2'],
      duplicates: [],
      rejected: [],
      days: { '2026-02-27': 2 },
    });
  });

  it('keeps the hint that the context gave, for a new call and for one that it adopts', () => {
    const calls = [callOf('job-0', 'failed')];
    const page = listed(['1', '2']);
    const hinted = new Map([...page.calls].map(([key, call]) => [key, { ...call, hint: key }]));

    const plan = planPage(found({ calls }), { ...page, calls: hinted }, noon);

    expect(plan.calls.map((call) => call.hint)).toEqual(['call-1', 'call-2']);
  });

  it('ends a call that is not to be imported as it begins, listed and on its page', () => {
    const unwanted: SourceCall = { ...source('2'), skip: 'filtered', hint: 'a link' };
    const page = listed(['1', '2']);
    const calls = new Map([...page.calls, ['call-2', unwanted]]);

    const plan = planPage(found(), { ...page, calls }, noon);

    expect(plan.calls[1]).toMatchObject({
      callKey: 'call-2',
      status: 'skipped',
      reason: 'filtered',
      skippedAt: noon,
      hint: null,
    });
    expect(plan.page?.callKeys).toEqual(['call-1', 'call-2']);
    expect(plan.job?.listedCalls).toBe(152);
  });

  it('moves the job on: cursor, page, counts; failures and limit are over', () => {
    const plan = planPage(found(), listed(['1', '2']), noon);

    const next = {
      ...job,
      listing: {
        cursor: 'cursor-3',
        isFinished: false,
        pages: 3,
        platformCount: 500,
        gaps: null,
        rejected: 1,
        failures: 0,
        replayPage: null,
      },
      listedCalls: 152,
      duplicateCalls: 50,
      limitedUntil: null,
      updatedAt: noon,
    };
    expect(plan.job).toStrictEqual(next);
    expect(plan.result).toStrictEqual({ type: 'recorded', job: next, created: 2 });
  });

  it('finishes the listing with the page that no other follows', () => {
    const plan = planPage(found(), listed(['1'], { nextCursor: null }), noon);

    expect(plan.job?.listing).toMatchObject({ cursor: null, isFinished: true, pages: 3 });
  });

  it('records the first page of a listing, which is asked for without a cursor', () => {
    const fresh = sampleJob('counting');

    const plan = planPage(found({ job: fresh }), { ...listed(['1']), cursor: null }, noon);

    expect(plan.page?.index).toBe(0);
    expect(plan.job?.listing).toMatchObject({ cursor: 'cursor-3', pages: 1 });
  });

  describe('a call that another job has', () => {
    const duplicate = {
      callKey: 'call-1',
      sourceCallId: '1',
      title: 'As listed: 1',
      heldByJobId: 'job-0',
    };

    it.each<[string, JobStatus | null]>([
      ['by a job that goes on', 'in_progress'],
      ['by a job that ended', 'completed'],
      ['by a job that was cancelled', 'cancelled'],
      ['by a job that is gone', null],
    ])('is a duplicate when it was imported %s', (_name, status) => {
      const holders = status ? { 'job-0': status } : {};

      const plan = planPage(
        found({ calls: [callOf('job-0', 'completed')], holders }),
        listed(['1', '2']),
        noon,
      );

      expect(plan.calls.map((call) => call.callKey)).toEqual(['call-2']);
      expect(plan.page).toStrictEqual({
        index: 2,
        cursor: 'cursor-2',
        callKeys: ['call-2'],
        duplicates: [{ ...duplicate, reason: 'imported_before' }],
        rejected: [],
        days: { '2026-02-27': 2 },
      });
      expect(plan.job).toMatchObject({ listedCalls: 151, duplicateCalls: 51 });
      expect(plan.result).toMatchObject({ type: 'recorded', created: 1 });
    });

    const open = ['pending', 'downloading', 'transcribing', 'processing'] as const;
    const going = ['queued', 'counting', 'in_progress', 'paused'] as const;
    it.each(
      [...open, 'failed' as const, 'skipped' as const].flatMap((call) =>
        going.map((holder) => [call, holder] as const),
      ),
    )('is a duplicate when it is %s there and that job is %s', (status, holder) => {
      const calls = [callOf('job-0', status)];

      const plan = planPage(found({ calls, holders: { 'job-0': holder } }), listed(['1']), noon);

      expect(plan.calls).toEqual([]);
      expect(plan.page?.duplicates).toEqual([{ ...duplicate, reason: 'in_another_import' }]);
      expect(plan.job).toMatchObject({ listedCalls: 150, duplicateCalls: 51 });
    });

    it('is counted once, however often the platform repeats its page', () => {
      const calls = [callOf('job-0', 'completed')];

      const plan = planPage(found({ calls, noted: ['call-1'] }), listed(['1']), noon);

      expect(plan.page).toBeNull();
      expect(plan.job).toMatchObject({ listedCalls: 150, duplicateCalls: 50 });
    });

    it('is recorded on a page, even when that holds nothing else', () => {
      const calls = [callOf('job-0', 'completed')];

      const plan = planPage(found({ calls }), listed(['1']), noon);

      expect(plan.page).toMatchObject({ index: 2, callKeys: [] });
      expect(plan.job?.listing.pages).toBe(3);
    });

    const ended = ['completed', 'partial', 'failed', 'cancelled'] as const;
    it.each(
      [...open, 'failed' as const, 'skipped' as const].flatMap((call) =>
        [...ended, null].map((holder) => [call, holder] as const),
      ),
    )('is adopted when it is %s and that job is %s (null: gone)', (status, holder) => {
      const calls = [{ ...callOf('job-0', status), media: null }];
      const holders = holder ? { 'job-0': holder } : {};

      const plan = planPage(found({ calls, holders }), listed(['1']), noon);

      expect(plan.calls).toStrictEqual([
        {
          ...sampleCallBase,
          media: null,
          status: 'pending',
          notBefore: null,
          callKey: 'call-1',
          sourceCallId: '1',
          jobId: 'job-1',
          page: 2,
          metadata: source('1').metadata,
          hint: null,
          failures: 0,
          notReady: 0,
          checkAfter: null,
          // A holder of the earlier job is fenced off.
          lease: { holder: 'worker-1', epoch: 4, expiresAt: null },
        },
      ]);
      expect(plan.page).toMatchObject({ callKeys: ['call-1'], duplicates: [] });
      expect(plan.job).toMatchObject({ listedCalls: 151, duplicateCalls: 50 });
      expect(plan.result).toMatchObject({ created: 1 });
    });
  });

  it('keeps of a call that it adopts what came with its stored recording', () => {
    const fetched = { ...sampleMetadata, title: 'As fetched' };
    const call = { ...callOf('job-0', 'failed'), metadata: fetched };

    const plan = planPage(found({ calls: [call] }), listed(['1']), noon);

    expect(plan.calls).toMatchObject([{ media: call.media, metadata: fetched }]);
    expect(call.media).not.toBeNull();
  });

  describe('a call that this job has', () => {
    it.each([
      'pending',
      'downloading',
      'transcribing',
      'processing',
      'completed',
      'failed',
      'skipped',
    ] as const)('is left alone and counted once when a page repeats it while %s', (status) => {
      const calls = [callOf('job-1', status)];

      const plan = planPage(found({ calls }), listed(['1', '2']), noon);

      expect(plan.calls.map((call) => call.callKey)).toEqual(['call-2']);
      expect(plan.page).toMatchObject({ callKeys: ['call-2'], duplicates: [] });
      expect(plan.job).toMatchObject({ listedCalls: 151, duplicateCalls: 50 });
    });

    it('makes no page where it stands alone, but the cursor moves', () => {
      const calls = [callOf('job-1', 'pending')];

      const plan = planPage(found({ calls }), listed(['1']), noon);

      expect(plan).toMatchObject({ calls: [], page: null, result: { created: 0 } });
      expect(plan.job?.listing).toMatchObject({ cursor: 'cursor-3', pages: 2 });
      expect(plan.job).toMatchObject({ listedCalls: 150, duplicateCalls: 50 });
    });
  });

  it('counts a call once that the platform lists twice on one page', () => {
    const page = listed(['1']);
    const twice = { ...page, page: { ...page.page, calls: [source('1'), source('1')] } };

    const plan = planPage(found(), twice, noon);

    expect(plan.page?.callKeys).toEqual(['call-1']);
    expect(plan.job?.listedCalls).toBe(151);
  });

  it('follows an empty page with a cursor, without a page of its own', () => {
    const plan = planPage(found(), listed([]), noon);

    expect(plan).toMatchObject({ calls: [], page: null, result: { created: 0 } });
    expect(plan.job?.listing).toMatchObject({
      cursor: 'cursor-3',
      isFinished: false,
      pages: 2,
      failures: 0,
    });
  });

  it('sets records aside that broke the contract, on the page and in the count', () => {
    const rejected = [
      { sourceCallId: '9', reason: 'calls[0].started: not a date' },
      { sourceCallId: null, reason: 'calls[1].id: missing' },
    ];

    const plan = planPage(found(), listed([], { rejected }), noon);

    expect(plan.page).toStrictEqual({
      ...{ index: 2, cursor: 'cursor-2', callKeys: [], duplicates: [], rejected, days: {} },
    });
    expect(plan.job?.listing).toMatchObject({ pages: 3, rejected: 3 });
    expect(plan.job?.listedCalls).toBe(150);
  });

  describe('when it was recorded already, the answer to the commit being lost', () => {
    it.each<[string, Partial<ImportJob['listing']>]>([
      ['the cursor has moved', { cursor: 'cursor-3', pages: 3 }],
      ['the listing is finished', { cursor: null, isFinished: true, pages: 3 }],
    ])('writes nothing: %s', (_name, change) => {
      const recorded = sampleJob('in_progress', { listing: { ...job.listing, ...change } });

      const plan = planPage(found({ job: recorded }), listed(['1']), noon);

      expect(plan).toStrictEqual({
        job: null,
        calls: [],
        page: null,
        result: { type: 'recorded', job: recorded, created: 0 },
      });
    });

    it('writes nothing for the first page when the whole listing had one', () => {
      const recorded = sampleJob('in_progress', {
        listing: { ...job.listing, cursor: null, isFinished: true, pages: 1 },
      });

      const plan = planPage(found({ job: recorded }), { ...listed(['1']), cursor: null }, noon);

      expect(plan).toMatchObject({ job: null, calls: [], page: null });
    });
  });

  describe('is fenced off and writes nothing', () => {
    const fenced = { job: null, calls: [], page: null, result: { type: 'fenced' } };

    it.each([3, 5])('with epoch %i on a job of epoch 4', (epoch) => {
      expect(planPage(found(), { ...listed(['1']), epoch }, noon)).toStrictEqual(fenced);
    });

    it.each(['queued', 'paused', 'completed', 'partial', 'failed', 'cancelled'] as const)(
      'on a job that is %s',
      (status) => {
        const held = sampleJob(status, { listing: job.listing });

        expect(planPage(found({ job: held }), listed(['1']), noon)).toStrictEqual(fenced);
      },
    );
  });
});

describe('planRetry', () => {
  const retried = sampleJob('in_progress', {
    listing: { ...job.listing, cursor: null, isFinished: true, pages: 7 },
    dispatch: {
      nextPage: 7,
      calls: 150,
      overdueCheckedAt: null,
      redispatch: null,
      round: 2,
      allowance: null,
      allowanceHour: null,
    },
  });
  const failed = (callKey: string, jobId = 'job-1') => sampleCall('failed', { callKey, jobId });

  it('lets the failed calls wait again, with new tries, on a page of their own', () => {
    const facts = found({ job: retried, calls: [failed('call-1'), failed('call-2')] });

    const plan = planRetry(facts, noon);

    const waiting = {
      ...sampleCallBase,
      status: 'pending',
      notBefore: null,
      page: 7,
      hint: null,
      failures: 0,
      notReady: 0,
      checkAfter: null,
      lease: { holder: 'worker-1', epoch: 4, expiresAt: null },
    };
    expect(plan).toStrictEqual({
      job: {
        ...retried,
        listing: { ...retried.listing, pages: 8 },
        // What is not dispatched any more is not in flight either.
        dispatch: { ...retried.dispatch, calls: 148 },
        updatedAt: noon,
      },
      calls: [
        { ...waiting, callKey: 'call-1' },
        { ...waiting, callKey: 'call-2' },
      ],
      page: {
        ...{ index: 7, cursor: null, callKeys: ['call-1', 'call-2'] },
        duplicates: [],
        rejected: [],
        days: {},
      },
      result: { retriedCount: 2 },
    });
  });

  it.each(['queued', 'counting', 'paused'] as const)('works on a job that is %s', (status) => {
    const facts = found({ job: sampleJob(status), calls: [failed('call-1')] });

    expect(planRetry(facts, noon).result).toEqual({ retriedCount: 1 });
  });

  it.each([
    'pending',
    'downloading',
    'transcribing',
    'processing',
    'completed',
    'skipped',
  ] as const)('leaves a call alone that is %s by now', (status) => {
    const calls = [sampleCall(status, { callKey: 'call-1' }), failed('call-2')];

    const plan = planRetry(found({ job: retried, calls }), noon);

    expect(plan.calls.map((call) => call.callKey)).toEqual(['call-2']);
    expect(plan.result).toEqual({ retriedCount: 1 });
  });

  const nothing = { job: null, calls: [], page: null, result: { retriedCount: 0 } };

  it('leaves a call alone that another job has adopted', () => {
    const facts = found({ job: retried, calls: [failed('call-1', 'job-2')] });

    expect(planRetry(facts, noon)).toStrictEqual(nothing);
  });

  it('writes nothing when nothing failed', () => {
    expect(planRetry(found({ job: retried }), noon)).toStrictEqual(nothing);
  });

  it.each(['completed', 'partial', 'failed', 'cancelled'] as const)(
    'gives no call back to a job that is %s, as nobody would work on it',
    (status) => {
      const facts = found({ job: sampleJob(status), calls: [failed('call-1')] });

      expect(planRetry(facts, noon)).toStrictEqual(nothing);
    },
  );
});
