import type { ImportError } from '../../src/core/errors.ts';
import type { Clock } from '../../src/core/ports.ts';
import { openStateLog } from '../store/state-log.ts';
import type { StateLog } from '../store/state-log.ts';
import { createTokenBucket, backoffMs, isExhausted, toQueuePolicy } from './queue-policy.ts';
import type { QueuePolicy, TaskQueueTrigger } from './queue-policy.ts';
import { createHeap } from './task-heap.ts';
import { createTaskNames } from './task-names.ts';

export interface QueuedTask {
  readonly name: string;
  /** JSON. */
  readonly payload: unknown;
  /** When it was to run at first, or again. */
  readonly runAtMs: number;
  /** Deliveries before this one. */
  readonly retryCount: number;
  /** Those of them that were answered, and not with a 5xx. */
  readonly executionCount: number;
  readonly firstAttemptMs: number | null;
  /** The status that the last delivery was answered with. */
  readonly previousResponse: number | null;
}

export interface DeliveryResult {
  readonly status: number;
  /** From `Retry-After`: with a 429 or 503 the whole queue waits so long. */
  readonly retryAfterMs?: number | null;
}

/** What the real queue may do at any time, made frequent. Rates are shares, 0 to 1. */
export interface DeliveryFaults {
  /** Tasks delivered twice, half of them at the same time. */
  readonly duplicateRate: number;
  readonly lateRate: number;
  readonly maxLateMs: number;
}

export interface EmbeddedQueueOptions {
  readonly name: string;
  readonly trigger: TaskQueueTrigger;
  /** Any 2xx is done; everything else, also a rejection, is tried again. */
  deliver(task: QueuedTask): Promise<DeliveryResult>;
  readonly clock: Clock;
  /** 0 to 1, as Math.random. */
  random(): number;
  readonly faults?: DeliveryFaults;
  /** How long the name of a task that ended is refused. */
  readonly rememberNamesMs?: number;
  /** Where unfinished tasks are kept between runs; null: nowhere. */
  readonly folder?: string | null;
  /** A task was given up after its last attempt. */
  onDropped?(task: QueuedTask): void;
  onSaveFailure?(error: ImportError): void;
}

export interface EmbeddedQueue {
  enqueue(task: {
    name: string;
    payload: unknown;
    runAt: Date | null;
  }): Promise<'created' | 'duplicate'>;
  /** Tasks that wait: for their time, for a retry, or for a free place. */
  pendingCount(): number;
  activeCount(): number;
  /** Resolves when nothing waits and nothing runs. */
  drain(): Promise<void>;
  /** Resolves when all that was enqueued and ended before is saved. */
  flush(): Promise<void>;
  /** Starts nothing more, waits for what runs, saves the rest. */
  stop(): Promise<void>;
}

const defaultRememberMs = 3_600_000;
const noFaults: DeliveryFaults = { duplicateRate: 0, lateRate: 0, maxLateMs: 0 };
/** Longer waits overflow a timer. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * A task queue in this process that behaves as Cloud Tasks does: at-least-once, in no order, within
 * its rate and concurrency, with backoff. Tasks of an earlier run in `folder` are taken up again.
 */
export async function createEmbeddedQueue(options: EmbeddedQueueOptions): Promise<EmbeddedQueue> {
  const queue = new TaskQueueLoop(options);
  await queue.restore();
  return queue;
}

