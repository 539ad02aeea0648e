import { createRandom } from '../../src/contexts/testing/sandbox-random.ts';

/** Chance in the forms in which a simulation needs it; the same seed and stream give the same. */
export interface Chance {
  /** At least 0, less than 1. */
  next(): number;
  /** True in this share of all cases. */
  isLucky(rate: number): boolean;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
}

/** Streams do not disturb each other: one more draw of one leaves the others as they were. */
const streams = { scenario: 1, faults: 2, latency: 3, staff: 4, queue: 5, engine: 6 } as const;

/** Creates one stream of a seed's chance. */
export function createChance(seed: number, stream: keyof typeof streams): Chance {
  const next = createRandom(seed, streams[stream]);
  return {
    next,
    isLucky: (rate) => next() < rate,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
  };
}
