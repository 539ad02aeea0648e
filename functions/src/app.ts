import { randomInt } from 'node:crypto';
import { initializeApp } from 'firebase-admin/app';
import { getFirestore, type Firestore } from 'firebase-admin/firestore';
import { readConfig, type Config } from './config.ts';
import type { ContextEnvironment, CreatedContext } from './contexts/context.ts';
import type { PlatformRow } from './contexts/registry.ts';
import type { VerifyCaller } from './core/access.ts';
import type { ReportDrift } from './core/drift/report-drift.ts';
import type { Engine } from './core/engine.ts';
import { platformNames, platforms, type Platform } from './core/imports/import-context.ts';
import type { Logs } from './core/logs.ts';
import type { Notifier } from './core/notifications/notify-job.ts';
import type {
  Clock,
  CreateId,
  Messenger,
  ObjectStore,
  Sealer,
  TaskQueue,
  Transcriber,
} from './core/ports.ts';
import type { EngineSettings } from './core/settings.ts';
import { createLogs } from './gcp/logging/logs.ts';
import type { Sleep } from './kit/fetch.ts';
import type { CreateRateLimiter } from './kit/rate-limiter.ts';

/** What differs between the cloud and one machine. Each is built when first asked for. */
export interface AppPorts {
  readonly settings: () => EngineSettings;
  readonly db: () => Firestore;
  readonly objects: () => Promise<ObjectStore>;
  readonly queue: () => Promise<TaskQueue>;
  readonly transcriber: () => Promise<Transcriber>;
  readonly sealer: () => Promise<Sealer>;
  /** Null: no notifications. */
  readonly messenger: () => Promise<Messenger | null>;
  readonly verifyCaller: VerifyCaller;
  /** What contexts reach the platform by, and where. */
  readonly environment: (platform: Platform) => Partial<ContextEnvironment>;
  /** Where a person sees a job; null where there is no such page. */
  readonly statusUrl: (jobId: string) => string | null;
  readonly clock: Clock;
  readonly createId: CreateId;
  readonly random: () => number;
  readonly logs: Logs;
}

/** What the entry points work with. */
export interface App {
  readonly logs: Logs;
  readonly clock: Clock;
  readonly createId: CreateId;
  readonly verifyCaller: VerifyCaller;
  readonly settings: () => EngineSettings;
  engine(): Promise<Engine>;
  notifier(): Promise<Notifier>;
  platforms(): Promise<PlatformDirectory>;
}

/** The platforms as callers of the API see them. */
export interface PlatformDirectory {
  readonly rows: readonly PlatformRow[];
  /** Any spelling that we accept of a platform's name; null for an unknown one. */
  resolve(name: string): Platform | null;
  /** Null for a platform that has no context yet. */
  find(platform: Platform): PlatformContext | null;
}

export type PlatformContext = CreatedContext;

let current: App | null = null;

/** The app of this process; built for the cloud unless another was provided. */
export function getApp(): App {
  current ??= createApp(createCloudPorts());
  return current;
}

/** Replaces the app: the embedded runtime's, and tests'. */
export function provideApp(app: App): void {
  current = app;
}

/** Wires ports to use cases. Nothing is loaded or connected before it is asked for. */
export function createApp(ports: AppPorts): App {
  const { logs, clock, createId, verifyCaller, settings } = ports;
  const platforms = once(() => openPlatforms(ports));
  return {
    logs,
    clock,
    createId,
    verifyCaller,
    settings,
    platforms,
    engine: once(async () => createEngine(ports, await platforms())),
    notifier: once(() => createNotifier(ports)),
  };
}

const credentialCacheMs = 60_000;
const directoryCacheMs = 300_000;

