import type { Check, Opened, Suite } from '../check.ts';
import { failureOf, required } from '../check.ts';
import { sleep } from '../../../kit/fetch.ts';
import { createLocalRateLimiters } from '../../../kit/rate-limiter.ts';
import type { WrapFetch } from '../fault-fetch.ts';
import { answering, status } from '../fault-fetch.ts';

const count = 30;

export const limitChecks: readonly Check[] = [
  {
    name: 'never sends faster than the platform allows',
    run: (suite) =>
      withFakeTimers(async () => {
        const { times, opened } = openTimed(suite);
        await settle(Array.from({ length: count }, () => validate(suite, opened)));
        expect(times).toHaveLength(count);
        for (const [index, time] of times.entries()) {
          const previous = times[index - 1];
          if (previous !== undefined)
            expect(time - previous).toBeGreaterThanOrEqual(intervalMs(suite));
        }
      }),
  },
  {
    name: 'uses at least 95 % of what the platform allows while work waits',
    run: (suite) =>
      withFakeTimers(async () => {
        const { times, opened } = openTimed(suite);
        await settle(Array.from({ length: count }, () => validate(suite, opened)));
        const tookMs = required(times.at(-1), 'request') - required(times[0], 'request');
        expect(tookMs).toBeLessThanOrEqual(((count - 1) * intervalMs(suite)) / 0.95);
      }),
  },
  {
    name: 'causes no 429 at the limits that the platform documents',
    run: (suite) =>
      withFakeTimers(async () => {
        const perMinute = Math.floor(suite.definition.rateLimits.requestsPerSecond * 60);
        const { opened } = openTimed(suite, { requestsPerMinute: perMinute });
        const requests = Math.min(perMinute + 50, 400);
        await settle(Array.from({ length: requests }, () => validate(suite, opened)));
        expect(opened.sandbox.requests.length).toBeGreaterThanOrEqual(requests);
        expect(opened.sandbox.limitHits).toBe(0);
      }),
  },
  {
    name: 'waits after a 429 for as long as it says, and is slower afterwards',
    run: (suite) =>
      withFakeTimers(async () => {
        const wrap = answering(status(429, { 'retry-after': '3' }), 1);
        const { times, opened } = openTimed(suite, { wrap });
        await settle(Array.from({ length: 5 }, () => validate(suite, opened)));
        const [refused = 0, ...others] = times;
        const later = others.filter((time) => time > refused + intervalMs(suite) * 5);
        expect(later.length).toBeGreaterThan(0);
        for (const time of later) expect(time - refused).toBeGreaterThanOrEqual(3000);
      }),
  },
  {
    name: 'stops at the daily quota and says when it goes on',
    run: (suite) =>
      withFakeTimers(async () => {
        const quota = required(suite.definition.rateLimits.requestsPerDay, 'daily quota');
        const { times, opened } = openTimed(suite, { spent: quota - 2 });
        await settle([validate(suite, opened), validate(suite, opened)]);
        const error = await failureOf(validate(suite, opened));
        expect(error.kind).toBe('rate_limited');
        expect(error.retryAfterMs).toBeLessThanOrEqual(86_400_000);
        expect(error.retryAfterMs).toBeGreaterThan(0);
        expect(times).toHaveLength(2);
      }),
  },
  {
    name: 'keeps one pace for an account, however many contexts calls are made from',
    run: (suite) =>
      withFakeTimers(async () => {
        const keys = new Set<string>();
        const opened = suite.open({
          environment: {
            createRateLimiter: (account) => {
              keys.add(account.key);
              return { acquire: () => Promise.resolve(), observe: () => undefined };
            },
          },
        });
        await validate(suite, opened);
        await validate(suite, opened);
        expect(keys.size).toBe(1);
        for (const key of keys) {
          expect(key).toMatch(/^[a-z0-9_]+-[0-9a-f]{32}$/);
          for (const secret of Object.values(suite.credentials)) {
            expect(key).not.toContain(String(secret));
          }
        }
      }),
  },
];

function validate(suite: Suite, opened: Opened): Promise<unknown> {
  return opened.context.validateCredentials(suite.credentials);
}

function intervalMs({ definition }: Suite): number {
  return 1000 / definition.rateLimits.requestsPerSecond;
}

/** The real limiter on fake time; `times` is when each request left. */
function openTimed(
  suite: Suite,
  options: {
    readonly wrap?: WrapFetch;
    readonly requestsPerMinute?: number;
    readonly spent?: number;
  } = {},
): { readonly times: readonly number[]; readonly opened: Opened } {
  const times: number[] = [];
  const wrap: WrapFetch = (platform) => {
    const faulty = options.wrap?.(platform) ?? platform;
    return (url, init) => {
      times.push(Date.now());
      return faulty(url, init);
    };
  };
  const clock = { now: () => new Date() };
  const createLimiter = createLocalRateLimiters({ clock, sleep });
  const opened = suite.open({
    wrap,
    ...(options.requestsPerMinute !== undefined && {
      requestsPerMinute: options.requestsPerMinute,
    }),
    environment: {
      clock,
      sleep,
      createRateLimiter: (account) =>
        createLimiter({
          ...account,
          requestsPerDay:
            account.requestsPerDay === null ? null : account.requestsPerDay - (options.spent ?? 0),
        }),
    },
  });
  return { times, opened };
}

async function withFakeTimers(work: () => Promise<void>): Promise<void> {
  jest.useFakeTimers({
    now: Date.parse('2025-11-20T10:17:23.456Z'),
    doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'performance'],
  });
  try {
    await work();
  } finally {
    jest.useRealTimers();
  }
}

/** Lets virtual time pass until all work has ended; a real turn between ticks lets streams move. */
async function settle(work: readonly Promise<unknown>[]): Promise<void> {
  let isOver = false;
  const all = Promise.all(work).finally(() => {
    isOver = true;
  });
  // Whoever is asked to fail is awaited below; until then nobody else looks.
  all.catch(() => undefined);
  while (!isOver) {
    await jest.advanceTimersByTimeAsync(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
}
