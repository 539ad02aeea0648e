import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp, createRandomId, provideApp, type App, type AppPorts } from '../../src/app.ts';
import type { ContextEnvironment } from '../../src/contexts/context.ts';
import { ImportError } from '../../src/core/errors.ts';
import type { Platform } from '../../src/core/imports/import-context.ts';
import type { Clock } from '../../src/core/ports.ts';
import { defaultSettings, type EngineSettings } from '../../src/core/settings.ts';
import { createLogs } from '../../src/gcp/logging/logs.ts';
import { createGoogleTranscriber } from '../../src/gcp/speech/google-transcriber.ts';
import { createSlackMessenger } from '../../src/notify/slack/slack-messenger.ts';
import { createFunctionHost, type FunctionHost } from '../host/function-host.ts';
import type { HostLog } from '../host/host-log.ts';
import { readHostingRewrites } from '../host/hosting-rewrites.ts';
import { startHttpServer, type HttpServer, type Mount } from '../host/http-server.ts';
import { createKeyFileSealer } from '../key-file/key-file-sealer.ts';
import { createDiskObjectStore, type DiskObjectStore } from '../object-store/disk-object-store.ts';
import { createObjectHandler } from '../object-store/object-handler.ts';
import { createEmbeddedQueues, type EmbeddedQueues } from '../queue/embedded-queues.ts';
import { createSlackSandbox, type SlackMessage } from '../sandboxes/slack/slack-sandbox.ts';
import { openEmbeddedFirestore } from '../store/embedded-firestore.ts';
import type { EmbeddedFirestore } from '../store/embedded-store.ts';
import { writeDemoDirectory } from './demo-directory.ts';
import { createDevTokens, type DevTokens } from './dev-tokens.ts';
import { openLocalKey } from './local-keys.ts';
import {
  createSpeech,
  startSandbox,
  type RunningSandbox,
  type SandboxChoice,
} from './sandboxes.ts';

export interface RuntimeOptions {
  /** Everything that is kept between runs lies below it. */
  readonly folder: string;
  /** Taken: the next free one. */
  readonly port: number;
  /** The sandbox platforms to serve, and what their accounts hold. */
  readonly sandboxes: ReadonlyMap<Platform, SandboxChoice>;
  readonly log: HostLog;
  /** Takes the engine's own log entries. */
  readonly writeLog: (level: string, message: string, fields: unknown) => unknown;
  readonly onSlackMessage?: (message: SlackMessage, change: 'posted' | 'edited') => void;
  /** How soon the journal forgets a credential that was destroyed. Default 20 seconds. */
  readonly forgetMs?: number;
  /** Replaces what the app is built from: a sandbox in another process, a port that counts. */
  readonly changePorts?: (ports: AppPorts) => AppPorts;
}

export interface Runtime {
  readonly url: string;
  readonly app: App;
  readonly tokens: DevTokens;
  readonly store: EmbeddedFirestore;
  readonly objects: DiskObjectStore;
  readonly host: FunctionHost;
  readonly running: readonly RunningSandbox[];
  /** Waits at most `limitMs` for what runs, saves everything, frees the ports. */
  stop(limitMs: number): Promise<void>;
}

const projectId = 'demo-import-engine';
const slackToken = 'xoxb-sandbox';
const slackChannel = { id: 'C0IMPORTS', name: 'imports' };
/** With the end of a job and the compaction itself well below a minute. */
const defaultForgetMs = 20_000;
const repository = join(import.meta.dirname, '../../..');

/** Waits are shorter on one machine, where a crash is noticed sooner. */
const localSettings: EngineSettings = {
  ...defaultSettings,
  leaseMs: 15_000,
  sliceMs: 5_000,
  overdueCheckMs: 5_000,
  redispatchMs: 30_000,
  backoffMs: 500,
  notifyIntervalMs: 2_000,
};

/**
 * The whole backend on this machine: the deployed functions, hosted as their descriptions say, over
 * an embedded store, queue and bucket, with sandboxes in place of the services and the platforms.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { folder, log } = options;
  const clock: Clock = { now: () => new Date() };
  const parts = await openParts(options, clock);
  const { store, objects, tokens, running, address } = parts;
  // As a deployment sets it; firebase-functions warns without.
  process.env['GCLOUD_PROJECT'] ??= projectId;
  process.env['FIREBASE_CONFIG'] ??= JSON.stringify({ projectId });
  const queues = createEmbeddedQueues();
  const ports = createLocalPorts({ ...parts, queues, clock, writeLog: options.writeLog });
  const app = createApp(options.changePorts?.(ports) ?? ports);
  provideApp(app);
  const functions = await import('../../src/index.ts');
  const stateFolder = join(folder, 'queues');
  const shared = { functions: { ...functions }, projectId, store, queues, clock, log };
  const host = await createFunctionHost({ ...shared, random: Math.random, folder: stateFolder });
  const server = await startServer(options, { ...parts, host, clock });
  address.announce(server.url);
  await writeDemoDirectory(store.firestore);
  const stop = createStop({ server, host, running, store });
  // By what is alive after a collection V8 decides how far the heap may grow until the next one; until
  // the first it goes by the machine's memory.
  globalThis.gc?.();
  return { url: server.url, app, tokens, store, objects, host, running, stop };
}

interface Parts {
  readonly store: EmbeddedFirestore;
  readonly objects: DiskObjectStore;
  readonly tokens: DevTokens;
  readonly running: readonly RunningSandbox[];
  readonly keyFile: string;
  readonly address: Address;
}

/** The real platforms are never called from here. */
const noNetwork: Partial<ContextEnvironment> = {
  fetch: () => {
    throw new ImportError({
      kind: 'unavailable',
      source: 'network',
      publicMessage: 'The sandbox of this platform is not running.',
    });
  },
};

