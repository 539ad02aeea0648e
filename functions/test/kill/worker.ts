/**
 * A process that hosts the deployed functions as an instance of Cloud Functions would, until it is
 * killed: the store, the queues and the platform are in other processes.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initializeApp } from 'firebase-admin/app';
import { getFirestore } from 'firebase-admin/firestore';
import { createFunctionHost } from '../../local/host/function-host.ts';
import { readHostingRewrites } from '../../local/host/hosting-rewrites.ts';
import { startHttpServer } from '../../local/host/http-server.ts';
import { createOidcIssuer } from '../../local/host/oidc.ts';
import { createKeyFileSealer } from '../../local/key-file/key-file-sealer.ts';
import { createDiskObjectStore } from '../../local/object-store/disk-object-store.ts';
import { createEmbeddedQueues } from '../../local/queue/embedded-queues.ts';
import { createRemoteTaskQueue } from '../../local/remote/remote-task-queue.ts';
import { createDevTokens } from '../../local/runtime/dev-tokens.ts';
import { sandboxEnvironment } from '../../local/runtime/sandboxes.ts';
import { createApp, createRandomId, provideApp, type App } from '../../src/app.ts';
import type { Clock } from '../../src/core/ports.ts';
import { createLogs } from '../../src/gcp/logging/logs.ts';
import { createGoogleTranscriber } from '../../src/gcp/speech/google-transcriber.ts';
import { createUnlimitedRateLimiter } from '../../src/kit/rate-limiter.ts';
import { tagLength, type WorkerConfig, type WorkerReady } from './worker-config.ts';

const clock: Clock = { now: () => new Date() };

async function start(config: WorkerConfig): Promise<WorkerReady> {
  const { projectId } = config;
  provideApp(createWorkerApp(config));
  const functions = await import('../../src/index.ts');
  const sharedKey = Buffer.from(config.sharedKey, 'hex');
  const host = await createFunctionHost({
    functions: { ...functions },
    projectId,
    // Nothing starts here: tasks, schedules and requests come over HTTP.
    store: { onDocumentWritten: () => () => undefined },
    queues: createEmbeddedQueues(),
    runsSchedules: false,
    clock,
    random: Math.random,
    folder: null,
    instances: 1,
    oidc: await createOidcIssuer({ projectId, clock, sharedKey }),
    log: console,
  });
  const repository = join(import.meta.dirname, '../../..');
  const firebaseJson: unknown = JSON.parse(
    await readFile(join(repository, 'firebase.json'), 'utf8'),
  );
  const rewrites = readHostingRewrites(firebaseJson);
  const { url } = await startHttpServer({ host, rewrites, mounts: [], port: 0, log: console });
  return { url };
}

/** As `app.ts` wires the cloud, with what stands in for it on this machine. */
function createWorkerApp(config: WorkerConfig): App {
  const { projectId, folder, tag } = config;
  const signingKey = Buffer.from(config.sharedKey, 'hex');
  initializeApp({ projectId });
  const objects = createDiskObjectStore({
    folder: join(folder, 'objects'),
    signingKey,
    baseUrl: () => 'http://127.0.0.1',
    clock,
  });
  return createApp({
    settings: () => config.settings,
    db: getFirestore,
    objects: async () => objects,
    queue: async () => createRemoteTaskQueue({ url: config.tasksUrl, token: config.sharedKey }),
    transcriber: async () =>
      createGoogleTranscriber({
        ...{ projectId, location: 'us-central1', model: 'long', clock },
        ...{ outputBucketPrefix: null, firstCheckMs: 500 },
        apiEndpoint: { url: config.speechUrl },
      }),
    sealer: async () => createKeyFileSealer({ file: join(folder, 'credentials.json') }),
    messenger: async () => null,
    verifyCaller: createDevTokens(signingKey, clock).verifyCaller,
    environment: (platform) => ({
      ...sandboxEnvironment(config.sandboxOrigin, platform),
      createRateLimiter: createUnlimitedRateLimiter,
      rateLimits: { requestsPerSecond: 100_000, requestsPerDay: null },
    }),
    statusUrl: () => null,
    clock,
    createId: () => `${tag}${createRandomId().slice(tagLength)}`,
    random: Math.random,
    logs: createLogs(),
  });
}

// A coordinator that is gone, however it ended, takes its workers with it.
process.once('disconnect', () => process.exit(0));
process.once('message', (config) => {
  // The coordinator alone has this channel, and sends this one message.
  start(config as WorkerConfig).then(
    (ready) => process.send?.(ready),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
