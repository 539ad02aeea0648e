import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedQueue } from './embedded-queue.ts';
import type { DeliveryResult, EmbeddedQueueOptions, QueuedTask } from './embedded-queue.ts';
import { createEmbeddedQueues } from './embedded-queues.ts';

const startMs = Date.parse('2026-01-05T20:00:00Z');
const clock = { now: () => new Date() };

beforeEach(() => jest.useFakeTimers({ now: startMs, doNotFake: ['nextTick', 'setImmediate'] }));
afterEach(() => jest.useRealTimers());

interface Delivery {
  readonly name: string;
  readonly atMs: number;
  readonly task: QueuedTask;
}

/** A queue whose deliveries are recorded with the milliseconds since the start. */
async function start(
  options: Partial<EmbeddedQueueOptions> & { answer?: (task: QueuedTask) => DeliveryResult },
) {
  const deliveries: Delivery[] = [];
  const dropped: string[] = [];
  const queue = await createEmbeddedQueue({
    name: 'processCall',
    trigger: {},
    clock,
    random: () => 0.999,
    onDropped: (task) => void dropped.push(task.name),
    deliver: async (task) => {
      deliveries.push({ name: task.name, atMs: Date.now() - startMs, task });
      return options.answer?.(task) ?? { status: 204 };
    },
    ...options,
  });
  const enqueue = (name: string, afterMs: number | null = null) =>
    queue.enqueue({
      name,
      payload: { callKey: name },
      runAt: afterMs === null ? null : new Date(startMs + afterMs),
    });
  return { queue, deliveries, dropped, enqueue };
}

const namesOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ name }) => name);
const timesOf = (deliveries: readonly Delivery[]): number[] => deliveries.map(({ atMs }) => atMs);
const advance = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

