import type { Sleep } from '../../kit/fetch.ts';

/** A clock that stands still until somebody sleeps or moves it. */
export interface FakeClock {
  now(): Date;
  advance(ms: number): void;
  /** Returns at once, and the clock is later. */
  readonly sleep: Sleep;
  /** How long each sleep was, in milliseconds. */
  readonly slept: readonly number[];
}

/** Creates a clock at an instant that is no round number of anything. */
export function createFakeClock(start = '2025-11-20T10:17:23.456Z'): FakeClock {
  let nowMs = Date.parse(start);
  const slept: number[] = [];
  const advance = (ms: number): void => {
    nowMs += ms;
  };
  return {
    advance,
    slept,
    now: () => new Date(nowMs),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      advance(ms);
      // A turn of the event loop, so that whoever else is runnable runs.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
