import type { App } from '../../src/app.ts';
import type { Chance } from './chance.ts';
import { Instance } from './instance.ts';
import type { Trace } from './trace.ts';
import { currentCaller } from './virtual-time.ts';

/** The instances that serve the functions; a dead one is replaced when next one is needed. */
export interface Fleet {
  /** Runs work in one of the instances; rejects when it dies or is over time, as the caller sees it. */
  run<T>(actor: string, work: () => Promise<T>, timeoutMs: number): Promise<T>;
  readonly deaths: number;
  /** Nothing is frozen any more. */
  thaw(): void;
}

/** Creates a fleet of up to `size` instances. */
export function createFleet(options: {
  readonly size: number;
  readonly createApp: () => App;
  readonly chance: Chance;
  readonly trace: Trace;
}): Fleet {
  const { size, chance, trace } = options;
  let instances: Instance[] = [];
  let created = 0;
  let deaths = 0;

  function findOne(): Instance {
    const alive = instances.filter((instance) => !instance.isDead);
    deaths += instances.length - alive.length;
    instances = alive;
    const slot = chance.between(0, size - 1);
    const chosen = instances[slot];
    if (chosen) return chosen;
    created += 1;
    const fresh = new Instance(`i${String(created)}`, options.createApp);
    instances.push(fresh);
    return fresh;
  }

  return {
    get deaths() {
      return deaths;
    },
    thaw: () => {
      for (const instance of instances) instance.frozenUntilMs = 0;
    },
    async run(actor, work, timeoutMs) {
      const instance = findOne();
      const { promise: over, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error('Over time.')), timeoutMs);
      void instance.died.then(() => reject(new Error('The instance died.')));
      const name = `${instance.name}/${actor}`;
      const working = currentCaller.run({ owner: instance, actor: name }, work);
      try {
        return await Promise.race([working, over]);
      } catch (error) {
        trace.add(`${name} failed: ${error instanceof Error ? error.message : 'unknown'}`);
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