describe('an embedded queue', () => {
  it('delivers at once, but never on the stack of who enqueues', async () => {
    const { enqueue, deliveries } = await start({});
    const enqueued = enqueue('a');
    expect(deliveries).toEqual([]);
    expect(await enqueued).toBe('created');
    await advance(0);
    expect(deliveries.map(({ task }) => task)).toEqual([
      {
        name: 'a',
        payload: { callKey: 'a' },
        runAtMs: startMs,
        retryCount: 0,
        executionCount: 0,
        firstAttemptMs: startMs,
        previousResponse: null,
      },
    ]);
  });

  it('delivers delayed tasks at their time, in the order of their times', async () => {
    const { enqueue, deliveries } = await start({});
    for (const [name, afterMs] of [
      ['c', 3000],
      ['a', 1000],
      ['d', 40_000],
      ['b', 2000],
    ] as const) {
      await enqueue(name, afterMs);
    }
    await advance(60_000);
    expect(namesOf(deliveries)).toEqual(['a', 'b', 'c', 'd']);
    expect(timesOf(deliveries)).toEqual([1000, 2000, 3000, 40_000]);
  });

  it('lets no delayed task hold up one that is due', async () => {
    const { enqueue, deliveries, queue } = await start({});
    await enqueue('later', 60_000);
    await enqueue('now');
    await advance(0);
    expect(namesOf(deliveries)).toEqual(['now']);
    expect(queue.pendingCount()).toBe(1);
  });

  it('keeps to its rate after a first burst of a fifth of a second', async () => {
    const trigger = { rateLimits: { maxDispatchesPerSecond: 10 } };
    const { enqueue, deliveries } = await start({ trigger });
    for (let n = 0; n < 8; n += 1) await enqueue(`t${n}`);
    await advance(1000);
    expect(timesOf(deliveries)).toEqual([0, 0, 100, 200, 300, 400, 500, 600]);
  });

  it('dispatches 500 a second unless told otherwise', async () => {
    const { enqueue, deliveries } = await start({});
    for (let n = 0; n < 3000; n += 1) await enqueue(`t${n}`);
    await advance(2000);
    expect(deliveries.length).toBeGreaterThanOrEqual(1090);
    expect(deliveries.length).toBeLessThanOrEqual(1101);
  });

  it('never has more under way than it may', async () => {
    const finish: (() => void)[] = [];
    const deliver = () =>
      new Promise<DeliveryResult>((resolve) => finish.push(() => resolve({ status: 200 })));
    const trigger = { rateLimits: { maxConcurrentDispatches: 3 } };
    const { enqueue, queue } = await start({ trigger, deliver });
    for (let n = 0; n < 5; n += 1) await enqueue(`t${n}`);
    await advance(1000);
    expect([queue.activeCount(), queue.pendingCount(), finish.length]).toEqual([3, 2, 3]);
    finish[0]?.();
    await advance(0);
    expect([queue.activeCount(), queue.pendingCount(), finish.length]).toEqual([3, 1, 4]);
  });

  it('tries again after min backoff, doubling, then adding, up to the maximum', async () => {
    const retryConfig = {
      maxAttempts: 8,
      minBackoffSeconds: 10,
      maxBackoffSeconds: 300,
      maxDoublings: 3,
    };
    const { enqueue, deliveries, dropped } = await start({
      trigger: { retryConfig },
      answer: () => ({ status: 500 }),
    });
    await enqueue('a');
    await advance(3_600_000);
    const times = timesOf(deliveries);
    const waits = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 1000);
    // The example of the service's own documentation.
    expect(waits).toEqual([10, 20, 40, 80, 160, 240, 300]);
    expect(dropped).toEqual(['a']);
  });

  it('gives up after three attempts unless told otherwise', async () => {
    const { enqueue, deliveries, dropped } = await start({ answer: () => ({ status: 503 }) });
    await enqueue('a');
    await advance(60_000);
    expect(timesOf(deliveries)).toEqual([0, 100, 300]);
    expect(dropped).toEqual(['a']);
  });

  it('goes on until both attempts and time are used up where both are set', async () => {
    const retryConfig = {
      maxAttempts: 2,
      maxRetrySeconds: 5,
      minBackoffSeconds: 1,
      maxDoublings: 0,
    };
    const { enqueue, deliveries } = await start({
      trigger: { retryConfig },
      answer: () => ({ status: 500 }),
    });
    await enqueue('a');
    await advance(60_000);
    expect(timesOf(deliveries)).toEqual([0, 1000, 3000, 6000]);
  });

  it('says with each delivery how often and how the task was answered before', async () => {
    const answers = [404, 500, 200];
    const { enqueue, deliveries } = await start({
      answer: ({ retryCount }) => ({ status: answers[retryCount] ?? 200 }),
    });
    await enqueue('a');
    await advance(60_000);
    expect(
      deliveries.map(({ task }) => [task.retryCount, task.executionCount, task.previousResponse]),
    ).toEqual([
      [0, 0, null],
      [1, 1, 404],
      [2, 1, 500],
    ]);
  });

  it('takes a delivery that rejects for a failed one', async () => {
    let calls = 0;
    const deliver = async (): Promise<DeliveryResult> => {
      calls += 1;
      if (calls === 1) throw new Error('connection reset');
      return { status: 204 };
    };
    const { enqueue, queue } = await start({ deliver });
    await enqueue('a');
    await advance(1000);
    expect([calls, queue.pendingCount(), queue.activeCount()]).toEqual([2, 0, 0]);
  });

  it('holds the whole queue back for the Retry-After of a 429 or 503', async () => {
    const { enqueue, deliveries } = await start({
      answer: ({ name }) => ({ status: name === 'a' ? 429 : 200, retryAfterMs: 5000 }),
      trigger: { retryConfig: { maxAttempts: 1 }, rateLimits: { maxConcurrentDispatches: 1 } },
    });
    await enqueue('a');
    await enqueue('b');
    await advance(60_000);
    expect(timesOf(deliveries)).toEqual([0, 5000]);
  });

  it('refuses a name while its task lives and for an hour after it ended', async () => {
    const { enqueue, deliveries } = await start({});
    expect(await enqueue('a', 1000)).toBe('created');
    expect(await enqueue('a')).toBe('duplicate');
    await advance(1000);
    expect(await enqueue('a')).toBe('duplicate');
    await advance(3_599_000);
    expect(await enqueue('a')).toBe('duplicate');
    await advance(1000);
    expect(await enqueue('a')).toBe('created');
    await advance(0);
    expect(deliveries).toHaveLength(2);
  });

  it('delivers twice on purpose, and lets the second change nothing', async () => {
    const { enqueue, deliveries, dropped, queue } = await start({
      random: () => 0,
      faults: { duplicateRate: 0.5, lateRate: 0, maxLateMs: 100 },
      answer: () => ({ status: deliveries.length === 1 ? 200 : 500 }),
    });
    await enqueue('a');
    await advance(10_000);
    expect(namesOf(deliveries)).toEqual(['a', 'a']);
    expect(dropped).toEqual([]);
    expect(queue.pendingCount()).toBe(0);
  });

  it('delivers late on purpose', async () => {
    const { enqueue, deliveries } = await start({
      random: () => 0.25,
      faults: { duplicateRate: 0, lateRate: 1, maxLateMs: 4000 },
    });
    await enqueue('a');
    await advance(10_000);
    expect(timesOf(deliveries)).toEqual([1000]);
  });

  it('is drained when nothing waits and nothing runs', async () => {
    const { enqueue, queue } = await start({});
    await queue.drain();
    await enqueue('a', 5000);
    let isDrained = false;
    void queue.drain().then(() => (isDrained = true));
    await advance(4999);
    expect(isDrained).toBe(false);
    await advance(1);
    expect(isDrained).toBe(true);
  });

  it('takes 20,000 delayed tasks in any order without searching through them', async () => {
    const { enqueue, deliveries } = await start({
      trigger: { rateLimits: { maxDispatchesPerSecond: Infinity } },
    });
    // 7 and 20,000 have no common factor: every delay once, in a scattered order.
    for (let n = 0; n < 20_000; n += 1) await enqueue(`t${n}`, ((n * 7) % 20_000) + 1);
    await advance(20_001);
    expect(timesOf(deliveries)).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
  }, 30_000);
});

