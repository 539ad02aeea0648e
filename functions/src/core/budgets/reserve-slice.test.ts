import { createBudget, type BudgetAccount, type RateBudget } from './rate-budget.ts';
import { reserveSlice, type SliceRequest } from './reserve-slice.ts';

const now = new Date('2026-03-04T12:00:00Z');
const nowMs = now.getTime();
const later = (ms: number) => new Date(nowMs + ms);
/** Slots are 100 ms apart. */
const account: BudgetAccount = {
  key: 'acme-0',
  platform: 'acme',
  requestsPerSecond: 10.35,
  requestsPerDay: null,
  quotaTimeZone: 'UTC',
  customerQuotaShare: 0.2,
};
const fresh = createBudget(account, now);

function requestOf(waiting: number, changes: Partial<SliceRequest> = {}): SliceRequest {
  return {
    instanceId: 'ours',
    deadlinesMs: Array.from({ length: waiting }, () => nowMs + 10_000),
    expected: 0,
    unspent: { day: '', count: 0 },
    graceMs: 50,
    allowedPerSecond: null,
    ...changes,
  };
}

function reserve(
  found: RateBudget | null,
  request: SliceRequest,
  changes: Partial<BudgetAccount> = {},
) {
  return reserveSlice({ account: { ...account, ...changes }, found, request, now });
}

