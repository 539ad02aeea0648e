import { AsyncLocalStorage } from 'node:async_hooks';
import crypto from 'node:crypto';
import { createHeap } from '../../local/queue/task-heap.ts';

/**
 * Whatever runs code in a simulated world. Timers belong to the owner that set them: those of a dead
 * one never fire, those of one that is frozen fire when it thaws.
 */
export interface TimerOwner {
  readonly isDead: boolean;
  readonly frozenUntilMs: number;
}

/** For whom code runs: it follows them through promises and timers. */
export interface Caller<Owner extends TimerOwner = TimerOwner> {
  /** Null: the world itself, which neither dies nor freezes. */
  readonly owner: Owner | null;
  /** The delivery or the person. */
  readonly actor: string;
  /** Its timers fire at once: what a service waits for by itself is no part of the world. */
  readonly isInstant?: boolean;
}

/** Undefined: nobody in particular. */
export const currentCaller = new AsyncLocalStorage<Caller | undefined>();

/** Time that passes only when told to. */
export interface VirtualTime {
  nowMs(): number;
  /** Forgets every timer, and the clock stands at this instant. */
  reset(startMs: number, random: () => number): void;
  /** Lets everything settle that needs no time. */
  settle(): Promise<void>;
  /** Moves the clock to the next timer, fires it and settles; false: nothing is due until `limitMs`. */
  step(limitMs: number): Promise<boolean>;
  /** How many timers have fired since the reset. */
  readonly fired: number;
}

interface Timer {
  readonly order: number;
  readonly callback: () => void;
  readonly everyMs: number | null;
  readonly caller: Caller | undefined;
  dueMs: number;
  isOver: boolean;
}

const { setImmediate: realSetImmediate, clearImmediate: realClearImmediate } = globalThis;
const maxTurns = 100_000;

let installed: VirtualTime | null = null;

/**
 * Replaces the timers, `Date.now`, `Math.random`, `crypto.randomBytes` and `AbortSignal.timeout` of
 * this process. Must be called before the Firestore SDK is loaded, which keeps the `setTimeout` that
 * it finds then.
 */
export function installVirtualTime(): VirtualTime {
  installed ??= install();
  return installed;
}

function install(): VirtualTime {
  const timers = createTimers();
  const immediates = trackImmediates();
  const state = { nowMs: 0, fired: 0 };
  const add = (callback: () => void, ms: unknown, isRepeated: boolean) => {
    const delayMs = Math.max(0, Math.ceil(Number(ms ?? 0)) || 0);
    if (!isRepeated && isAtOnce(delayMs, state.nowMs)) return fireAtOnce(callback);
    const waitMs = Math.max(1, delayMs);
    return timers.add(callback, state.nowMs + waitMs, isRepeated ? waitMs : null);
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < maxTurns; turn += 1) {
      // Whatever waits for promises alone has happened when the next turn comes.
      await new Promise<void>((resolve) => realSetImmediate(resolve));
      if (immediates.pending === 0) return;
    }
    throw new Error('The event loop never comes to rest.');
  };
  Object.assign(globalThis, {
    setTimeout: (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
      add(() => callback(...args), ms, false),
    setInterval: (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
      add(() => callback(...args), ms, true),
    clearTimeout: timers.remove,
    clearInterval: timers.remove,
  });
  Date.now = () => state.nowMs;
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    const reason = new DOMException('The time ran out.', 'TimeoutError');
    setTimeout(() => controller.abort(reason), ms);
    return controller.signal;
  };
  // The SDK's backoff, ids and the like take chance from here.
  const bytesOfChance = (size: number) => {
    const bytes = Buffer.allocUnsafe(size);
    for (let at = 0; at < size; at += 1) bytes[at] = Math.random() * 256;
    return bytes;
  };
  numberTransactions();
  Object.assign(crypto, { randomBytes: bytesOfChance });
  return {
    nowMs: () => state.nowMs,
    get fired() {
      return state.fired;
    },
    reset(startMs, random) {
      timers.clear();
      state.nowMs = startMs;
      state.fired = 0;
      Math.random = random;
    },
    settle,
    async step(limitMs) {
      const timer = timers.take(limitMs);
      if (!timer) return false;
      state.nowMs = Math.max(state.nowMs, timer.dueMs);
      state.fired += 1;
      if (timer.everyMs !== null) timers.again(timer, state.nowMs + timer.everyMs);
      currentCaller.run(timer.caller, timer.callback);
      await settle();
      return true;
    },
  };
}

