import type { Firestore } from 'firebase-admin/firestore';
import type { ImportedCall } from '../../src/core/imports/imported-call.ts';
import { noTotals, sampleCall, sampleJob } from '../../src/core/testing/sample-records.ts';
import { collectionsOf } from '../../src/gcp/firestore/collections.ts';
import { below, figure, type BenchResult, type BenchRow } from './bench-result.ts';
import { startBenchRuntime } from './support/bench-runtime.ts';
import { peakMegabytes, percentile } from './support/measure.ts';

const customerId = 'bench';
const jobs = 100;
const requests = 500;
/** What is not measured yet: the first answers, while code is compiled. */
const warmups = 50;
/** Every so many calls failed, so that jobs have errors to show. */
const failsEvery = 100;

/**
 * Reads jobs over HTTP, one request after the other, from a store that holds `calls` calls: nine in
 * ten belong to one job that is still going, the rest to the 99 others of the same customer.
 */
export async function runStatus({ calls }: { calls: number }): Promise<BenchResult> {
  // Nobody is told of the jobs that are only put there.
  const messenger = async () => null;
  const bench = await startBenchRuntime('grain', (ports) => ({
    ...{ ...ports, messenger },
    // One caller asks more often than people do.
    settings: () => ({ ...ports.settings(), callerRequestsPerMinute: 1_000_000 }),
  }));
  const { runtime } = bench;
  try {
    await seed(runtime.store.firestore, calls);
    const authorization = `Bearer ${await runtime.tokens.issue('support')}`;
    const measure = async (metric: string, path: string): Promise<readonly BenchRow[]> => {
      const times = await timeRequests(`${runtime.url}/admin${path}`, authorization);
      const p99 = { metric: `${metric}, p99`, value: percentile(times, 0.99), unit: 'ms' };
      return [
        figure(`${metric}, p50`, percentile(times, 0.5), 'ms'),
        figure(`${metric}, p95`, percentile(times, 0.95), 'ms'),
        below(100, p99),
      ];
    };
    const one = await measure('a job', `/imports/${toJobId(0)}`);
    const list = await measure('a list of jobs', `/imports?customerId=${customerId}`);
    const some = await measure('calls of a job', `/imports/${toJobId(0)}/calls?status=failed`);
    const stored = figure('calls in the store', calls, 'calls');
    const memory = figure('peak resident memory', peakMegabytes(), 'MB');
    return { name: 'status', rows: [stored, ...one, ...list, ...some, memory] };
  } finally {
    await bench.stop();
  }
}

async function timeRequests(url: string, authorization: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < warmups + requests; index += 1) {
    const startedAt = performance.now();
    const response = await fetch(url, { headers: { authorization } });
    const answer = await response.text();
    if (!response.ok) throw new Error(`The admin API answered ${response.status}: ${answer}`);
    if (index >= warmups) times.push(performance.now() - startedAt);
  }
  return times;
}

async function seed(db: Firestore, calls: number): Promise<void> {
  const collections = collectionsOf(db);
  const others = Math.floor(calls / 10 / (jobs - 1));
  const first = calls - others * (jobs - 1);
  for (let index = 0; index < jobs; index += 1) {
    const size = index === 0 ? first : others;
    const failed = Math.floor(size / failsEvery);
    const totals = { ...noTotals, imported: size - failed, failed };
    const id = toJobId(index);
    const job = sampleJob(index === 0 ? 'in_progress' : 'partial', {
      ...{ id, customerId, totals, listedCalls: size },
      createdAt: new Date(Date.UTC(2026, 2, 2, 8, 0, index)),
    });
    await collections.jobs.doc(id).set(job);
    await collections.counters(id).doc('shard-0').set(totals);
    await writeAll(db, toCalls(id, size));
  }
}

function* toCalls(jobId: string, size: number): Generator<ImportedCall> {
  for (let index = 0; index < size; index += 1) {
    const callKey = `${jobId}-${String(index).padStart(6, '0')}`;
    const isFailed = (index + 1) % failsEvery === 0;
    const fields = { callKey, jobId, customerId, page: Math.floor(index / 50) };
    yield sampleCall(isFailed ? 'failed' : 'completed', fields);
  }
}

async function writeAll(db: Firestore, calls: Iterable<ImportedCall>): Promise<void> {
  const { calls: collection } = collectionsOf(db);
  for (const chunk of chunksOf(calls, 400)) {
    const batch = db.batch();
    for (const call of chunk) batch.set(collection.doc(call.callKey), call);
    await batch.commit();
  }
}

function* chunksOf<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function toJobId(index: number): string {
  return `job${String(index).padStart(17, '0')}`;
}
