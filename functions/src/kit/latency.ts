import type { Clock } from '../core/ports.ts';

/** How long something takes lately. */
export interface Latency {
  /** A moving average, in milliseconds. */
  readonly ms: number;
  measure<T>(clock: Clock, work: () => Promise<T>): Promise<T>;
}

const firstGuessMs = 20;
const weight = 0.3;

/** Creates a `Latency` that starts with a guess. */
export function createLatency(): Latency {
  let ms = firstGuessMs;
  return {
    get ms() {
      return ms;
    },
    measure: async (clock, work) => {
      const beganMs = clock.now().getTime();
      const result = await work();
      ms += weight * (clock.now().getTime() - beganMs - ms);
      return result;
    },
  };
}
