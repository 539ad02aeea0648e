import type { BudgetDecision, BudgetStore, RateBudget } from '../core/budgets/rate-budget.ts';
import { ImportError } from '../core/errors.ts';
import { sleep } from './fetch.ts';
import type { LimitedAnswer, RateLimiter } from './rate-limiter.ts';
import { createSharedRateLimiters } from './shared-rate-limiter.ts';

const clock = { now: () => new Date() };

/** One budget in memory, whose transactions take a while; `fail` breaks it. */
function createStore(options: { takesMs?: number } = {}) {
  const takesMs = options.takesMs ?? 10;
  const state: { budget: RateBudget | null; writes: number; reads: number } = {
    ...{ budget: null, writes: 0, reads: 0 },
  };
  let failure: Promise<never> | null = null;
  const store: BudgetStore = {
    transact: async <T>(_key: string, decide: (found: RateBudget | null) => BudgetDecision<T>) => {
      await sleep(takesMs / 2);
      if (failure) await failure;
      const { budget, result } = decide(state.budget);
      state.budget = budget ?? state.budget;
      if (budget) state.writes += 1;
      await sleep(takesMs / 2);
      return result;
    },
    get: async () => {
      state.reads += 1;
      await sleep(takesMs);
      return state.budget;
    },
  };
  return {
    store,
    state,
    fail: (by: Promise<never> | null) => {
      failure = by;
      by?.catch(() => undefined);
    },
  };
}

interface Account {
  readonly requestsPerSecond?: number;
  readonly requestsPerDay?: number;
  readonly window?: number;
}

let instances = 0;
function createLimiter(store: BudgetStore, account: Account = {}): RateLimiter {
  instances += 1;
  return createSharedRateLimiters({
    ...{ store, clock, sleep },
    instanceId: `instance-${instances}`,
    customerQuotaShare: 0.2,
  })({
    key: 'acme-0',
    platform: 'acme',
    displayName: 'Acme',
    requestsPerSecond: account.requestsPerSecond ?? 10,
    requestsPerDay: account.requestsPerDay ?? null,
    limitWindowSeconds: account.window ?? null,
    quotaTimeZone: 'UTC',
  });
}

function answer(
  status: number,
  headers: Record<string, string> = {},
  retryAfterMs: number | null = null,
): LimitedAnswer {
  return { status, headers: new Headers(headers), retryAfterMs };
}

interface Outcomes {
  /** In milliseconds since `begin`. */
  readonly starts: number[];
  readonly errors: ImportError[];
}

/** Asks for `count` requests at once and lets virtual time pass until all have an answer. */
async function ask(limiters: readonly RateLimiter[], count: number): Promise<Outcomes> {
  const begin = Date.now();
  const outcomes: Outcomes = { starts: [], errors: [] };
  const work = limiters.flatMap((limiter) =>
    Array.from({ length: count }, async () => {
      try {
        await limiter.acquire();
        outcomes.starts.push(Date.now() - begin);
      } catch (error) {
        if (!(error instanceof ImportError)) throw error;
        outcomes.errors.push(error);
      }
    }),
  );
  await pass(() => outcomes.starts.length + outcomes.errors.length === work.length);
  await Promise.all(work);
  return outcomes;
}

async function pass(isOver: () => boolean): Promise<void> {
  for (let turns = 0; !isOver() && turns < 100_000; turns += 1) {
    await jest.advanceTimersByTimeAsync(1);
  }
}

function gapsOf(starts: readonly number[]): number[] {
  return starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
}

