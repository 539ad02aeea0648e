import { FirestoreMock } from '@firebase-bridge/firestore-admin';
import type { BudgetStore } from '../../../src/core/budgets/rate-budget.ts';
import { ImportError } from '../../../src/core/errors.ts';
import { createFirestoreBudgets } from '../../../src/gcp/firestore/rate-budgets.ts';
import { sleep } from '../../../src/kit/fetch.ts';
import type { RateLimiter } from '../../../src/kit/rate-limiter.ts';
import { parseRetryAfter } from '../../../src/kit/retry-after.ts';
import { createSharedRateLimiters } from '../../../src/kit/shared-rate-limiter.ts';
import { atMost, below, figure, type BenchResult } from '../bench-result.ts';
import { createBudgetTraffic, meterBudgets, type BudgetTraffic } from './metered-budgets.ts';
import { startWindowServer, type WindowServer } from './window-server.ts';

const requestsPerSecond = 25;
const instances = 20;
/** More than can be served within the longest wait: some requests are refused and come again. */
const workersPerInstance = 20;
const retryAfterSeconds = 3;
const clock = { now: () => new Date() };

/**
 * Many instances on one platform account, in real time: whether they keep its limit, use it, and all
 * stop when one of them is refused. The refusal comes after three fifths of the time.
 */
export async function runBudgets({ seconds = 20 }: { seconds?: number }): Promise<BenchResult> {
  const server = await startWindowServer(requestsPerSecond);
  const traffic = createBudgetTraffic();
  const stores = openStores();
  const stop = new AbortController();
  const workers = stores.flatMap((store, index) => {
    const limiter = openLimiter(meterBudgets(store, traffic), index);
    return Array.from({ length: workersPerInstance }, () => work(limiter, server, stop.signal));
  });
  const phaseMs = seconds * 600;
  await sleep(phaseMs);
  const paced = { ...traffic };
  server.refuseOnce(retryAfterSeconds);
  await sleep(seconds * 1000 - phaseMs);
  stop.abort();
  const shed = (await Promise.all(workers)).reduce((sum, count) => sum + count, 0);
  await server.close();
  return { name: 'budgets', rows: toRows({ server, paced, phaseMs, traffic, shed }) };
}

/** Handles of their own on one database, whose clock never says the same twice. */
function openStores(): readonly BudgetStore[] {
  const bridge = new FirestoreMock();
  let lastMs = 0;
  bridge.systemTime.custom(() => {
    lastMs = Math.max(lastMs + 1, Date.now());
    return new Date(lastMs);
  });
  const controller = bridge.createDatabase();
  return Array.from({ length: instances }, () => createFirestoreBudgets(controller.firestore()));
}

function openLimiter(store: BudgetStore, index: number): RateLimiter {
  return createSharedRateLimiters({
    store,
    instanceId: `instance-${index}`,
    clock,
    sleep,
    customerQuotaShare: 0.2,
  })({
    key: 'acme-0',
    platform: 'acme',
    displayName: 'Acme',
    requestsPerSecond,
    requestsPerDay: null,
    limitWindowSeconds: null,
    quotaTimeZone: 'UTC',
  });
}

/** One request after the other until told to stop; how many the limiter refused. */
async function work(
  limiter: RateLimiter,
  server: WindowServer,
  signal: AbortSignal,
): Promise<number> {
  let shed = 0;
  while (!signal.aborted) {
    try {
      await limiter.acquire(signal);
      const { status, headers } = await fetch(server.url);
      const retryAfterMs = parseRetryAfter(headers.get('retry-after'), clock.now());
      await limiter.observe({ status, headers, retryAfterMs });
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof ImportError) || error.kind !== 'rate_limited') throw error;
      shed += 1;
      await sleep(error.retryAfterMs ?? 0, signal).catch(() => undefined);
    }
  }
  return shed;
}

function toRows(facts: {
  readonly server: WindowServer;
  readonly paced: BudgetTraffic;
  readonly phaseMs: number;
  readonly traffic: BudgetTraffic;
  readonly shed: number;
}): BenchResult['rows'] {
  const { server, paced, phaseMs, traffic, shed } = facts;
  const { times } = server;
  const refusedAtMs = server.refusedAtMs ?? Infinity;
  const before = times.filter((time) => time < refusedAtMs);
  const spanMs = (before.at(-1) ?? 0) - (before[0] ?? 0);
  const used = (before.length - 1) / ((requestsPerSecond * spanMs) / 1000);
  const resumeMs = refusedAtMs + retryAfterSeconds * 1000;
  const after = times.filter((time) => time >= resumeMs);
  const early = times.filter((time) => time > refusedAtMs && time < resumeMs).length;
  const phaseSeconds = phaseMs / 1000;
  return [
    figure('instances on one account', instances, 'instances'),
    figure('limit', requestsPerSecond, 'requests/s'),
    figure('requests sent', times.length, 'requests'),
    atMost(requestsPerSecond, {
      metric: 'most requests in any sliding second',
      value: mostInWindow(times),
      unit: 'requests',
    }),
    {
      metric: 'use of the limit while work waits',
      value: used * 100,
      unit: '%',
      target: 'at least 95 %',
      isMet: used >= 0.95,
    },
    atMost(0, { metric: '429 that we caused', value: server.refusedCount, unit: 'requests' }),
    figure('429 from outside', refusedAtMs === Infinity ? 0 : 1, 'requests'),
    atMost(0, {
      metric: 'requests before its Retry-After was over',
      value: early,
      unit: 'requests',
    }),
    figure('first request after it', ((after[0] ?? NaN) - resumeMs) / 1000, 's'),
    // The first writes fill a line of ten seconds: what they reserve is what they are for.
    below(0.1, {
      metric: 'writes per request reserved',
      value: paced.writes / paced.reserved,
      unit: 'writes',
    }),
    figure('writes', paced.writes / phaseSeconds, 'writes/s'),
    figure('transactions', paced.transactions / phaseSeconds, 'transactions/s'),
    figure('reads per request', (paced.attempts + paced.reads) / paced.reserved, 'reads'),
    figure('runs of a transaction', traffic.attempts / traffic.transactions, 'runs'),
    figure('longest transaction', traffic.longestMs, 'ms'),
    figure('requests told to come again', shed, 'requests'),
  ];
}

function mostInWindow(times: readonly number[]): number {
  let first = 0;
  let most = 0;
  for (const [index, time] of times.entries()) {
    while (time - (times[first] ?? time) >= 1000) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
