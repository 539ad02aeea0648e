import { defaultSettings, type EngineSettings } from '../settings.ts';
import { noTotals, sampleJob } from '../testing/sample-records.ts';
import { jobStatuses, type CallTotals, type ImportJob, type JobStatus } from './import-job.ts';
import { decideNextSteps, inFlightCalls, toWindow, type Step } from './reconcile.ts';

const settings: EngineSettings = {
  ...defaultSettings,
  windowCalls: 100,
  highWaterCalls: 200,
  overdueCheckMs: 15_000,
  redispatchMs: 300_000,
  night: { timeZone: 'UTC', startHour: 20, endHour: 8 },
};
const noon = new Date('2026-03-02T12:00:00Z');
const night = new Date('2026-03-02T23:00:00Z');

/** What a case says of its job; the rest is a job in progress since 11:00, listed and checked just now. */
interface Facts {
  readonly status?: JobStatus;
  readonly now?: Date;
  readonly startedAt?: Date | null;
  readonly listedCalls?: number;
  readonly limitedUntil?: Date | null;
  readonly schedule?: 'now' | 'nightly';
  readonly listing?: Partial<ImportJob['listing']>;
  readonly dispatch?: Partial<ImportJob['dispatch']>;
  readonly totals?: Partial<CallTotals>;
  /** What the job's own totals say: as of the look before. */
  readonly seenTotals?: Partial<CallTotals>;
  readonly movedAt?: Date | null;
}

function toFacts(facts: Facts) {
  const { status = 'in_progress', now = noon } = facts;
  const base = sampleJob(status);
  const job = sampleJob(status, {
    ...(status === 'in_progress'
      ? { startedAt: facts.startedAt ?? new Date('2026-03-02T11:00:00Z') }
      : {}),
    listedCalls: facts.listedCalls ?? 0,
    limitedUntil: facts.limitedUntil ?? null,
    movedAt: facts.movedAt ?? null,
    totals: { ...noTotals, ...facts.seenTotals },
    config: { ...base.config, schedule: facts.schedule ?? 'now' },
    listing: { ...base.listing, isFinished: true, ...facts.listing },
    dispatch: { ...base.dispatch, overdueCheckedAt: now, ...facts.dispatch },
  });
  return { job, totals: { ...noTotals, ...facts.totals }, now, settings };
}

const stepsOf = (facts: Facts) => decideNextSteps(toFacts(facts));

const list = { type: 'list' } as const;
const wait = (until: string): Step => ({ type: 'wait', until: new Date(until) });

