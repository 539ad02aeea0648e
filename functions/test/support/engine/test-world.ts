import { createHash, randomBytes } from 'node:crypto';
import type { Firestore } from 'firebase-admin/firestore';
import { openEmbeddedFirestore } from '../../../local/store/embedded-firestore.ts';
import { createGrainSandbox } from '../../../src/contexts/grain/grain.sandbox.ts';
import { createContexts } from '../../../src/contexts/registry.ts';
import { createFakeClock, type FakeClock } from '../../../src/contexts/testing/fake-clock.ts';
import { toFetch } from '../../../src/contexts/testing/fault-fetch.ts';
import { createKeyRotator } from '../../../src/core/credentials/rotate-keys.ts';
import { createVault } from '../../../src/core/credentials/vault.ts';
import type { Engine } from '../../../src/core/engine.ts';
import type { ImportContext, Platform } from '../../../src/core/imports/import-context.ts';
import type { NewTask, ObjectStore, Sealer } from '../../../src/core/ports.ts';
import { defaultSettings, type EngineSettings } from '../../../src/core/settings.ts';
import { createFirestoreAuditLog } from '../../../src/gcp/firestore/audit-log.ts';
import { createFirestoreCredentialRecords } from '../../../src/gcp/firestore/credential-records.ts';
import { createFirestoreRotation } from '../../../src/gcp/firestore/key-rotation.ts';
import { createFirestoreDirectory } from '../../../src/gcp/firestore/directory.ts';
import { createFirestoreBudgets } from '../../../src/gcp/firestore/rate-budgets.ts';
import { createFirestoreIdempotencyKeys } from '../../../src/gcp/firestore/idempotency-keys.ts';
import { createFirestoreCalls } from '../../../src/gcp/firestore/imported-calls.ts';
import { createFirestoreCredentials } from '../../../src/gcp/firestore/import-credentials.ts';
import { createFirestoreJobs } from '../../../src/gcp/firestore/import-jobs.ts';
import type { Fetch } from '../../../src/kit/fetch.ts';
import { createUnlimitedRateLimiter } from '../../../src/kit/rate-limiter.ts';
import type { PlatformSandbox } from '../../../src/kit/sandbox.ts';
import { shortenFirestoreBackoff } from './impatient-backoff.ts';
import { meterFirestore, type FirestoreMeter } from './firestore-meter.ts';
import { createMemoryObjectStore, type MemoryObjectStore } from './memory-object-store.ts';
import { createRecordedLogs, type LoggedEvent } from './recorded-logs.ts';
import {
  createScriptedTranscriber,
  type ScriptedTranscriber,
  type TranscriberScript,
} from './scripted-transcriber.ts';
import { createSteppedQueue, type SteppedQueue } from './stepped-queue.ts';
import { createTestSealer } from './test-sealer.ts';

/** A real engine with everything around it in the hands of a test. */
export interface TestWorld {
  readonly engine: Engine;
  /** The engine of another process: it shares the database and nothing that is kept in memory. */
  readonly openInstance: () => Engine;
  readonly clock: FakeClock;
  readonly queue: SteppedQueue;
  readonly db: Firestore;
  readonly meter: FirestoreMeter;
  /** The Grain account that the engine imports from. */
  readonly sandbox: PlatformSandbox;
  readonly objects: MemoryObjectStore;
  readonly transcriber: ScriptedTranscriber;
  readonly events: readonly LoggedEvent[];
  /** What tasks threw. */
  readonly thrown: unknown[];
}

export interface WorldOptions {
  /** Calls in the Grain account; default 25. */
  readonly calls?: number;
  readonly pageSize?: number;
  readonly faults?: readonly string[];
  readonly startAt?: string;
  readonly settings?: Partial<EngineSettings>;
  /** Stands in for a platform of the registry. */
  readonly context?: ImportContext;
  readonly transcription?: TranscriberScript;
  readonly loses?: (task: NewTask) => boolean;
  readonly wrapFetch?: (fetch: Fetch) => Fetch;
  readonly store?: ObjectStore;
  readonly sealer?: Sealer;
}

export const customerId = 'customer-1';
export const sandboxKey = 'sandbox-key';
const minuteMs = 60_000;

/** Opens a world; each has a database of its own, in memory. */
export async function openWorld(options: WorldOptions = {}): Promise<TestWorld> {
  shortenFirestoreBackoff();
  const clock = createFakeClock(options.startAt);
  const { firestore: db } = await openEmbeddedFirestore({
    folder: null,
    projectId: `flows-${randomBytes(6).toString('hex')}`,
  });
  const meter = meterFirestore(db);
  const sandbox = createGrainSandbox({
    calls: options.calls ?? 25,
    seed: 7,
    now: () => clock.now(),
    pageSize: options.pageSize ?? 10,
    requestsPerMinute: 1_000_000,
    faults: options.faults ?? [],
    origin: () => 'https://api.grain.com',
  });
  const queue = createSteppedQueue(options.loses ? { loses: options.loses } : {});
  const transcriber = createScriptedTranscriber(options.transcription);
  const { logs, events } = createRecordedLogs();
  const objects = createMemoryObjectStore();
  const store = options.store ?? objects;
  const createId = createIds();
  const sealer = options.sealer ?? createTestSealer();
  const reportUnreadable = (path: string): void => logs.recordUnreadable({ path });
  const findContext = createContexts(() => ({
    ...{ clock, sleep: clock.sleep, random: () => 0.5, objects: store },
    fetch: (options.wrapFetch ?? ((fetch) => fetch))(toFetch(sandbox)),
    createRateLimiter: createUnlimitedRateLimiter,
    rateLimits: { requestsPerSecond: 100_000, requestsPerDay: null },
  }));
  const openVault = () =>
    createVault({
      ...{ clock, createId, sleep: clock.sleep, cacheMs: minuteMs, sealer },
      store: createFirestoreCredentials(db, reportUnreadable),
    });
  const engine: Engine = {
    ...{ clock, createId, logs, objects: store, queue: queue.port, transcriber: transcriber.port },
    random: () => 0.5,
    settings: { ...defaultSettings, ...options.settings },
    jobs: createFirestoreJobs(db, reportUnreadable),
    calls: createFirestoreCalls(db),
    budgets: createFirestoreBudgets(db),
    idempotencyKeys: createFirestoreIdempotencyKeys(db),
    vault: openVault(),
    credentials: createFirestoreCredentialRecords(db),
    keys: createKeyRotator({
      ...{ sealer, clock, credentials: createFirestoreCredentials(db) },
      store: createFirestoreRotation(db),
    }),
    audit: createFirestoreAuditLog(db),
    directory: createFirestoreDirectory(db, { clock, cacheMs: 5 * minuteMs }),
    findContext: (platform: Platform) =>
      options.context?.platform === platform ? options.context : findContext(platform),
  };
  return {
    ...{ engine, clock, queue, db, meter, sandbox, objects, transcriber, events },
    openInstance: () => ({ ...engine, vault: openVault() }),
    thrown: [],
  };
}

/** Ids that are the same in every run, so that runs can be compared. */
function createIds(): () => string {
  let count = 0;
  return () => {
    count += 1;
    return createHash('sha256').update(String(count)).digest('hex').slice(0, 20);
  };
}