async function createEngine(ports: AppPorts, platforms: PlatformDirectory): Promise<Engine> {
  const [{ createVault }, { createFirestoreCalls }, { createFirestoreCredentials }] =
    await Promise.all([
      import('./core/credentials/vault.ts'),
      import('./gcp/firestore/imported-calls.ts'),
      import('./gcp/firestore/import-credentials.ts'),
    ]);
  const { createFirestoreAuditLog } = await import('./gcp/firestore/audit-log.ts');
  const { createFirestoreCredentialRecords } =
    await import('./gcp/firestore/credential-records.ts');
  const { createFirestoreRotation } = await import('./gcp/firestore/key-rotation.ts');
  const { createKeyRotator } = await import('./core/credentials/rotate-keys.ts');
  const { createFirestoreDirectory } = await import('./gcp/firestore/directory.ts');
  const { createFirestoreJobs } = await import('./gcp/firestore/import-jobs.ts');
  const { sleep } = await import('./kit/fetch.ts');
  const { createFirestoreBudgets } = await import('./gcp/firestore/rate-budgets.ts');
  const { createFirestoreIdempotencyKeys } = await import('./gcp/firestore/idempotency-keys.ts');
  const { clock, createId, random, logs } = ports;
  const db = ports.db();
  const [objects, queue, transcriber, sealer] = await Promise.all([
    ports.objects(),
    ports.queue(),
    ports.transcriber(),
    ports.sealer(),
  ]);
  const reportUnreadable = (path: string): void => logs.recordUnreadable({ path });
  const store = createFirestoreCredentials(db, reportUnreadable);
  return {
    clock,
    createId,
    random,
    logs,
    settings: ports.settings(),
    jobs: createFirestoreJobs(db, reportUnreadable),
    calls: createFirestoreCalls(db),
    budgets: createFirestoreBudgets(db),
    idempotencyKeys: createFirestoreIdempotencyKeys(db),
    vault: createVault({ store, sealer, clock, createId, sleep, cacheMs: credentialCacheMs }),
    credentials: createFirestoreCredentialRecords(db),
    keys: createKeyRotator({
      ...{ sealer, clock, credentials: store },
      store: createFirestoreRotation(db),
    }),
    audit: createFirestoreAuditLog(db),
    directory: createFirestoreDirectory(db, { clock, cacheMs: directoryCacheMs }),
    objects,
    queue,
    transcriber,
    findContext: platforms.find,
  };
}

async function openPlatforms(ports: AppPorts): Promise<PlatformDirectory> {
  const { createContexts, platformRows, resolvePlatform } = await import('./contexts/registry.ts');
  const { sleep } = await import('./kit/fetch.ts');
  const { clock, random } = ports;
  const createRateLimiter = await createLimiters(ports, sleep);
  const objects = await ports.objects();
  const reportDrift = await openDriftReporter(ports);
  const find = createContexts((platform) => ({
    clock,
    random,
    sleep,
    objects,
    createRateLimiter,
    reportDrift,
    ...ports.environment(platform),
  }));
  return { rows: platformRows(), resolve: resolvePlatform, find };
}

/** One pace for each platform account, over all instances and all jobs. */
async function createLimiters(ports: AppPorts, sleep: Sleep): Promise<CreateRateLimiter> {
  const { createFirestoreBudgets } = await import('./gcp/firestore/rate-budgets.ts');
  const { createSharedRateLimiters } = await import('./kit/shared-rate-limiter.ts');
  return createSharedRateLimiters({
    store: createFirestoreBudgets(ports.db()),
    instanceId: ports.createId(),
    clock: ports.clock,
    sleep,
    customerQuotaShare: ports.settings().customerQuotaShare,
  });
}

/** One alert for each way in which a platform's answers have changed, over all instances. */
async function openDriftReporter({ db, messenger, clock, logs }: AppPorts): Promise<ReportDrift> {
  const [{ createDriftReporter }, { createFirestoreDrifts }, { toDriftMessage }] =
    await Promise.all([
      import('./core/drift/report-drift.ts'),
      import('./gcp/firestore/platform-drifts.ts'),
      import('./notify/slack/drift-message.ts'),
    ]);
  return createDriftReporter({
    ...{ drifts: createFirestoreDrifts(db()), messenger, clock, logs },
    render: (drift) => {
      const platform = platforms.find((each) => each === drift.platform);
      return toDriftMessage(drift, platform ? platformNames[platform] : drift.platform);
    },
  });
}

