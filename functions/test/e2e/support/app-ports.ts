import type { AppPorts } from '../../../src/app.ts';
import { toFetch } from '../../../src/contexts/testing/fault-fetch.ts';
import { createUnlimitedRateLimiter } from '../../../src/kit/rate-limiter.ts';
import { createTestSealer } from '../../support/engine/test-sealer.ts';
import type { TestWorld } from '../../support/engine/test-world.ts';

/** The ports of an app over a test's world: its store, queue, clock and platform. */
export function createPorts(world: TestWorld, changes: Partial<AppPorts> = {}): AppPorts {
  const { engine, clock, db, sandbox } = world;
  const { settings, objects, queue, transcriber, createId, random, logs } = engine;
  return {
    ...{ clock, createId, random, logs },
    settings: () => settings,
    db: () => db,
    objects: async () => objects,
    queue: async () => queue,
    transcriber: async () => transcriber,
    sealer: async () => createTestSealer(),
    messenger: async () => null,
    verifyCaller: async () => null,
    environment: () => ({
      sleep: clock.sleep,
      fetch: toFetch(sandbox),
      createRateLimiter: createUnlimitedRateLimiter,
    }),
    statusUrl: () => null,
    ...changes,
  };
}