/** Where the server is, which is known last, though what is served asks for it first. */
interface Address {
  readonly known: Promise<string>;
  url(): string;
  announce(url: string): void;
}

function createAddress(): Address {
  const { promise: known, resolve } = Promise.withResolvers<string>();
  let current = '';
  return {
    known,
    url: () => current,
    announce(url) {
      current = url;
      resolve(url);
    },
  };
}

async function openParts(options: RuntimeOptions, clock: Clock): Promise<Parts> {
  const { folder, log } = options;
  const keys = join(folder, 'keys');
  const address = createAddress();
  const store = await openEmbeddedFirestore({
    folder: join(folder, 'firestore'),
    projectId,
    forgets: { route: 'importCredentials/{id}', withinMs: options.forgetMs ?? defaultForgetMs },
    onSaveFailure: (error) => log.error(error.publicMessage, error),
  });
  const objects = createDiskObjectStore({
    folder: join(folder, 'objects'),
    signingKey: await openLocalKey(keys, 'links'),
    baseUrl: () => address.url(),
    clock,
  });
  const tokens = createDevTokens(await openLocalKey(keys, 'tokens'), clock);
  const running: RunningSandbox[] = [];
  for (const [platform, choice] of options.sandboxes) {
    const sandbox = await startSandbox({ platform, choice, folder, clock });
    if (sandbox) running.push(sandbox);
  }
  return { store, objects, tokens, running, keyFile: join(keys, 'credentials.json'), address };
}

function createLocalPorts(
  parts: Parts &
    Pick<RuntimeOptions, 'writeLog'> & { readonly queues: EmbeddedQueues; readonly clock: Clock },
): AppPorts {
  const { store, objects, queues, tokens, running, clock, address, keyFile } = parts;
  return {
    settings: () => localSettings,
    db: () => store.firestore,
    objects: async () => objects,
    queue: async () => queues.taskQueue,
    transcriber: async () =>
      createGoogleTranscriber({
        projectId,
        location: 'us-central1',
        model: 'long',
        clock,
        outputBucketPrefix: null,
        firstCheckMs: 500,
        apiEndpoint: { url: await address.known },
      }),
    sealer: async () => createKeyFileSealer({ file: keyFile }),
    messenger: async () =>
      createSlackMessenger({
        token: slackToken,
        channel: slackChannel.id,
        apiUrl: `${await address.known}/slack/api/`,
      }),
    verifyCaller: tokens.verifyCaller,
    environment: (platform) =>
      running.find((sandbox) => sandbox.platform === platform)?.environment ?? noNetwork,
    statusUrl: (jobId) => `${address.url()}/admin/imports/${jobId}`,
    clock,
    createId: createRandomId,
    random: Math.random,
    logs: createLogs({
      debug: (message, fields) => parts.writeLog('debug', message, fields),
      info: (message, fields) => parts.writeLog('info', message, fields),
      warn: (message, fields) => parts.writeLog('warn', message, fields),
      error: (message, fields) => parts.writeLog('error', message, fields),
    }),
  };
}

async function startServer(
  options: RuntimeOptions,
  parts: Pick<Parts, 'objects'> & { readonly host: FunctionHost; readonly clock: Clock },
): Promise<HttpServer> {
  const { objects, host, clock } = parts;
  const speech = createSpeech({ objects, clock, createId: createRandomId });
  const slack = createSlackSandbox({
    token: slackToken,
    channels: [slackChannel],
    now: () => clock.now(),
    ...(options.onSlackMessage && { onMessage: options.onSlackMessage }),
  });
  const firebaseJson: unknown = JSON.parse(
    await readFile(join(repository, 'firebase.json'), 'utf8'),
  );
  return startHttpServer({
    host,
    rewrites: readHostingRewrites(firebaseJson),
    mounts: [
      {
        path: '/storage',
        title: 'recordings and transcripts',
        fetch: createObjectHandler(objects),
      },
      { path: '/v2', title: 'Speech-to-Text sandbox', fetch: speech.fetch },
      below('/slack', 'Slack sandbox: the channel #imports', slack.fetch),
    ],
    port: options.port,
    log: options.log,
  });
}

/** Mounts a handler that expects to be at the root. */
function below(path: string, title: string, fetch: Mount['fetch']): Mount {
  return {
    path,
    title,
    fetch: (request) => {
      const url = new URL(request.url);
      url.pathname = url.pathname.slice(path.length) || '/';
      return fetch(new Request(url, request));
    },
  };
}

function createStop(parts: {
  readonly server: HttpServer;
  readonly host: FunctionHost;
  readonly running: readonly RunningSandbox[];
  readonly store: EmbeddedFirestore;
}): Runtime['stop'] {
  const { server, host, running, store } = parts;
  let stopping: Promise<void> | null = null;
  const stop = async (limitMs: number) => {
    // Work in flight may end first: it still needs the sandboxes and the server. What does not end
    // in time is a crash to the engine: its task is kept, its lease runs out, the next start goes on.
    await Promise.race([host.stop(), sleep(limitMs, undefined, { ref: false })]);
    await server.close(500);
    await Promise.all(running.map((sandbox) => sandbox.close()));
    await store.close();
  };
  return (limitMs) => (stopping ??= stop(limitMs));
}