describe('the shared rate limiter', () => {
  beforeEach(async () => {
    // Loaded before time is fake: a module loader needs real turns.
    await import('bottleneck');
    jest.useFakeTimers({ now: Date.parse('2025-11-20T12:00:00Z'), doNotFake: ['nextTick'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('spreads the requests of all instances evenly, just under the limit', async () => {
    const { store } = createStore();
    const limiters = [createLimiter(store), createLimiter(store), createLimiter(store)];
    const { starts, errors } = await ask(limiters, 20);
    expect(errors).toEqual([]);
    expect(starts).toHaveLength(60);
    const spans = starts.slice(10).map((start, index) => start - (starts[index] ?? 0));
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(1000);
    expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeLessThanOrEqual(5900 / 0.95);
  });

  it('writes less than a tenth as often as it sends while work waits', async () => {
    const { store, state } = createStore();
    const { starts } = await ask([createLimiter(store)], 90);
    expect(starts).toHaveLength(90);
    expect(state.writes).toBeLessThanOrEqual(9);
    expect(state.reads).toBeLessThanOrEqual(9);
  });

  it('reserves ahead for whoever sends one after the other and has the account alone', async () => {
    const { store, state } = createStore();
    const limiter = createLimiter(store);
    for (let count = 0; count < 40; count += 1) await ask([limiter], 1);
    expect(state.writes).toBeLessThanOrEqual(8);
    expect(state.budget?.usedToday).toBeLessThanOrEqual(52);
  });

  it('refuses who would wait longer than ten seconds, and says when to come again', async () => {
    const { store } = createStore();
    const { starts, errors } = await ask([createLimiter(store)], 200);
    expect(Math.max(...starts)).toBeLessThanOrEqual(10_000);
    expect(starts.length).toBeGreaterThan(90);
    expect(errors.length).toBe(200 - starts.length);
    const waits = errors.map(({ retryAfterMs }) => retryAfterMs ?? 0);
    expect(errors[0]).toMatchObject({
      kind: 'rate_limited',
      source: 'acme',
      status: null,
      publicMessage: 'Acme limits our requests: too many requests wait already.',
    });
    // A slice of them together, the next one when that one is through.
    expect(new Set(waits).size).toBeGreaterThanOrEqual(8);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(5000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(20_000);
  });

  it('stops every instance when one is refused, until the time that was named', async () => {
    const { store, state } = createStore();
    const [refused, other] = [createLimiter(store), createLimiter(store)];
    const begin = Date.now();
    const first = ask([refused], 1);
    await first;
    const others = ask([other], 30);
    await jest.advanceTimersByTimeAsync(300);
    const saved = refused.observe(answer(429, {}, 4000));
    const untilMs = Date.now() - begin + 4000;
    await pass(() => state.budget?.blockedUntil !== null);
    await jest.advanceTimersByTimeAsync(10);
    await saved;
    const { starts } = await ask([refused], 5);
    const { starts: later } = await others;
    const all = starts.map((start) => start + untilMs - 4000);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(untilMs - 20);
    expect(state.budget).toMatchObject({ epoch: 1, speed: 0.5, refusals: 1 });
    // A slice that had begun is spent to its end; nothing else starts before the time.
    const early = later.filter((start) => start > 400 && start < untilMs - 20);
    expect(early.length).toBeLessThanOrEqual(12);
    const late = later.filter((start) => start >= untilMs - 20);
    expect(late.length).toBeGreaterThanOrEqual(18);
    // Half as fast as before.
    expect(Math.min(...gapsOf(late.slice(2)))).toBeGreaterThanOrEqual(190);
  });

  it('gives up a reserved slice that a refusal elsewhere has made void', async () => {
    const { store, state } = createStore();
    const [first, second] = [createLimiter(store), createLimiter(store)];
    const work = ask([first], 12);
    await jest.advanceTimersByTimeAsync(30);
    const begin = Date.now();
    const waiting = ask([second], 6);
    await jest.advanceTimersByTimeAsync(500);
    const untilMs = Date.now() + 3000;
    void first.observe(answer(429, {}, 3000));
    const { starts } = await waiting;
    expect(Math.min(...starts)).toBeGreaterThanOrEqual(untilMs - begin);
    expect((await work).starts).toHaveLength(12);
    expect(state.budget?.blockedUntil?.getTime()).toBe(untilMs);
  });

  it('throws a block that is longer than its patience, to those who wait already too', async () => {
    const { store } = createStore();
    const limiter = createLimiter(store);
    const waiting = ask([limiter], 30);
    await jest.advanceTimersByTimeAsync(200);
    void limiter.observe(answer(429, {}, 60_000));
    const { errors } = await waiting;
    expect(errors.length).toBeGreaterThanOrEqual(27);
    expect(errors[0]).toMatchObject({ kind: 'rate_limited', retryAfterMs: 60_000 });
    await jest.advanceTimersByTimeAsync(20);
    const error: unknown = await limiter.acquire().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'rate_limited', status: null });
    const other = await ask([createLimiter(store)], 1);
    expect(other.errors[0]?.retryAfterMs).toBeGreaterThan(59_900);
  });

  it('waits longer from refusal to refusal where nobody says how long', async () => {
    const { store } = createStore();
    const limiter = createLimiter(store);
    for (const waitMs of [1000, 2000, 4000]) {
      const begin = Date.now();
      void limiter.observe(answer(429));
      await jest.advanceTimersByTimeAsync(20);
      const { starts } = await ask([limiter], 1);
      expect((starts[0] ?? 0) + 20).toBeGreaterThanOrEqual(waitMs);
      expect(Date.now() - begin).toBeLessThanOrEqual(waitMs + 100);
    }
  });

  it('makes one write of the refusals of a burst', async () => {
    const { store, state } = createStore();
    const limiter = createLimiter(store);
    const saved = [3000, 2000, 3000, 1000].map((ms) => limiter.observe(answer(429, {}, ms)));
    await jest.advanceTimersByTimeAsync(50);
    for (const one of saved) await one;
    expect(state).toMatchObject({ writes: 1, budget: { epoch: 1, speed: 0.5 } });
  });

  it('leaves the customer a fifth of the daily quota, until midnight UTC', async () => {
    const { store } = createStore();
    const { starts, errors } = await ask([createLimiter(store, { requestsPerDay: 10 })], 10);
    expect(starts).toHaveLength(8);
    const [error] = errors;
    expect(error?.publicMessage).toBe(
      'Acme limits our requests: our share of the daily quota is used up.',
    );
    expect(error?.retryAfterMs).toBeGreaterThan(43_190_000);
    expect(error?.retryAfterMs).toBeLessThanOrEqual(43_200_000);
    const another = createLimiter(store, { requestsPerDay: 10 });
    expect((await ask([another], 2)).errors).toHaveLength(2);
    jest.setSystemTime(Date.parse('2025-11-21T00:00:00Z'));
    expect((await ask([another], 2)).starts).toHaveLength(2);
  });

  it('gives back what aborted requests leave of the day', async () => {
    const { store, state } = createStore();
    const limiter = createLimiter(store, { requestsPerDay: 100 });
    const controller = new AbortController();
    const waiting = Array.from({ length: 8 }, () => limiter.acquire(controller.signal));
    const settled = Promise.allSettled(waiting);
    await jest.advanceTimersByTimeAsync(150);
    controller.abort();
    const results = await settled;
    expect(state.budget?.usedToday).toBe(8);
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(refused[0]).toMatchObject({ reason: { name: 'AbortError' } });
    await jest.advanceTimersByTimeAsync(5000);
    await ask([limiter], 1);
    await jest.advanceTimersByTimeAsync(5000);
    await ask([limiter], 1);
    expect(state.budget?.usedToday).toBeLessThan(8);
    await expect(limiter.acquire(controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('slows down to the limit that answers name, and tells the others', async () => {
    const { store, state } = createStore();
    const limiter = createLimiter(store, { window: 60 });
    await ask([limiter], 2);
    void limiter.observe(answer(200, { 'x-ratelimit-limit': '120' }));
    const { starts } = await ask([limiter], 4);
    expect(Math.min(...gapsOf(starts))).toBeGreaterThanOrEqual(500);
    expect(state.budget?.allowedPerSecond).toBe(2);
    const others = await ask([createLimiter(store, { window: 60 })], 3);
    expect(Math.min(...gapsOf(others.starts))).toBeGreaterThanOrEqual(500);
  });

  it('waits for the reset when nothing remains; the others hear of it when it takes long', async () => {
    const { store, state } = createStore();
    const limiter = createLimiter(store);
    await ask([limiter], 1);
    const { writes } = state;
    const nothing = (reset: string) =>
      answer(200, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset });
    expect(limiter.observe(nothing('1'))).toBeUndefined();
    expect(limiter.observe(nothing('0'))).toBeUndefined();
    expect(limiter.observe(nothing('1'))).toBeUndefined();
    expect((await ask([limiter], 1)).starts[0]).toBeGreaterThanOrEqual(1000);
    expect(state.budget?.blockedUntil).toBeNull();
    void limiter.observe(nothing('5'));
    expect((await ask([limiter], 1)).starts[0]).toBeGreaterThanOrEqual(5000);
    expect(state.budget).toMatchObject({ speed: 1, epoch: 1 });
    expect(state.writes).toBeGreaterThan(writes);
  });

  it('says so when the store does not answer, and goes on when it does', async () => {
    const { store, fail } = createStore();
    const limiter = createLimiter(store);
    const down = new ImportError({
      kind: 'unavailable',
      source: 'firestore',
      publicMessage: 'Down.',
    });
    fail(Promise.reject(down));
    expect((await ask([limiter], 3)).errors).toEqual([down, down, down]);
    fail(null);
    expect((await ask([limiter], 3)).starts).toHaveLength(3);
  });

  it('does not wait longer than its patience for the store', async () => {
    const { store, fail } = createStore();
    const limiter = createLimiter(store);
    fail(new Promise<never>(() => undefined));
    const begin = Date.now();
    const { errors } = await ask([limiter], 1);
    expect(errors).toMatchObject([{ kind: 'rate_limited' }]);
    expect(Date.now() - begin).toBeLessThanOrEqual(10_100);
  });

  it('keeps a block by itself when the store cannot take it', async () => {
    const { store, fail } = createStore();
    const limiter = createLimiter(store);
    fail(Promise.reject(new Error('down')));
    const saved = limiter.observe(answer(429, {}, 3000));
    await jest.advanceTimersByTimeAsync(20);
    await expect(saved).resolves.toBeUndefined();
    fail(null);
    expect((await ask([limiter], 1)).starts[0]).toBeGreaterThanOrEqual(2900);
  });
});