/**
 * The embedded store names each transaction by 32 bytes of the system's chance, which cost more than
 * all else that it does to begin one. Numbers are as good.
 */
function numberTransactions(): void {
  const { webcrypto } = crypto;
  const fill = webcrypto.getRandomValues.bind(webcrypto);
  let count = 0;
  const getRandomValues: typeof fill = (bytes) => {
    if (!Buffer.isBuffer(bytes)) return fill(bytes);
    count += 1;
    bytes.writeUIntBE(count, 0, 6);
    return bytes;
  };
  Object.assign(webcrypto, { getRandomValues });
}

/** A frozen owner's timers wait until it thaws, however short. */
function isAtOnce(delayMs: number, nowMs: number): boolean {
  const { owner = null, isInstant = false } = currentCaller.getStore() ?? {};
  return (delayMs === 0 || isInstant) && (owner?.frozenUntilMs ?? 0) <= nowMs;
}

function fireAtOnce(callback: () => void): TimerHandle {
  const caller = currentCaller.getStore();
  const handle = new TimerHandle({ isOver: false });
  queueMicrotask(() => {
    if (!handle.timer.isOver && !caller?.owner?.isDead) callback();
  });
  return handle;
}

/** Counts what still waits for a turn of the event loop: no time may pass before that. */
function trackImmediates(): { readonly pending: number } {
  const waiting = new Set<NodeJS.Immediate>();
  Object.assign(globalThis, {
    setImmediate: (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
      const handle = realSetImmediate(() => {
        waiting.delete(handle);
        callback(...args);
      });
      waiting.add(handle);
      return handle;
    },
    clearImmediate: (handle: NodeJS.Immediate) => {
      waiting.delete(handle);
      realClearImmediate(handle);
    },
  });
  return {
    get pending() {
      return waiting.size;
    },
  };
}

/** What `setTimeout` returns: as much of Node's own as is used. */
class TimerHandle {
  readonly timer: Pick<Timer, 'isOver'>;

  constructor(timer: Pick<Timer, 'isOver'>) {
    this.timer = timer;
  }

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

function createTimers() {
  let heap = createHeap(isBefore);
  let order = 0;
  return {
    add(callback: () => void, dueMs: number, everyMs: number | null): TimerHandle {
      order += 1;
      const caller = currentCaller.getStore();
      const timer: Timer = { order, callback, everyMs, caller, dueMs, isOver: false };
      heap.push(timer);
      return new TimerHandle(timer);
    },
    again(timer: Timer, dueMs: number): void {
      timer.dueMs = dueMs;
      heap.push(timer);
    },
    remove(handle: unknown): void {
      if (handle instanceof TimerHandle) handle.timer.isOver = true;
    },
    clear(): void {
      heap = createHeap(isBefore);
    },
    /** The next timer up to `limitMs` whose owner can run it. */
    take(limitMs: number): Timer | null {
      for (let next = heap.peek(); next && next.dueMs <= limitMs; next = heap.peek()) {
        heap.pop();
        if (next.isOver || next.caller?.owner?.isDead) continue;
        const thawsAtMs = next.caller?.owner?.frozenUntilMs ?? 0;
        if (thawsAtMs <= next.dueMs) return next;
        next.dueMs = thawsAtMs;
        heap.push(next);
      }
      return null;
    },
  };
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
