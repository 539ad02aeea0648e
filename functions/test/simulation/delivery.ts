import { createEmbeddedQueue, type EmbeddedQueue } from '../../local/queue/embedded-queue.ts';
import type { RetryConfig, TaskQueueTrigger } from '../../local/queue/queue-policy.ts';
import type { NewTask, QueueName, TaskQueue } from '../../src/core/ports.ts';
import type { Chance } from './chance.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Fleet } from './fleet.ts';
import type { DeployedFunctions } from './functions-under-test.ts';
import { shorten } from './gated-ports.ts';
import { outside } from './instance.ts';
import type { Trace } from './trace.ts';

/** The task service and the events of the store, delivering to the fleet. */
export interface Deliveries {
  readonly tasks: TaskQueue;
  /** A job was written: the trigger runs some time, at least once. */
  tellJobWritten(jobId: string): void;
  /** Nothing waits and nothing runs. */
  isIdle(): boolean;
  readonly lostTasks: number;
}

/** Event functions that ask for retries get them for a day. */
const eventRetries: RetryConfig = {
  maxAttempts: -1,
  maxRetrySeconds: 86_400,
  minBackoffSeconds: 10,
  maxBackoffSeconds: 600,
};
const eventTimeoutMs = 60_000;

interface DeliveryOptions {
  readonly nowMs: () => number;
  readonly faults: FaultPlan;
  readonly chance: Chance;
  readonly fleet: Fleet;
  readonly functions: DeployedFunctions;
  readonly trace: Trace;
}

/** Opens the queues as the deployed functions describe them, with what may go wrong on the way. */
export async function createDeliveries(options: DeliveryOptions): Promise<Deliveries> {
  const { functions, chance, faults, nowMs, trace } = options;
  const openTasks = (queue: QueueName) => {
    const { trigger, timeoutMs } = functions.queues[queue];
    const run = (payload: unknown) => functions.runTask(queue, payload);
    return openQueue(options, { name: queue, trigger, timeoutMs, run });
  };
  const queues = {
    advanceJob: await openTasks('advanceJob'),
    processCall: await openTasks('processCall'),
  };
  const events = await openQueue(options, {
    name: 'onImportJobUpdate',
    trigger: { retryConfig: eventRetries },
    timeoutMs: eventTimeoutMs,
    run: (payload) => functions.runJobTrigger(String(payload)),
  });
  const all = [...Object.values(queues), events];
  const lost = new Set<string>();
  let eventCount = 0;
  const enqueue = async ({ queue, name, payload, runAt }: NewTask) => {
    if (lost.has(name)) return 'duplicate' as const;
    if (nowMs() < faults.endsAtMs && chance.isLucky(faults.queue.loseTaskRate)) {
      lost.add(name);
      trace.add(`lost task ${shorten(name)}`);
      return 'created' as const;
    }
    return queues[queue].enqueue({ name, payload, runAt });
  };
  return {
    tasks: { enqueue: (task) => outside(() => enqueue(task)) },
    tellJobWritten: (jobId) => {
      eventCount += 1;
      const name = `event-${String(eventCount)}`;
      void outside(() => events.enqueue({ name, payload: jobId, runAt: null }));
    },
    isIdle: () => all.every((queue) => queue.pendingCount() + queue.activeCount() === 0),
    get lostTasks() {
      return lost.size;
    },
  };
}

interface Served {
  readonly name: string;
  readonly trigger: TaskQueueTrigger;
  readonly timeoutMs: number;
  readonly run: (payload: unknown) => Promise<unknown>;
}

function openQueue(options: DeliveryOptions, served: Served): Promise<EmbeddedQueue> {
  const { nowMs, faults, chance, fleet, trace } = options;
  let deliveries = 0;
  const isFaulty = () => nowMs() < faults.endsAtMs;
  return createEmbeddedQueue({
    name: served.name,
    trigger: served.trigger,
    clock: { now: () => new Date(nowMs()) },
    // Without luck the queue neither repeats nor delays.
    random: () => (isFaulty() ? chance.next() : 1),
    faults: faults.queue,
    folder: null,
    deliver: async ({ name, payload, retryCount }) => {
      deliveries += 1;
      const actor = `${served.name}#${String(deliveries)}`;
      const isRoutine = served.name === 'onImportJobUpdate' && retryCount === 0;
      trace.add(`deliver ${shorten(name)} as ${actor}, retry ${String(retryCount)}`, isRoutine);
      const run = () => served.run(payload);
      try {
        await fleet.run(actor, run, served.timeoutMs);
      } catch {
        // The fleet has said why; to a queue all failures are one.
        return { status: 500 };
      }
      const isAcknowledged = !isFaulty() || !chance.isLucky(faults.queue.dropAckRate);
      return { status: isAcknowledged ? 200 : 503 };
    },
    onDropped: ({ name }) => trace.add(`gave up ${shorten(name)}`),
  });
}