async function createNotifier(ports: AppPorts): Promise<Notifier> {
  const [
    { createFirestoreJobs },
    { createFirestoreNotifications },
    { createJobMessages },
    { sleep },
  ] = await Promise.all([
    import('./gcp/firestore/import-jobs.ts'),
    import('./gcp/firestore/notifications.ts'),
    import('./notify/slack/job-messages.ts'),
    import('./kit/fetch.ts'),
  ]);
  const { clock, createId, logs } = ports;
  const db = ports.db();
  return {
    jobs: createFirestoreJobs(db),
    notifications: createFirestoreNotifications(db),
    messenger: await ports.messenger(),
    render: createJobMessages({
      platformName: (platform) => platformNames[platform],
      statusUrl: ports.statusUrl,
    }),
    clock,
    sleep,
    createId,
    logs,
    intervalMs: ports.settings().notifyIntervalMs,
  };
}

/** The ports of a deployment, from its settings. */
function createCloudPorts(): AppPorts {
  const config = onceNow(readConfig);
  const clock: Clock = { now: () => new Date() };
  return {
    settings: () => config().settings,
    db: onceNow(openFirestore),
    objects: async () => {
      const { createCloudObjectStore } = await import('./gcp/storage/cloud-object-store.ts');
      const { bucketName, projectId } = config();
      return createCloudObjectStore({ bucketName, projectId, clock });
    },
    queue: () => openTaskQueue(config()),
    transcriber: () => openTranscriber(config(), clock),
    sealer: async () => {
      const { createKmsSealer } = await import('./gcp/kms/kms-sealer.ts');
      return createKmsSealer({ keyName: config().kmsKey, clock });
    },
    messenger: async () => {
      const { token, channel } = config().slack;
      if (!token || !channel) return null;
      const { createSlackMessenger } = await import('./notify/slack/slack-messenger.ts');
      return createSlackMessenger({ token, channel });
    },
    verifyCaller: async (token) => {
      const { verifyFirebaseCaller } = await import('./gcp/auth/verify-firebase-caller.ts');
      return verifyFirebaseCaller(token);
    },
    environment: (platform) => {
      const oauthApp = config().oauthApps[platform];
      return oauthApp === undefined ? {} : { oauthApp };
    },
    statusUrl: () => null,
    clock,
    createId: createRandomId,
    random: Math.random,
    logs: createLogs(),
  };
}

function openFirestore(): Firestore {
  initializeApp();
  return getFirestore();
}

async function openTaskQueue({
  projectId,
  region,
  tasksServiceAccount,
}: Config): Promise<TaskQueue> {
  const { createCloudTaskQueue } = await import('./gcp/tasks/cloud-task-queue.ts');
  return createCloudTaskQueue({
    projectId,
    location: region,
    serviceAccountEmail: tasksServiceAccount,
    functionUrl: (queue) => `https://${region}-${projectId}.cloudfunctions.net/${queue}`,
  });
}

async function openTranscriber(config: Config, clock: Clock): Promise<Transcriber> {
  const { createGoogleTranscriber } = await import('./gcp/speech/google-transcriber.ts');
  const { location, model } = config.speech;
  const { projectId } = config;
  return createGoogleTranscriber({ projectId, location, model, clock, outputBucketPrefix: null });
}

/** Runs `make` at the first call only; a failure is not kept. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
}

function onceNow<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

const idAlphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** 20 characters of [a-z0-9]: 103 bits. */
export function createRandomId(): string {
  return Array.from({ length: 20 }, () => idAlphabet.charAt(randomInt(idAlphabet.length))).join('');
}
