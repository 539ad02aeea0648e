import { createBudget, type BudgetAccount } from '../budgets/rate-budget.ts';
import { planImport, type PlanFacts } from './import-plan.ts';

/** A Monday. */
const now = new Date('2026-03-02T12:00:00Z');
const account: BudgetAccount = {
  key: 'gong-1',
  platform: 'gong',
  requestsPerSecond: 3,
  requestsPerDay: 10_000,
  quotaTimeZone: 'UTC',
  customerQuotaShare: 0.2,
};
const unlimited = { ...account, requestsPerDay: null };
const facts: PlanFacts = {
  calls: 42_310,
  requestsPerCall: 0.03,
  account,
  budget: null,
  schedule: 'nightly',
  otherCustomers: 0,
  settings: { night: { timeZone: 'UTC', startHour: 20, endHour: 8 }, nightlyCalls: 5_000 },
  now,
};

/** A plan in the shape of the tables below: requests, nights, earliest and latest end, share. */
function plan(different: Partial<PlanFacts>) {
  const { requests, nights, completion, quotaShare } = planImport({ ...facts, ...different });
  return {
    requests,
    nights: nights && [nights.fewest, nights.most, nights.callsPerNight],
    from: completion?.earliest.toISOString().slice(0, 19) ?? null,
    to: completion?.latest.toISOString().slice(0, 19) ?? null,
    quotaShare,
  };
}

describe('planImport by night', () => {
  it.each<[string, Partial<PlanFacts>, ReturnType<typeof plan>]>([
    [
      'needs nine nights of 5,000 for 42,310 calls, the last of 2,310 in six hours',
      {},
      {
        requests: 1_270,
        nights: [9, 9, 5_000],
        // 5 hours of 417 calls, then 225 at 50, or 5, a second.
        from: '2026-03-11T01:00:04',
        to: '2026-03-11T01:00:45',
        quotaShare: 0.015,
      },
    ],
    [
      'goes through in the coming night where it can',
      { calls: 100 },
      {
        ...{ requests: 3, nights: [1, 1, 5_000], quotaShare: 0.0003 },
        ...{ from: '2026-03-02T20:00:02', to: '2026-03-02T20:00:20' },
      },
    ],
    [
      'begins with the rest of tonight',
      { calls: 1_000, now: new Date('2026-03-03T05:30:00Z') },
      {
        // 06:00 and 07:00 give out 417 each, the coming evening the other 166.
        ...{ requests: 30, nights: [2, 2, 5_000], quotaShare: 0.003 },
        ...{ from: '2026-03-03T20:00:03', to: '2026-03-03T20:00:33' },
      },
    ],
    [
      'ends tonight where what is left of it is enough',
      { calls: 500, now: new Date('2026-03-03T05:30:00Z') },
      {
        ...{ requests: 15, nights: [1, 1, 5_000], quotaShare: 0.0015 },
        ...{ from: '2026-03-03T07:00:01', to: '2026-03-03T07:00:16' },
      },
    ],
    [
      'counts no night that gives nothing out any more',
      { calls: 100, now: new Date('2026-03-03T07:30:00Z') },
      {
        ...{ requests: 3, nights: [1, 1, 5_000], quotaShare: 0.0003 },
        ...{ from: '2026-03-03T20:00:02', to: '2026-03-03T20:00:20' },
      },
    ],
    [
      'is later where other customers share the nights',
      { calls: 10_000, otherCustomers: 1 },
      {
        ...{ requests: 300, nights: [2, 4, 5_000], quotaShare: 0.015 },
        ...{ from: '2026-03-04T07:00:08', to: '2026-03-06T07:00:40' },
      },
    ],
    [
      'starts fewer calls a night than the allowance where the platform is slow',
      { calls: 1_000, requestsPerCall: 60, account: { ...unlimited, requestsPerSecond: 1 } },
      {
        // 60 an hour at the full rate, 30 at half of it.
        ...{ requests: 60_000, nights: [2, 3, 720], quotaShare: null },
        ...{ from: '2026-03-04T00:40:00', to: '2026-03-05T05:20:00' },
      },
    ],
    [
      'starts fewer calls a night where the daily quota allows no more',
      { calls: 10_000, requestsPerCall: 2 },
      {
        ...{ requests: 20_000, nights: [3, 3, 4_000], quotaShare: 0.8 },
        ...{ from: '2026-03-05T00:03:41', to: '2026-03-05T00:07:22' },
      },
    ],
  ])('%s', (_name, different, expected) => {
    expect(plan(different)).toEqual(expected);
  });
});

