import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { tagLength, type WorkerConfig, type WorkerReady } from './worker-config.ts';

export interface WorkerPoolOptions {
  readonly workers: number;
  readonly config: Omit<WorkerConfig, 'tag'>;
  /** `host:port` of the store. */
  readonly firestoreHost: string;
  /** A worker ended though nobody killed it. */
  readonly onCrash: (crash: { tag: string; code: number | null }) => void;
}

interface Worker {
  readonly tag: string;
  readonly process: ChildProcess;
  /** Null until it serves. */
  url: string | null;
}

/** The processes that host the functions: as many as were asked for, each replaced when it is killed. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  #workers: readonly Worker[] = [];
  #started = 0;
  #turn = 0;
  #isStopped = false;
  #onReady: () => void = () => undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** Starts the workers; resolves when all serve. */
  async start(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onReady = () => {
      if (this.#serving().length === this.#options.workers) resolve();
    };
    for (let count = 0; count < this.#options.workers; count += 1) this.#startOne();
    await promise;
  }

  /** The base URL of the worker whose turn it is. @throws Error while none serves */
  next(): string {
    const serving = this.#serving();
    this.#turn += 1;
    const url = serving[this.#turn % serving.length]?.url;
    if (!url) throw new Error('No worker serves at the moment.');
    return url;
  }

  /** How many serve now. */
  servingCount(): number {
    return this.#serving().length;
  }

  /** SIGKILLs one that serves, starts another, and returns its tag; null while none serves. */
  killOne(random: () => number): string | null {
    const serving = this.#serving();
    const victim = serving[Math.floor(random() * serving.length)];
    if (!victim) return null;
    this.#remove(victim);
    victim.process.kill('SIGKILL');
    this.#startOne();
    return victim.tag;
  }

  /** Kills them all; resolves when they are gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(
      workers.map(async ({ process: child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await exited;
      }),
    );
  }

  #serving(): readonly Worker[] {
    return this.#workers.filter(({ url }) => url !== null);
  }

  #startOne(): void {
    if (this.#isStopped) return;
    const { config, firestoreHost, onCrash } = this.#options;
    const tag = toTag(this.#started);
    this.#started += 1;
    const child = forkWorker({ config: { ...config, tag }, firestoreHost });
    const worker: Worker = { tag, process: child, url: null };
    this.#workers = [...this.#workers, worker];
    child.once('message', (message) => {
      // A worker sends this one message.
      worker.url = (message as WorkerReady).url;
      this.#onReady();
    });
    child.once('exit', (code) => {
      if (!this.#workers.includes(worker)) return;
      this.#remove(worker);
      onCrash({ tag, code });
      this.#startOne();
    });
  }

  #remove(worker: Worker): void {
    this.#workers = this.#workers.filter((other) => other !== worker);
  }
}

/** `w000`, `w001`…: what ids of a worker begin with. */
function toTag(index: number): string {
  return `w${index.toString(36).padStart(tagLength - 1, '0')}`;
}

function forkWorker(options: { config: WorkerConfig; firestoreHost: string }): ChildProcess {
  const { config, firestoreHost } = options;
  const { projectId, folder, tag } = config;
  const log = openSync(join(folder, `worker-${tag}.log`), 'w');
  const child = fork(join(import.meta.dirname, 'worker.ts'), {
    execArgv: [],
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      GCLOUD_PROJECT: projectId,
      FIREBASE_CONFIG: JSON.stringify({ projectId }),
      FIRESTORE_EMULATOR_HOST: firestoreHost,
      // The client would ask whether it runs in the cloud.
      METADATA_SERVER_DETECTION: 'none',
    },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  child.send(config);
  return child;
}
