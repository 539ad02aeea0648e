import { sleep } from './fetch.ts';
import type { LimitedAnswer, RateLimiter } from './rate-limiter.ts';
import { createLocalRateLimiters } from './rate-limiter.ts';

const clock = { now: () => new Date() };

function createLimiter(
  account: { requestsPerSecond?: number; requestsPerDay?: number | null; window?: number } = {},
): RateLimiter {
  return createLocalRateLimiters({ clock, sleep })({
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

/** When each of `count` requests may start, in milliseconds from now, as virtual time passes. */
async function startsOf(limiter: RateLimiter, count: number): Promise<number[]> {
  const begin = Date.now();
  const starts: number[] = [];
  const work = Array.from({ length: count }, async () => {
    await limiter.acquire();
    starts.push(Date.now() - begin);
  });
  for (let turns = 0; starts.length < count && turns < 100_000; turns += 1) {
    await jest.advanceTimersByTimeAsync(1);
  }
  await Promise.all(work);
  return starts;
}

function gapsOf(starts: readonly number[]): number[] {
  return starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
}

describe('the local rate limiter', () => {
  beforeEach(async () => {
    // Loaded before time is fake: a module loader needs real turns.
    await import('bottleneck');
    jest.useFakeTimers({ now: Date.parse('2025-11-20T23:59:00Z'), doNotFake: ['nextTick'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('spreads requests evenly, just under the limit', async () => {
    const gaps = gapsOf(await startsOf(createLimiter({ requestsPerSecond: 10 }), 11));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(105);
  });

  it('uses at least 95 % of a high limit and never goes above it', async () => {
    const starts = await startsOf(createLimiter({ requestsPerSecond: 150 }), 301);
    const tookMs = (starts.at(-1) ?? 0) - (starts[0] ?? 0);
    expect(tookMs).toBeGreaterThanOrEqual(2000);
    expect(tookMs).toBeLessThanOrEqual(2000 / 0.95);
  });

  it('keeps a pace below one a second', async () => {
    const gaps = gapsOf(await startsOf(createLimiter({ requestsPerSecond: 0.5 }), 3));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2000);
  });

  it('refuses beyond the daily quota, until midnight UTC', async () => {
    const limiter = createLimiter({ requestsPerDay: 2 });
    await startsOf(limiter, 2);
    const leftMs = Date.parse('2025-11-21T00:00:00Z') - Date.now();
    await expect(limiter.acquire()).rejects.toMatchObject({
      kind: 'rate_limited',
      source: 'acme',
      retryAfterMs: leftMs,
    });
    jest.setSystemTime(Date.parse('2025-11-21T00:00:00Z'));
    await expect(startsOf(limiter, 2)).resolves.toHaveLength(2);
    await expect(limiter.acquire()).rejects.toMatchObject({ retryAfterMs: expect.any(Number) });
  });

  it('waits out a short block and throws a long one', async () => {
    const limiter = createLimiter();
    void limiter.observe(answer(429, {}, 4000));
    expect((await startsOf(limiter, 1))[0]).toBeGreaterThanOrEqual(4000);
    void limiter.observe(answer(429, {}, 60_000));
    await expect(limiter.acquire()).rejects.toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 60_000,
    });
  });

  it('waits longer from refusal to refusal where nobody says how long', async () => {
    const limiter = createLimiter();
    void limiter.observe(answer(429));
    expect((await startsOf(limiter, 1))[0]).toBeGreaterThanOrEqual(1000);
    void limiter.observe(answer(429));
    expect((await startsOf(limiter, 1))[0]).toBeGreaterThanOrEqual(2000);
    void limiter.observe(answer(200));
    void limiter.observe(answer(429));
    expect((await startsOf(limiter, 1))[0]).toBeLessThan(1500);
  });

  it('blocks those who queued before the refusal came', async () => {
    const limiter = createLimiter({ requestsPerSecond: 10 });
    const starts = startsOf(limiter, 3);
    await jest.advanceTimersByTimeAsync(50);
    void limiter.observe(answer(429, {}, 3000));
    expect((await starts).slice(1).every((start) => start >= 3000)).toBe(true);
  });

  it('halves its pace after a 429 and doubles it after a quiet half minute', async () => {
    const limiter = createLimiter({ requestsPerSecond: 10 });
    await startsOf(limiter, 1);
    void limiter.observe(answer(429, {}, 0));
    // The rest of the same burst is one refusal, not three.
    void limiter.observe(answer(429, {}, 0));
    void limiter.observe(answer(429, {}, 0));
    const slow = gapsOf(await startsOf(limiter, 4)).slice(1);
    expect(Math.min(...slow)).toBeGreaterThanOrEqual(200);
    expect(Math.max(...slow)).toBeLessThanOrEqual(215);
    await jest.advanceTimersByTimeAsync(30_000);
    void limiter.observe(answer(200));
    const restored = gapsOf(await startsOf(limiter, 4)).slice(1);
    expect(Math.max(...restored)).toBeLessThanOrEqual(110);
  });

  it('slows down to the limit that answers name, and never goes above its own', async () => {
    const limiter = createLimiter({ requestsPerSecond: 10, window: 60 });
    await startsOf(limiter, 1);
    void limiter.observe(answer(200, { 'x-ratelimit-limit': '120' }));
    expect(Math.min(...gapsOf(await startsOf(limiter, 4)).slice(1))).toBeGreaterThanOrEqual(500);
    void limiter.observe(answer(200, { 'x-ratelimit-limit': '60000' }));
    const gaps = gapsOf(await startsOf(limiter, 4)).slice(1);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(110);
  });

  it('waits for the reset when nothing remains', async () => {
    const limiter = createLimiter();
    void limiter.observe(answer(200, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '5' }));
    expect((await startsOf(limiter, 1))[0]).toBeGreaterThanOrEqual(5000);
  });

  it('lets go of whoever is aborted, and gives the quota back', async () => {
    const limiter = createLimiter({ requestsPerDay: 1 });
    void limiter.observe(answer(429, {}, 5000));
    const controller = new AbortController();
    const waiting = limiter.acquire(controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await expect(startsOf(limiter, 1)).resolves.toHaveLength(1);
  });
});