class TaskQueueLoop implements EmbeddedQueue {
  readonly #options: EmbeddedQueueOptions;
  readonly #policy: QueuePolicy;
  readonly #bucket: ReturnType<typeof createTokenBucket>;
  readonly #faults: DeliveryFaults;
  readonly #names;
  readonly #waiting = createHeap<HeapEntry>(
    (a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order),
  );
  #log: StateLog<QueueRecord> | null = null;
  /** What the log adds up to, in the order of the first enqueue; empty without a log. */
  readonly #unfinished = new Map<string, QueuedTask>();
  #order = 0;
  #active = 0;
  #blockedUntilMs = 0;
  #isStopped = false;
  #timer: { readonly handle: NodeJS.Timeout; readonly atMs: number } | null = null;
  #isPumpQueued = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: EmbeddedQueueOptions) {
    this.#options = options;
    this.#policy = toQueuePolicy(options.trigger);
    this.#bucket = createTokenBucket(this.#policy.perSecond);
    this.#faults = options.faults ?? noFaults;
    this.#names = createTaskNames(options.rememberNamesMs ?? defaultRememberMs);
  }

  async restore(): Promise<void> {
    const { folder, name } = this.#options;
    if (!folder) return;
    this.#log = await openStateLog<QueueRecord>({
      folder,
      name: `queue-${name}`,
      flushMs: 50,
      encode: (record) => record,
      // The queue alone writes its log.
      replay: (record) => this.#apply(record as QueueRecord),
      snapshot: () => this.#snapshot(),
      onFailure: (error) => this.#options.onSaveFailure?.(error),
    });
    for (const task of this.#unfinished.values()) {
      this.#names.claim(task.name, this.#now());
      this.#push(task, task.runAtMs);
    }
    this.#queuePump();
  }

  async enqueue(task: {
    name: string;
    payload: unknown;
    runAt: Date | null;
  }): Promise<'created' | 'duplicate'> {
    const nowMs = this.#now();
    if (!this.#names.claim(task.name, nowMs)) return 'duplicate';
    const queued: QueuedTask = {
      name: task.name,
      payload: task.payload,
      runAtMs: task.runAt?.getTime() ?? nowMs,
      retryCount: 0,
      executionCount: 0,
      firstAttemptMs: null,
      previousResponse: null,
    };
    this.#record({ type: 'task', task: queued });
    this.#push(queued, this.#latelyFrom(queued.runAtMs));
    this.#queuePump();
    return 'created';
  }

  pendingCount(): number {
    return this.#waiting.size;
  }

  activeCount(): number {
    return this.#active;
  }

  async drain(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  async flush(): Promise<void> {
    await this.#log?.flush();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer.handle);
    this.#timer = null;
    while (this.#active > 0) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    }
    await this.#log?.close();
    this.#log = null;
  }

  #now(): number {
    return this.#options.clock.now().getTime();
  }

  #isIdle(): boolean {
    return this.#active === 0 && (this.#isStopped || this.#waiting.size === 0);
  }

  #push(task: QueuedTask, dueMs: number, isExtra = false): void {
    this.#order += 1;
    this.#waiting.push({ task, dueMs, order: this.#order, isExtra });
  }

  #latelyFrom(dueMs: number): number {
    const { lateRate, maxLateMs } = this.#faults;
    if (lateRate === 0 || this.#options.random() >= lateRate) return dueMs;
    return Math.max(dueMs, this.#now()) + Math.round(this.#options.random() * maxLateMs);
  }

  /**
   * In a microtask, so that an enqueue never runs the task on its caller's stack; by a promise, since
   * fake timers take `queueMicrotask` for one of theirs.
   */
  #queuePump(): void {
    if (this.#isPumpQueued) return;
    this.#isPumpQueued = true;
    void Promise.resolve().then(() => {
      this.#isPumpQueued = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (!this.#isStopped && this.#active < this.#policy.maxConcurrent) {
      const next = this.#waiting.peek();
      if (next === undefined) return;
      const nowMs = this.#now();
      const startMs = Math.max(next.dueMs, this.#blockedUntilMs);
      const waitMs = startMs > nowMs ? startMs - nowMs : this.#bucket.take(nowMs);
      if (waitMs > 0) {
        this.#wakeIn(waitMs, nowMs);
        return;
      }
      this.#waiting.pop();
      this.#start(next);
    }
  }

  #wakeIn(waitMs: number, nowMs: number): void {
    const atMs = nowMs + Math.min(waitMs, maxTimerMs);
    if (this.#timer !== null && this.#timer.atMs <= atMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer.handle);
    const wake = (): void => {
      this.#timer = null;
      this.#pump();
    };
    this.#timer = { handle: setTimeout(wake, atMs - nowMs), atMs };
  }

  #start(entry: HeapEntry): void {
    const task: QueuedTask = {
      ...entry.task,
      firstAttemptMs: entry.task.firstAttemptMs ?? this.#now(),
    };
    const { duplicateRate, maxLateMs } = this.#faults;
    if (!entry.isExtra && duplicateRate > 0 && this.#options.random() < duplicateRate) {
      const isAtOnce = this.#options.random() < 0.5;
      const delayMs = isAtOnce ? 0 : Math.round(this.#options.random() * maxLateMs);
      this.#push(task, this.#now() + delayMs, true);
    }
    void this.#run(task, entry.isExtra);
  }

  async #run(task: QueuedTask, isExtra: boolean): Promise<void> {
    this.#active += 1;
    let result: DeliveryResult;
    try {
      result = await this.#options.deliver(task);
    } catch {
      // The far side could not be reached or broke off: for a queue that is a failure like any.
      result = { status: 500 };
    }
    this.#active -= 1;
    // An extra delivery is the queue's own fault: its outcome decides nothing.
    if (!isExtra) this.#settle(task, result);
    this.#pump();
    if (this.#isIdle()) this.#tellIdle();
  }

  #settle(task: QueuedTask, { status, retryAfterMs = null }: DeliveryResult): void {
    const nowMs = this.#now();
    if (status >= 200 && status < 300) {
      this.#end(task, nowMs);
      return;
    }
    if ((status === 429 || status === 503) && retryAfterMs !== null) {
      this.#blockedUntilMs = Math.max(this.#blockedUntilMs, nowMs + retryAfterMs);
    }
    const attempts = task.retryCount + 1;
    const sinceFirstAttemptMs = nowMs - (task.firstAttemptMs ?? nowMs);
    if (isExhausted(this.#policy, { attempts, sinceFirstAttemptMs })) {
      this.#end(task, nowMs);
      this.#options.onDropped?.(task);
      return;
    }
    const again: QueuedTask = {
      ...task,
      runAtMs: nowMs + backoffMs(this.#policy, task.retryCount),
      retryCount: attempts,
      executionCount: task.executionCount + (status < 500 ? 1 : 0),
      previousResponse: status,
    };
    this.#record({ type: 'task', task: again });
    this.#push(again, this.#latelyFrom(again.runAtMs));
  }

  #end(task: QueuedTask, nowMs: number): void {
    this.#names.release(task.name, nowMs);
    const rememberMs = this.#options.rememberNamesMs ?? defaultRememberMs;
    this.#record({ type: 'end', name: task.name, untilMs: nowMs + rememberMs });
  }

  #record(record: QueueRecord): void {
    if (this.#log === null) return;
    if (record.type === 'task') this.#unfinished.set(record.task.name, record.task);
    else this.#unfinished.delete(record.name);
    this.#log.append(record);
  }

  #apply(record: QueueRecord): void {
    if (record.type === 'task') {
      this.#unfinished.set(record.task.name, record.task);
      return;
    }
    this.#unfinished.delete(record.name);
    this.#names.remember(record.name, record.untilMs);
  }

  *#snapshot(): Generator<QueueRecord> {
    for (const task of this.#unfinished.values()) yield { type: 'task', task };
    for (const [name, untilMs] of this.#names.remembered()) yield { type: 'end', name, untilMs };
  }

  #tellIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}

/** A line of the log: a task as it waits now, or the end of one. */
type QueueRecord =
  | { readonly type: 'task'; readonly task: QueuedTask }
  | { readonly type: 'end'; readonly name: string; readonly untilMs: number };

interface HeapEntry {
  readonly task: QueuedTask;
  readonly dueMs: number;
  readonly order: number;
  /** A second delivery on purpose. */
  readonly isExtra: boolean;
}
