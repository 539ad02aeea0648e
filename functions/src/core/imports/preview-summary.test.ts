import type { ImportPlan } from './import-plan.ts';
import { describePreview, type PreviewFigures } from './preview-summary.ts';

const plan: ImportPlan = {
  requests: 1_270,
  nights: { fewest: 9, most: 9, callsPerNight: 5_000 },
  completion: {
    earliest: new Date('2026-03-10T08:20:00Z'),
    latest: new Date('2026-03-10T10:00:00Z'),
  },
  quotaShare: 0.015,
};
const preview: PreviewFigures = {
  calls: 42_310,
  plan,
  requestsPerDay: 10_000,
  price: { freeCalls: 500, billableCalls: 41_810, centsPerCall: 2, totalCents: 83_620 },
};
/** A Monday. */
const now = new Date('2026-03-09T12:00:00Z');

function describeWith(
  different: Partial<PreviewFigures>,
  where: { readonly timeZone?: string; readonly now?: Date } = {},
): string {
  const at = { displayName: 'Gong', timeZone: 'America/New_York', now, ...where };
  return describePreview({ ...preview, ...different }, at);
}

describe('describePreview', () => {
  it('says all of it in one sentence', () => {
    expect(describeWith({})).toBe(
      '42,310 calls, 1,270 requests, 9 nights of 5,000, done between Tue 04:20 and 06:00 EDT, at most 2 % of a daily quota of 10,000 requests; 500 free, 41,810 billable at 2 cents: 836.20',
    );
  });

  it('says between how many nights, and which days, where it can’t say one', () => {
    const completion = {
      earliest: new Date('2026-03-17T23:59:00Z'),
      latest: new Date('2026-03-20T00:00:00Z'),
    };
    const nights = { fewest: 2, most: 4, callsPerNight: 5_000 };
    expect(describeWith({ plan: { ...plan, nights, completion } }, { timeZone: 'UTC' })).toContain(
      ', 2 to 4 nights of 5,000, done between Tue 17 Mar 23:59 and Fri 20 Mar 00:00 UTC, ',
    );
  });

  it('names the year where it is another', () => {
    expect(describeWith({}, { now: new Date('2025-12-01T00:00:00Z') })).toContain(
      'done between Tue 10 Mar 2026 04:20 and 06:00 EDT',
    );
  });

  it('says one time where both ends are the same minute', () => {
    const at = new Date('2026-03-09T12:01:00Z');
    const small = { requests: 1, nights: null, quotaShare: null };
    const price = { freeCalls: 1, billableCalls: 0, centsPerCall: 1, totalCents: 0 };
    expect(
      describeWith(
        {
          ...{ calls: 1, requestsPerDay: null, price },
          plan: { ...small, completion: { earliest: at, latest: at } },
        },
        { timeZone: 'UTC' },
      ),
    ).toBe('1 call, 1 request, done about Mon 12:01 UTC; 1 free, 0 billable at 1 cent: 0.00');
  });

  it('says that our share of the quota lets nothing through', () => {
    const nothing = { ...plan, nights: null, completion: null, quotaShare: 0 };
    expect(describeWith({ plan: nothing })).toContain(
      ', never done within our share of the daily quota, at most 0 % of a daily quota of 10,000 requests; ',
    );
  });

  it('says what is known where the platform did not say how many calls there are', () => {
    const price = { freeCalls: 500, billableCalls: null, centsPerCall: 2, totalCents: null };
    expect(describeWith({ calls: null, plan: null, price })).toBe(
      'Gong did not say how many calls there are; 500 are free, each further one costs 2 cents',
    );
  });
});