describe('decideNextSteps', () => {
  it.each(jobStatuses.filter((status) => status !== 'counting' && status !== 'in_progress'))(
    'does nothing for a job that is %s',
    (status) => {
      expect(
        stepsOf({ status, listing: { isFinished: false }, listedCalls: 5, dispatch: { calls: 2 } }),
      ).toEqual([]);
    },
  );

  it('counts first, and nothing else beside it', () => {
    expect(stepsOf({ status: 'counting', listing: { isFinished: false } })).toEqual([
      { type: 'count' },
    ]);
  });

  describe('listing', () => {
    it.each<[string, Facts, readonly Step[]]>([
      ['lists a job that has listed nothing', { listing: { isFinished: false } }, [list]],
      [
        'goes on listing below the high-water mark of waiting calls',
        {
          listing: { isFinished: false, pages: 2 },
          listedCalls: 299,
          dispatch: { nextPage: 1, calls: 100 },
        },
        [list],
      ],
      [
        'stops listing at the high-water mark',
        {
          listing: { isFinished: false, pages: 3 },
          listedCalls: 300,
          dispatch: { nextPage: 1, calls: 100 },
          totals: { imported: 60 },
        },
        [{ type: 'dispatch', maxCalls: 60 }],
      ],
      [
        'counts as waiting what is not dispatched, not what has not ended',
        {
          listing: { isFinished: false, pages: 3 },
          listedCalls: 1000,
          dispatch: { nextPage: 3, calls: 1000 },
          totals: { imported: 900 },
        },
        [list],
      ],
      [
        'does not list before a limit has passed',
        { listing: { isFinished: false }, limitedUntil: new Date('2026-03-02T12:00:07Z') },
        [wait('2026-03-02T12:00:07Z')],
      ],
      [
        'lists at the very moment at which a limit ends',
        { listing: { isFinished: false }, limitedUntil: noon },
        [list],
      ],
      [
        'dispatches what is listed while the listing is limited',
        {
          listing: { isFinished: false, pages: 1 },
          listedCalls: 50,
          limitedUntil: new Date('2026-03-02T13:00:00Z'),
        },
        [{ type: 'dispatch', maxCalls: 100 }],
      ],
    ])('%s', (_name, facts, expected) => {
      expect(stepsOf(facts)).toEqual(expected);
    });
  });

  describe('replaying records that were set aside', () => {
    it.each<[string, Facts, readonly Step[]]>([
      [
        'comes before the end',
        { listing: { pages: 2, replayPage: 0 }, dispatch: { nextPage: 2 } },
        [{ type: 'replay', fromPage: 0 }],
      ],
      [
        'goes on beside the listing',
        { listing: { isFinished: false, replayPage: 7 } },
        [list, { type: 'replay', fromPage: 7 }],
      ],
      [
        'waits for a limit, and the end with it',
        { listing: { replayPage: 0 }, limitedUntil: new Date('2026-03-02T12:00:07Z') },
        [wait('2026-03-02T12:00:07Z')],
      ],
    ])('%s', (_name, facts, expected) => {
      expect(stepsOf(facts)).toEqual(expected);
    });
  });

  describe('dispatching', () => {
    it.each<[string, Facts, readonly Step[]]>([
      [
        'dispatches before it lists on',
        { listing: { isFinished: false, pages: 1 }, listedCalls: 100 },
        [{ type: 'dispatch', maxCalls: 100 }, list],
      ],
      [
        'dispatches as many as the window has room for',
        {
          listing: { pages: 3 },
          listedCalls: 300,
          dispatch: { nextPage: 1, calls: 100 },
          totals: { imported: 10, failed: 5, gone: 3, noConsent: 2, filtered: 1 },
        },
        [{ type: 'dispatch', maxCalls: 21 }],
      ],
      [
        'waits for room in a full window: 100 in flight',
        {
          listing: { pages: 3 },
          listedCalls: 300,
          dispatch: { nextPage: 2, calls: 200 },
          totals: { imported: 100 },
        },
        [wait('2026-03-02T12:00:15Z')],
      ],
      [
        'waits when whole pages have overfilled the window',
        {
          listing: { pages: 3 },
          listedCalls: 300,
          dispatch: { nextPage: 2, calls: 250 },
          totals: { imported: 100 },
        },
        [wait('2026-03-02T12:00:15Z')],
      ],
      [
        'moves past a page without calls, which holds nothing but duplicates',
        { listing: { pages: 1 }, listedCalls: 0 },
        [{ type: 'dispatch', maxCalls: 100 }],
      ],
    ])('%s', (_name, facts, expected) => {
      expect(stepsOf(facts)).toEqual(expected);
    });
  });

  describe('a nightly job', () => {
    const nightly: Facts = {
      schedule: 'nightly',
      listing: { pages: 2 },
      listedCalls: 200,
      dispatch: { nextPage: 1, calls: 100, allowance: 30 },
      totals: { imported: 100 },
    };
    const dispatch = { nextPage: 1, calls: 100 };

    it.each<[string, Facts, readonly Step[]]>([
      [
        'starts at night what it is allowed to',
        { ...nightly, now: night, dispatch: { ...dispatch, allowance: 30 } },
        [{ type: 'dispatch', maxCalls: 30 }],
      ],
      [
        'starts no more than the window has room for',
        { ...nightly, now: night, dispatch: { ...dispatch, allowance: 3000 } },
        [{ type: 'dispatch', maxCalls: 100 }],
      ],
      [
        'starts nothing with its allowance used up, and looks again in ten minutes',
        { ...nightly, now: night, dispatch: { ...dispatch, allowance: 0 } },
        [wait('2026-03-02T23:10:00Z')],
      ],
      [
        'starts nothing with its allowance overdrawn by a whole page',
        { ...nightly, now: night, dispatch: { ...dispatch, allowance: -12 } },
        [wait('2026-03-02T23:10:00Z')],
      ],
      [
        'starts nothing before it got an allowance',
        { ...nightly, now: night, dispatch: { ...dispatch, allowance: null } },
        [wait('2026-03-02T23:10:00Z')],
      ],
      [
        'starts nothing by day, whatever is left of its allowance',
        nightly,
        [wait('2026-03-02T12:10:00Z')],
      ],
      [
        'passes pages that hold duplicates alone, though it has overdrawn its allowance',
        { ...nightly, listedCalls: 100, now: night, dispatch: { ...dispatch, allowance: -5 } },
        [{ type: 'dispatch', maxCalls: 1 }],
      ],
      [
        'passes them by day, too',
        { ...nightly, listedCalls: 100 },
        [{ type: 'dispatch', maxCalls: 1 }],
      ],
      [
        'lists by day all the same',
        { ...nightly, listing: { isFinished: false, pages: 2 } },
        [list],
      ],
      [
        'waits by day for no limit that has passed',
        { ...nightly, limitedUntil: new Date('2026-03-02T11:59:59Z') },
        [wait('2026-03-02T12:10:00Z')],
      ],
      [
        'ends by day',
        { ...nightly, dispatch: { nextPage: 2, calls: 200 }, totals: { imported: 200 } },
        [{ type: 'end' }],
      ],
    ])('%s', (_name, facts, expected) => {
      expect(stepsOf(facts)).toEqual(expected);
    });

    it('is not limited when it is told to run now', () => {
      expect(stepsOf({ ...nightly, schedule: 'now' })).toEqual([
        { type: 'dispatch', maxCalls: 100 },
      ]);
    });
  });

  describe('looking for lost calls', () => {
    const inFlight: Facts = {
      listing: { pages: 1 },
      listedCalls: 10,
      dispatch: { nextPage: 1, calls: 10 },
      totals: { imported: 4 },
    };
    const dispatch = { nextPage: 1, calls: 10 };
    const overdue = { type: 'check_overdue' } as const;
    const seconds = (ago: number) => new Date(noon.getTime() - ago * 1000);

    it.each<[string, Facts, readonly Step[]]>([
      [
        'looks for overdue calls when it never did',
        { ...inFlight, dispatch: { ...dispatch, overdueCheckedAt: null } },
        [overdue],
      ],
      [
        'looks for overdue calls 15 s after it last did',
        { ...inFlight, dispatch: { ...dispatch, overdueCheckedAt: seconds(15) } },
        [overdue],
      ],
      [
        'does not look sooner',
        {
          ...inFlight,
          dispatch: { ...dispatch, overdueCheckedAt: seconds(14.999) },
          startedAt: seconds(4),
        },
        [wait('2026-03-02T12:00:03Z')],
      ],
      [
        'does not look when nothing is in flight',
        {
          ...inFlight,
          dispatch: { ...dispatch, overdueCheckedAt: null },
          totals: { imported: 10 },
        },
        [{ type: 'end' }],
      ],
      [
        'dispatches again what was dispatched 300 s ago',
        { ...inFlight, dispatch: { ...dispatch, redispatch: { page: 1, at: seconds(300) } } },
        [{ type: 'redispatch', belowPage: 1 }],
      ],
      [
        'does not dispatch again sooner',
        {
          ...inFlight,
          dispatch: { ...dispatch, redispatch: { page: 1, at: seconds(299.999) } },
          startedAt: seconds(4),
        },
        [wait('2026-03-02T12:00:03Z')],
      ],
      [
        'does not dispatch again when nothing is in flight',
        {
          ...inFlight,
          dispatch: { ...dispatch, redispatch: { page: 1, at: seconds(300) } },
          totals: { imported: 10 },
        },
        [{ type: 'end' }],
      ],
      [
        'looks for lost calls first, then dispatches, then lists',
        {
          listing: { isFinished: false, pages: 2 },
          listedCalls: 20,
          dispatch: {
            ...dispatch,
            overdueCheckedAt: null,
            redispatch: { page: 1, at: seconds(400) },
          },
          totals: { imported: 4 },
        },
        [overdue, { type: 'redispatch', belowPage: 1 }, { type: 'dispatch', maxCalls: 94 }, list],
      ],
    ])('%s', (_name, facts, expected) => {
      expect(stepsOf(facts)).toEqual(expected);
    });
  });

  describe('the end', () => {
    const through: Facts = {
      listing: { pages: 2 },
      listedCalls: 200,
      dispatch: { nextPage: 2, calls: 200 },
      totals: { imported: 150, failed: 20, gone: 15, noConsent: 10, filtered: 5 },
    };

    it.each<[string, Facts, readonly Step[]]>([
      ['ends once the listing is done and every call is through', through, [{ type: 'end' }]],
      ['ends a job that found no call', {}, [{ type: 'end' }]],
      [
        'ends although more calls ended than were dispatched',
        { ...through, totals: { imported: 201 } },
        [{ type: 'end' }],
      ],
      [
        'does not end with one call in flight',
        { ...through, totals: { imported: 199 } },
        [wait('2026-03-02T12:00:09.045Z')],
      ],
      [
        'looks for what is missing first where the platform counts more than it listed',
        { ...through, listing: { pages: 2, platformCount: 205 } },
        [{ type: 'audit_count' }],
      ],
      [
        'waits with that for a limit to pass',
        {
          ...through,
          listing: { pages: 2, platformCount: 205 },
          limitedUntil: new Date('2026-03-02T12:00:07Z'),
        },
        [wait('2026-03-02T12:00:07Z')],
      ],
      [
        'ends when it has been looked for',
        { ...through, listing: { pages: 2, platformCount: 205, gaps: [] } },
        [{ type: 'end' }],
      ],
      [
        'does not end while the listing goes on',
        { ...through, listing: { isFinished: false, pages: 2 } },
        [list],
      ],
      [
        'does not end before every page is dispatched',
        { ...through, listing: { pages: 3 } },
        [{ type: 'dispatch', maxCalls: 100 }],
      ],
    ])('%s', (_name, facts, expected) => {
      expect(stepsOf(facts)).toEqual(expected);
    });
  });

  describe('waiting', () => {
    /** All dispatched, `inFlight` of them open, and 100 ended within `elapsedMs`. */
    const busy = (inFlight: number, elapsedMs: number): Facts => ({
      listing: { pages: 1 },
      listedCalls: 100 + inFlight,
      dispatch: { nextPage: 1, calls: 100 + inFlight },
      totals: { imported: 100 },
      startedAt: new Date(noon.getTime() - elapsedMs),
    });

    it.each<[string, Facts, string]>([
      ['until half of what is in flight should be through', busy(40, 10_000), '12:00:02'],
      ['half a second at least, where calls fly', busy(2, 1_000), '12:00:00.500'],
      ['15 s at most, where calls crawl', busy(100, 3_600_000), '12:00:15'],
      [
        '15 s at most before the first call has ended',
        { ...busy(100, 60_000), totals: {}, dispatch: { nextPage: 1, calls: 50 } },
        '12:00:15',
      ],
      ['half a second when the clock stands at the start', busy(2, 0), '12:00:00.500'],
      ['half a second when the clock was set back', busy(2, -5_000), '12:00:00.500'],
      [
        'longer while nothing ends: a quarter of 4 minutes',
        {
          ...busy(40, 10_000),
          seenTotals: { imported: 100 },
          movedAt: new Date('2026-03-02T11:56:00Z'),
        },
        '12:01:00',
      ],
      [
        'two minutes at most, though nothing has ended for hours',
        {
          ...busy(40, 10_000),
          seenTotals: { imported: 100 },
          movedAt: new Date('2026-03-02T02:00:00Z'),
        },
        '12:02:00',
      ],
      [
        'no longer once calls have ended since the look before',
        {
          ...busy(40, 10_000),
          seenTotals: { imported: 99 },
          movedAt: new Date('2026-03-02T02:00:00Z'),
        },
        '12:00:02',
      ],
      [
        'as from the start where nothing ever moved',
        { ...busy(40, 240_000), totals: {}, movedAt: null },
        '12:01:00',
      ],
      [
        'half a second at least for a limit that is all but over',
        { listing: { isFinished: false }, limitedUntil: new Date('2026-03-02T12:00:00.100Z') },
        '12:00:00.500',
      ],
      [
        'ten minutes at most for a limit that is far off',
        { listing: { isFinished: false }, limitedUntil: new Date('2026-03-03T12:00:00Z') },
        '12:10:00',
      ],
      [
        'by what is in flight, not by the limit, while calls are under way',
        { ...busy(40, 10_000), listing: { isFinished: false, pages: 1 }, limitedUntil: night },
        '12:00:02',
      ],
    ])('waits %s', (_name, facts, expected) => {
      expect(stepsOf(facts)).toEqual([wait(`2026-03-02T${expected}Z`)]);
    });
  });
});

describe('inFlightCalls', () => {
  it('counts what was dispatched and has not ended, however calls end', () => {
    const { job, totals } = toFacts({
      dispatch: { calls: 100 },
      totals: { imported: 50, failed: 20, gone: 5, noConsent: 4, filtered: 3 },
    });

    expect(inFlightCalls(job, totals)).toBe(18);
  });
});

describe('toWindow', () => {
  it.each([
    ['slow platforms get ten calls at least', 0.5, 10],
    ['five requests a second at two a call', 2.5, 20],
    ['three requests a second, twenty calls for one', 60, 480],
    ['no platform gets more than the setting', 50_000, 1_000],
  ])('%s', (_case, callsPerSecond, calls) => {
    expect(toWindow(callsPerSecond, { ...defaultSettings, windowCalls: 1_000 })).toBe(calls);
  });
});
