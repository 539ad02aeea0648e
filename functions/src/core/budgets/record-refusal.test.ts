import { createBudget, type BudgetAccount, type RateBudget } from './rate-budget.ts';
import { recordRefusal } from './record-refusal.ts';

const now = new Date('2026-03-04T12:00:00Z');
const nowMs = now.getTime();
const later = (ms: number) => new Date(nowMs + ms);
const account: BudgetAccount = {
  key: 'acme-0',
  platform: 'acme',
  requestsPerSecond: 10,
  requestsPerDay: null,
  quotaTimeZone: 'UTC',
  customerQuotaShare: 0.2,
};
const fresh = createBudget(account, now);

function refuse(found: RateBudget | null, waitMs: number | null, isTooFast = true, at = now) {
  return recordRefusal({ account, found, refusal: { waitMs, isTooFast }, now: at });
}

describe('recording a refusal', () => {
  it('blocks the account, halves its speed and makes reserved slices void', () => {
    const found = { ...fresh, epoch: 4, nextSlotAt: later(9000), longestSliceMs: 1200 };
    expect(refuse(found, 3000)).toEqual({
      budget: {
        ...found,
        epoch: 5,
        // 2,200 ms: a slice that has begun may still be spent.
        nextSlotAt: later(3000),
        speed: 0.5,
        refusedAt: now,
        refusals: 1,
        blockedUntil: later(3000),
        expiresAt: new Date('2026-03-07T12:00:03Z'),
      },
      result: { blockedUntilMs: nowMs + 3000 },
    });
  });

  it('waits as long as the platform is known to want where it does not say, then twice as long', () => {
    const patient = { ...account, firstWaitMs: 60_000 };
    const refusal = { waitMs: null, isTooFast: true };
    const first = recordRefusal({ account: patient, found: fresh, refusal, now });
    expect(first.result).toEqual({ blockedUntilMs: nowMs + 60_000 });
    const found = first.budget;
    const second = recordRefusal({ account: patient, found, refusal, now: later(61_000) });
    expect(second.result).toEqual({ blockedUntilMs: nowMs + 61_000 + 120_000 });
  });

  it.each([
    [9000, 1200, 2200],
    [1500, 1200, 1500],
    [500, 1200, 1000],
  ])(
    'with slots reserved for %d ms in slices of %d ms, lets none begin for %d ms',
    (tailMs, longestSliceMs, startMs) => {
      const found = { ...fresh, nextSlotAt: later(tailMs), longestSliceMs };
      expect(refuse(found, 1000).budget?.nextSlotAt).toEqual(later(startMs));
    },
  );

  it('blocks an account that has no budget yet', () => {
    expect(refuse(null, 0)).toMatchObject({ budget: { epoch: 1, speed: 0.5, blockedUntil: now } });
  });

  it('waits longer from refusal to refusal where nobody says how long, up to 64 seconds', () => {
    const waits: number[] = [];
    let found: RateBudget | null = null;
    let atMs = nowMs;
    for (let count = 0; count < 9; count += 1) {
      const { budget, result } = refuse(found, null, true, new Date(atMs));
      waits.push(result.blockedUntilMs - atMs);
      found = budget;
      atMs = result.blockedUntilMs + 1;
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 64_000, 64_000]);
    const quiet = refuse(found, null, true, new Date(atMs + 10_000));
    expect(quiet.result.blockedUntilMs).toBe(atMs + 11_000);
    expect(found?.speed).toBe(0.0625);
  });

  it('takes the rest of a burst for one refusal, and only ever blocks for longer', () => {
    const { budget } = refuse(fresh, 3000);
    expect(refuse(budget, 2900, true, later(100))).toEqual({
      budget: null,
      result: { blockedUntilMs: nowMs + 3000 },
    });
    expect(refuse(budget, 4000, true, later(2500))).toMatchObject({
      budget: { epoch: 2, speed: 0.5, refusals: 1, refusedAt: now, blockedUntil: later(6500) },
    });
    const short = refuse(fresh, 0).budget;
    expect(refuse(short, 0, true, later(999)).budget).toMatchObject({ speed: 0.5 });
    expect(refuse(short, 0, true, later(1000)).budget).toMatchObject({ speed: 0.25 });
  });

  it('blocks without slowing down when nothing remains of a window', () => {
    expect(refuse(fresh, 5000, false)).toMatchObject({
      budget: { epoch: 1, speed: 1, refusedAt: null, refusals: 0, blockedUntil: later(5000) },
    });
    const slowed = { ...fresh, speed: 0.5, refusedAt: later(-20_000) };
    expect(refuse(slowed, null, false)).toMatchObject({
      budget: { speed: 0.7, blockedUntil: later(1000) },
    });
    expect(refuse(slowed, 0)).toMatchObject({ budget: { speed: 0.35, refusals: 1 } });
  });

  it('does not believe in waits of more than a day', () => {
    expect(refuse(fresh, 1e12).result.blockedUntilMs).toBe(nowMs + 86_400_000);
  });
});