describe('reserving a slice', () => {
  it('begins at once on an account that nobody asked, and leaves time to hear of it', () => {
    expect(reserve(null, requestOf(3))).toEqual({
      budget: {
        platform: 'acme',
        epoch: 0,
        nextSlotAt: later(350),
        holderId: 'ours',
        longestSliceMs: 350,
        day: '2026-03-04',
        usedToday: 3,
        speed: 1,
        allowedPerSecond: null,
        refusedAt: null,
        refusals: 0,
        blockedUntil: null,
        expiresAt: new Date('2026-03-07T12:00:00Z'),
      },
      result: {
        kind: 'granted',
        tailMs: nowMs + 350,
        slice: {
          epoch: 0,
          day: '2026-03-04',
          startMs: nowMs,
          graceMs: 50,
          intervalMs: 100,
          count: 3,
        },
      },
    });
  });

  it('goes to the end of the line, exactly', () => {
    const { budget, result } = reserve({ ...fresh, nextSlotAt: later(4000) }, requestOf(2));
    expect(result).toMatchObject({ tailMs: nowMs + 4200 });
    expect(result).toMatchObject({ slice: { startMs: nowMs + 4000, graceMs: 0, count: 2 } });
    expect(budget?.nextSlotAt).toEqual(later(4200));
  });

  it('gives no more than a slice', () => {
    expect(reserve(null, requestOf(500))).toMatchObject({ result: { slice: { count: 12 } } });
  });

  it('leaves out requests that could not start in time', () => {
    const deadlinesMs = [nowMs + 1000, nowMs + 4000, nowMs + 4050, nowMs + 4100, nowMs + 4150];
    const many = [...deadlinesMs, ...Array.from({ length: 9 }, () => nowMs + 6000)];
    const found = { ...fresh, nextSlotAt: later(4000) };
    expect(reserve(found, requestOf(0, { deadlinesMs: many }))).toMatchObject({
      result: { kind: 'granted', slice: { count: 11 } },
    });
  });

  it('is full when none, or only a few of many, could start in time', () => {
    const full = { budget: null, result: { kind: 'full', tailMs: nowMs + 9800 } };
    const found = { ...fresh, nextSlotAt: later(9800) };
    expect(reserve(found, requestOf(12))).toEqual(full);
    expect(reserve(found, requestOf(3))).toMatchObject({ result: { kind: 'granted' } });
    expect(reserve({ ...fresh, nextSlotAt: later(10_001) }, requestOf(1))).toMatchObject({
      result: { kind: 'full', tailMs: nowMs + 10_001 },
    });
  });

  it('gives expected requests their slots only to whoever reserved last', () => {
    const request = requestOf(1, { expected: 8 });
    const own = { ...fresh, holderId: 'ours' };
    expect(reserve(own, request)).toMatchObject({ result: { slice: { count: 8 } } });
    expect(reserve({ ...fresh, holderId: 'theirs' }, request)).toMatchObject({
      result: { slice: { count: 1 } },
    });
    expect(reserve(own, requestOf(1, { expected: 99 }))).toMatchObject({
      result: { slice: { count: 12 } },
    });
  });

  it('begins after a block, or says until when it lasts', () => {
    const blocked = { ...fresh, epoch: 3, blockedUntil: later(5000) };
    expect(reserve(blocked, requestOf(1))).toMatchObject({
      result: { slice: { epoch: 3, startMs: nowMs + 5000 } },
    });
    expect(reserve({ ...fresh, blockedUntil: later(10_001) }, requestOf(1))).toEqual({
      budget: null,
      result: { kind: 'blocked', untilMs: nowMs + 10_001 },
    });
    expect(reserve(blocked, requestOf(0))).toMatchObject({ result: { kind: 'blocked' } });
  });

  it('keeps to the rate that answers allow, and remembers it', () => {
    const { budget, result } = reserve(null, requestOf(1, { allowedPerSecond: 5 }));
    expect(budget?.allowedPerSecond).toBe(5);
    expect(result).toMatchObject({ slice: { intervalMs: 207 } });
    expect(reserve(budget, requestOf(1))).toMatchObject({ result: { slice: { intervalMs: 207 } } });
  });

  describe('with a daily quota', () => {
    const quota = { requestsPerDay: 100 };
    const used = (usedToday: number) => ({ ...fresh, day: '2026-03-04', usedToday });

    it('leaves the customer their share', () => {
      expect(reserve(used(77), requestOf(5), quota)).toMatchObject({
        budget: { usedToday: 80 },
        result: { slice: { count: 3 } },
      });
      expect(reserve(used(80), requestOf(5), quota)).toEqual({
        budget: null,
        result: { kind: 'day_spent', untilMs: Date.parse('2026-03-05T00:00:00Z') },
      });
    });

    it('takes back what was reserved today and not used', () => {
      const given = (day: string) => requestOf(5, { unspent: { day, count: 4 } });
      expect(reserve(used(80), given('2026-03-04'), quota)).toMatchObject({
        budget: { usedToday: 80 },
        result: { slice: { count: 4 } },
      });
      expect(reserve(used(80), given('2026-03-03'), quota)).toMatchObject({
        result: { kind: 'day_spent' },
      });
    });

    it('begins anew when the platform’s day turns', () => {
      const yesterday = { ...used(80), day: '2026-03-03' };
      expect(reserve(yesterday, requestOf(5), quota)).toMatchObject({
        budget: { day: '2026-03-04', usedToday: 5 },
      });
      const eastern = { ...quota, quotaTimeZone: 'America/New_York' };
      expect(reserve(used(80), requestOf(5), eastern)).toMatchObject({
        result: { kind: 'day_spent', untilMs: Date.parse('2026-03-05T05:00:00Z') },
      });
    });

    it('does not reach into the next day', () => {
      const midnight = Date.parse('2026-03-05T00:00:00Z');
      const facts = { account: { ...account, ...quota }, found: used(10) };
      const at = (ms: number) =>
        reserveSlice({
          ...facts,
          now: new Date(ms),
          request: requestOf(0, { deadlinesMs: [1, 2, 3, 4].map((n) => ms + n * 5000) }),
        });
      // 50 ms of grace and 20 of lateness, then slots at 0, 100 and 200 ms.
      expect(at(midnight - 300)).toMatchObject({
        budget: { usedToday: 13 },
        result: { slice: { count: 3 } },
      });
      expect(at(midnight - 70)).toMatchObject({
        budget: { day: '2026-03-05', usedToday: 4 },
        result: { slice: { startMs: midnight, graceMs: 50 } },
      });
    });

    it('counts what a clock that was set back over midnight reserves to the new day', () => {
      const tomorrow = { ...fresh, day: '2026-03-05', usedToday: 7 };
      expect(reserve(tomorrow, requestOf(2), quota)).toMatchObject({
        budget: { day: '2026-03-05', usedToday: 9 },
      });
    });
  });
});