describe('a queue in a folder', () => {
  let folder: string;

  beforeEach(async () => {
    jest.useRealTimers();
    folder = await mkdtemp(join(tmpdir(), 'queue-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const later = Date.now() - startMs + 3_600_000;

  it('takes up what was unfinished when it was stopped, and remembers what ended', async () => {
    const first = await start({ folder });
    await first.enqueue('done');
    await first.queue.drain();
    await first.enqueue('later', later);
    await first.queue.stop();

    const second = await start({ folder });
    expect(second.queue.pendingCount()).toBe(1);
    expect(await second.enqueue('done')).toBe('duplicate');
    expect(await second.enqueue('later')).toBe('duplicate');
    expect(await second.enqueue('new')).toBe('created');
    await second.queue.stop();
  });

  it('delivers again what was under way when the process was killed', async () => {
    const { promise: unanswered, resolve } = Promise.withResolvers<DeliveryResult>();
    const killed = await start({ folder, deliver: () => unanswered });
    await killed.enqueue('a');
    await killed.enqueue('later', later);
    await killed.queue.flush();
    expect(killed.queue.activeCount()).toBe(1);

    // Nothing told the first to stop, or that its task ended: this is what a kill leaves.
    const second = await start({ folder });
    while (second.deliveries.length === 0) await new Promise(setImmediate);
    expect(namesOf(second.deliveries)).toEqual(['a']);
    expect(second.queue.pendingCount()).toBe(1);
    await second.queue.stop();
    resolve({ status: 200 });
    await killed.queue.stop();
  });

  it('keeps the count of attempts over a restart', async () => {
    const retryConfig = { maxAttempts: 2, minBackoffSeconds: 0.02 };
    const first = await start({
      folder,
      trigger: { retryConfig },
      answer: () => ({ status: 500 }),
    });
    await first.enqueue('a');
    while (first.deliveries.length === 0) await new Promise(setImmediate);
    await first.queue.stop();

    const second = await start({
      folder,
      trigger: { retryConfig },
      answer: () => ({ status: 500 }),
    });
    await second.queue.drain();
    expect(second.deliveries.map(({ task }) => task.retryCount)).toEqual([1]);
    expect(second.dropped).toEqual(['a']);
    await second.queue.stop();
  });
});

describe('the queues of a process', () => {
  const task = { queue: 'advanceJob', name: 'a', payload: { jobId: 'j' }, runAt: null } as const;

  it('hand each task to the queue of its name', async () => {
    const { queue, deliveries } = await start({ name: 'advanceJob' });
    const queues = createEmbeddedQueues();
    queues.attach('advanceJob', queue);
    expect(await queues.taskQueue.enqueue(task)).toBe('created');
    expect(await queues.taskQueue.enqueue(task)).toBe('duplicate');
    await advance(0);
    expect(deliveries.map((it) => it.task.payload)).toEqual([{ jobId: 'j' }]);
  });

  it('refuse a task that no function would consume', async () => {
    await expect(createEmbeddedQueues().taskQueue.enqueue(task)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});
