import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { serveFirestore } from '../../local/grpc/firestore-server.ts';
import { createFunctionHost, type FunctionHost } from '../../local/host/function-host.ts';
import type { HostLog } from '../../local/host/host-log.ts';
import { startHttpServer } from '../../local/host/http-server.ts';
import { createOidcIssuer } from '../../local/host/oidc.ts';
import type { DeliveryFaults } from '../../local/queue/embedded-queue.ts';
import { createDiskObjectStore } from '../../local/object-store/disk-object-store.ts';
import { createEmbeddedQueues } from '../../local/queue/embedded-queues.ts';
import { createTaskQueueHandler } from '../../local/remote/remote-task-queue.ts';
import { createSpeech } from '../../local/runtime/sandboxes.ts';
import { openEmbeddedFirestore } from '../../local/store/embedded-firestore.ts';
import type { EmbeddedFirestore } from '../../local/store/embedded-store.ts';
import { createRandomId } from '../../src/app.ts';
import type { Clock, ObjectStore } from '../../src/core/ports.ts';

export interface Coordinator {
  readonly projectId: string;
  readonly store: EmbeddedFirestore;
  /** `host:port`, for FIRESTORE_EMULATOR_HOST. */
  readonly firestoreHost: string;
  /** Where workers put their tasks. */
  readonly tasksUrl: string;
  readonly speechUrl: string;
  readonly objects: ObjectStore;
  /** Signs tokens between the processes. */
  readonly sharedKey: Buffer;
  /** One run of `sweepJobs` by a worker. */
  sweep(): Promise<void>;
  stop(): Promise<void>;
}

const projectId = 'demo-kill-test';
/** 5 % of the tasks are delivered twice, half of them at the same moment; 1 % come late. */
const faults: DeliveryFaults = { duplicateRate: 0.05, lateRate: 0.01, maxLateMs: 2_000 };

/**
 * What the cloud does around the functions: the store, served over gRPC, Speech-to-Text, and the queues
 * with their journals, which deliver to whichever worker `deliverTo` names. It runs no function itself.
 */
export async function startCoordinator(options: {
  readonly folder: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly deliverTo: () => string;
  readonly log: HostLog;
}): Promise<Coordinator> {
  const { clock, log } = options;
  process.env['GCLOUD_PROJECT'] = projectId;
  process.env['FIREBASE_CONFIG'] = JSON.stringify({ projectId });
  const store = await openEmbeddedFirestore({ folder: null, projectId, emulatorHost: '' });
  const firestore = await serveFirestore(store.firestore);
  const queues = createEmbeddedQueues();
  const sharedKey = randomBytes(32);
  // The trigger is left out: it would run here, and no channel is configured for it to write to.
  const { admin, advanceJob, processCall, sweepJobs } = await import('../../src/index.ts');
  const host = await createFunctionHost({
    ...{ functions: { admin, advanceJob, processCall, sweepJobs }, projectId, store, queues },
    ...{ clock, log, random: options.random, faults, deliverTo: options.deliverTo },
    folder: join(options.folder, 'queues'),
    runsSchedules: false,
    oidc: await createOidcIssuer({ projectId, clock, sharedKey }),
  });
  const token = sharedKey.toString('hex');
  const takeTask = createTaskQueueHandler({ taskQueue: queues.taskQueue, token });
  const objects = createDiskObjectStore({
    folder: join(options.folder, 'objects'),
    signingKey: sharedKey,
    baseUrl: () => 'http://127.0.0.1',
    clock,
  });
  const speech = createSpeech({ objects, clock, createId: createRandomId });
  const mounts = [
    { path: '/tasks', fetch: takeTask },
    { path: '/v2', fetch: speech.fetch },
  ];
  const server = await startHttpServer({ host, rewrites: [], mounts, port: 0, log });
  return {
    ...{ projectId, store, objects, sharedKey, firestoreHost: firestore.host },
    tasksUrl: `${server.url}/tasks`,
    speechUrl: server.url,
    sweep: () => sweep(host),
    async stop() {
      await host.stop();
      await server.close(0);
      await firestore.close();
      await store.close();
    },
  };
}

/** A run that failed with its worker is made up for by the next. */
async function sweep(host: FunctionHost): Promise<void> {
  await host.runSchedule('sweepJobs');
}
