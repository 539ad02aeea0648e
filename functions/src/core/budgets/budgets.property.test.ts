import { fc } from '../../../test/support/properties.ts';
import { sendLatenessMs } from './pace.ts';
import type { BudgetAccount, RateBudget } from './rate-budget.ts';
import { maxConfirmLeadMs, recordRefusal } from './record-refusal.ts';
import { reserveSlice, type Slice } from './reserve-slice.ts';
import { dropMissed, holdSlice, slotsLeft, useSlot } from './spend-slice.ts';

const beginMs = Date.parse('2026-03-04T23:59:30Z');
const midnightMs = beginMs + 30_000;
const transitMs = 15;
const longestStallMs = 200;

/** What instances did to one account, in the order of the store’s transactions. */
type Step =
  | {
      readonly kind: 'reserve';
      readonly afterMs: number;
      readonly waiting: number;
      readonly expected: number;
      readonly instance: number;
      /** How long the instance waits for the answer. */
      readonly answerMs: number;
      readonly allowedPerSecond: number | null;
    }
  | {
      readonly kind: 'refuse';
      readonly afterMs: number;
      readonly waitMs: number | null;
      readonly isTooFast: boolean;
    };

interface Taken {
  readonly slice: Slice;
  readonly answeredMs: number;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('reserve' as const),
        afterMs: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(3000)),
        waiting: fc.integer({ min: 1, max: 40 }),
        expected: fc.nat(40),
        instance: fc.nat(4),
        answerMs: fc.oneof(fc.nat(30), fc.nat(900)),
        allowedPerSecond: fc.option(fc.double({ min: 0.5, max: 80, noNaN: true })),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('refuse' as const),
        afterMs: fc.nat(500),
        waitMs: fc.option(fc.nat(4000)),
        isTooFast: fc.boolean(),
      }),
    },
  ),
  { minLength: 1, maxLength: 60 },
);

function play(account: BudgetAccount, all: readonly Step[]) {
  const taken: Taken[] = [];
  const refusals: { readonly atMs: number; readonly epoch: number; readonly untilMs: number }[] =
    [];
  let found: RateBudget | null = null;
  let nowMs = beginMs;
  for (const step of all) {
    nowMs += step.afterMs;
    const now = new Date(nowMs);
    if (step.kind === 'refuse') {
      const { budget, result } = recordRefusal({ account, found, refusal: step, now });
      found = budget ?? found;
      if (budget) {
        refusals.push({ atMs: nowMs, epoch: budget.epoch, untilMs: result.blockedUntilMs });
      }
      continue;
    }
    const decision = reserveSlice({
      account,
      found,
      now,
      request: {
        instanceId: `instance-${step.instance}`,
        deadlinesMs: Array.from({ length: step.waiting }, () => nowMs + 10_000),
        expected: step.expected,
        unspent: { day: '', count: 0 },
        graceMs: 60,
        allowedPerSecond: step.allowedPerSecond,
      },
    });
    found = decision.budget ?? found;
    if (decision.result.kind === 'granted') {
      taken.push({ slice: decision.result.slice, answeredMs: nowMs + step.answerMs });
    }
  }
  return { taken, refusals };
}

/** A slice is looked at shortly before it begins; one that begins at once, when it is given. */
function confirmedMs({ slice, answeredMs }: Taken): number {
  return Math.max(answeredMs, slice.startMs - maxConfirmLeadMs);
}

/** When requests arrive at the platform if each slot is used, some of them late. */
function arrivals(taken: readonly Taken[], lateness: () => number): number[] {
  const times = taken.flatMap(({ slice, answeredMs }) => {
    const arrived: number[] = [];
    let nowMs = answeredMs;
    let held = holdSlice(slice, nowMs);
    for (;;) {
      nowMs = Math.max(nowMs, held.dueMs + lateness() * longestStallMs);
      held = dropMissed(held, nowMs);
      if (slotsLeft(held) === 0) return arrived;
      arrived.push(nowMs + lateness() * transitMs);
      held = useSlot(held);
    }
  });
  return times.toSorted((a, b) => a - b);
}

const runs = fc.record({
  rate: fc.integer({ min: 1, max: 60 }),
  all: steps,
  /** Of the longest stall, and of the longest way: a tenth of a stall is just not too late. */
  lateness: fc.array(
    fc.oneof(
      ...[0, 0.1, 1].map((part) => fc.constant(part)),
      fc.double({ min: 0, max: 1, noNaN: true }),
    ),
    { minLength: 1, maxLength: 50 },
  ),
});

function accountOf(rate: number, requestsPerDay: number | null = null): BudgetAccount {
  return {
    key: 'acme-0',
    platform: 'acme',
    requestsPerSecond: rate,
    requestsPerDay,
    quotaTimeZone: 'UTC',
    customerQuotaShare: 0.2,
  };
}

function repeat(values: readonly number[]): () => number {
  let index = -1;
  return () => values[(index += 1) % values.length] ?? 0;
}

describe('over any interleaving of reservations and refusals', () => {
  it('no sliding second and no sliding minute has more requests than the limit', () => {
    fc.assert(
      fc.property(runs, ({ rate, all, lateness }) => {
        const { taken, refusals } = play(accountOf(rate), all);
        const good = taken.filter(
          (one) =>
            !refusals.some(
              ({ atMs, epoch }) => epoch > one.slice.epoch && atMs <= confirmedMs(one),
            ),
        );
        const times = arrivals(good, repeat(lateness));
        for (const [count, windowMs] of [
          [rate, 1000],
          [rate * 60, 60_000],
        ] as const) {
          const spans = times.slice(count).map((time, index) => time - (times[index] ?? 0));
          // Sums of fractions of milliseconds are off by millionths.
          expect(Math.min(...spans, Infinity)).toBeGreaterThan(windowMs - 0.001);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('no slice that is reserved after a refusal begins before the time it names', () => {
    fc.assert(
      fc.property(runs, ({ rate, all }) => {
        const { taken, refusals } = play(accountOf(rate), all);
        for (const { slice } of taken) {
          const last = refusals.findLast(({ epoch }) => epoch <= slice.epoch);
          expect(slice.startMs).toBeGreaterThanOrEqual(last?.untilMs ?? 0);
        }
      }),
    );
  });

  it('no day has more requests than our share of its quota', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 10, max: 200 }), ({ rate, all }, quota) => {
        const { taken } = play(accountOf(rate, quota), all);
        const today = taken.filter(({ slice }) => slice.day === '2026-03-04');
        for (const { slice } of today) {
          const lastMs = slice.startMs + slice.graceMs + (slice.count - 1) * slice.intervalMs;
          expect(lastMs + sendLatenessMs).toBeLessThan(midnightMs);
        }
        const share = Math.floor(quota * 0.8);
        expect(sumOf(today)).toBeLessThanOrEqual(share);
        expect(sumOf(taken) - sumOf(today)).toBeLessThanOrEqual(share);
      }),
    );
  });
});

function sumOf(taken: readonly Taken[]): number {
  return taken.reduce((sum, { slice }) => sum + slice.count, 0);
}
