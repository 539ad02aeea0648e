import { AsyncLocalStorage } from 'node:async_hooks';
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

const realSetImmediate = globalThis.setImmediate;
/** Turns of the event loop in a row in which no timer was set: then nothing is on its way any more. */
const quietTurns = 3;
const maxTurns = 100_000;

let installed: VirtualTime | null = null;

/**
 * Replaces the timers, `Date.now`, `Math.random` and `AbortSignal.timeout` of this process. Must be
 * called before the Firestore SDK is loaded, which keeps the `setTimeout` that it finds then.
 */
export function installVirtualTime(): VirtualTime {
  installed ??= install();
  return installed;
}

function install(): VirtualTime {
  const timers = createTimers();
  const state = { nowMs: 0, fired: 0 };
  const add = (callback: () => void, ms: unknown, isRepeated: boolean) => {
    const delayMs = Math.max(1, Math.ceil(Number(ms ?? 0)) || 1);
    return timers.add(callback, state.nowMs + delayMs, isRepeated ? delayMs : null);
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
  return {
    nowMs: () => state.nowMs,
    get fired() {
      return state.fired;
    },
    reset(startMs, random) {
      timers.clear();
      state.nowMs = startMs;
      state.fired = 0;
      // The SDK's backoff and the like take chance from here.
      Math.random = random;
    },
    settle: () => settle(timers),
    async step(limitMs) {
      const timer = timers.take(limitMs);
      if (!timer) return false;
      state.nowMs = Math.max(state.nowMs, timer.dueMs);
      state.fired += 1;
      if (timer.everyMs !== null) timers.again(timer, state.nowMs + timer.everyMs);
      currentCaller.run(timer.caller, timer.callback);
      await settle(timers);
      return true;
    },
  };
}

async function settle(timers: ReturnType<typeof createTimers>): Promise<void> {
  let quiet = 0;
  let seen = timers.changes;
  for (let turn = 0; turn < maxTurns; turn += 1) {
    await new Promise<void>((resolve) => realSetImmediate(resolve));
    quiet = timers.changes === seen ? quiet + 1 : 0;
    seen = timers.changes;
    if (quiet >= quietTurns) return;
  }
  throw new Error('The event loop never comes to rest.');
}

/** What `setTimeout` returns: as much of Node's own as is used. */
class TimerHandle {
  readonly timer: Timer;

  constructor(timer: Timer) {
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
  let changes = 0;
  const push = (timer: Timer): void => {
    changes += 1;
    heap.push(timer);
  };
  return {
    get changes() {
      return changes;
    },
    add(callback: () => void, dueMs: number, everyMs: number | null): TimerHandle {
      order += 1;
      const caller = currentCaller.getStore();
      const timer: Timer = { order, callback, everyMs, caller, dueMs, isOver: false };
      push(timer);
      return new TimerHandle(timer);
    },
    again(timer: Timer, dueMs: number): void {
      timer.dueMs = dueMs;
      push(timer);
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
        push(next);
      }
      return null;
    },
  };
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