describe('planImport at once', () => {
  const schedule = 'now' as const;
  const perCall = { requestsPerCall: 1, schedule };
  const budget = {
    ...createBudget(account, now),
    day: '2026-03-02',
    usedToday: 7_900,
  };

  it.each<[string, Partial<PlanFacts>, ReturnType<typeof plan>]>([
    [
      'goes at the pace of the platform, or half of it',
      { ...perCall, calls: 3_600, account: unlimited },
      {
        ...{ requests: 3_600, nights: null, quotaShare: null },
        ...{ from: '2026-03-02T12:20:00', to: '2026-03-02T12:40:00' },
      },
    ],
    [
      'goes at our own pace where the platform allows more',
      { schedule, calls: 3_000, account: unlimited },
      {
        ...{ requests: 90, nights: null, quotaShare: null },
        ...{ from: '2026-03-02T12:01:00', to: '2026-03-02T12:10:00' },
      },
    ],
    [
      'does all that our share of the day allows on the first day',
      { ...perCall, calls: 8_000 },
      {
        ...{ requests: 8_000, nights: null, quotaShare: 0.8 },
        ...{ from: '2026-03-02T12:44:26', to: '2026-03-02T13:28:53' },
      },
    ],
    [
      'goes on at the start of the next day where today is spent',
      { ...perCall, calls: 1_000, budget },
      {
        // 100 today; 900 from midnight on.
        ...{ requests: 1_000, nights: null, quotaShare: 0.1 },
        ...{ from: '2026-03-03T00:05:00', to: '2026-03-03T00:10:00' },
      },
    ],
    [
      'takes as many whole days as it needs',
      { ...perCall, calls: 20_000, budget },
      {
        // 100 today, 8,000 on the 3rd and the 4th, 3,900 on the 5th.
        ...{ requests: 20_000, nights: null, quotaShare: 0.8 },
        ...{ from: '2026-03-05T00:21:40', to: '2026-03-05T00:43:20' },
      },
    ],
    [
      'forgets what was used yesterday',
      { ...perCall, calls: 900, budget: { ...budget, day: '2026-03-01' } },
      {
        ...{ requests: 900, nights: null, quotaShare: 0.09 },
        ...{ from: '2026-03-02T12:05:00', to: '2026-03-02T12:10:00' },
      },
    ],
    [
      'begins when the platform answers again, at the speed that a refusal left',
      {
        ...{ ...perCall, calls: 900, account: unlimited },
        budget: {
          ...createBudget(unlimited, now),
          ...{ speed: 0.5, refusedAt: now, blockedUntil: new Date('2026-03-02T13:00:00Z') },
        },
      },
      {
        ...{ requests: 900, nights: null, quotaShare: null },
        ...{ from: '2026-03-02T13:10:00', to: '2026-03-02T13:20:00' },
      },
    ],
    [
      'is not done before the pace lets it, however the days fall',
      { ...perCall, calls: 100_000, account: { ...account, requestsPerDay: 1_000_000 } },
      {
        ...{ requests: 100_000, nights: null, quotaShare: 0.1 },
        ...{ from: '2026-03-02T21:15:33', to: '2026-03-03T06:31:06' },
      },
    ],
    [
      'takes longer than the quota’s days where the pace is what holds it back',
      { ...perCall, calls: 300_000, account: { ...account, requestsPerDay: 1_000_000 } },
      {
        ...{ requests: 300_000, nights: null, quotaShare: 0.2592 },
        ...{ from: '2026-03-03T15:46:40', to: '2026-03-04T19:33:20' },
      },
    ],
    [
      'has no end where our share of the quota lets nothing through',
      { ...perCall, calls: 10, account: { ...account, customerQuotaShare: 1 } },
      { requests: 10, nights: null, from: null, to: null, quotaShare: 0 },
    ],
  ])('%s', (_name, different, expected) => {
    expect(plan(different)).toEqual(expected);
  });
});
