import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createApiClient,
  type ApiClient,
  type JobAnswer,
} from '../../../../scripts/start/api-client.ts';
import { startRuntime, type Runtime } from '../../../local/runtime/runtime.ts';
import { sandboxEnvironment } from '../../../local/runtime/sandboxes.ts';
import type { AppPorts } from '../../../src/app.ts';
import { createUnlimitedRateLimiter } from '../../../src/kit/rate-limiter.ts';
import { startBenchSandbox, type BenchSandbox, type BenchSandboxOptions } from './bench-sandbox.ts';

/** The embedded runtime in this process, in a folder of its own that goes with it. */
export interface BenchRuntime {
  readonly runtime: Runtime;
  readonly api: ApiClient;
  /** Creates an import of everything in the sandbox's account, by default for one customer. */
  start(customerId?: string): Promise<string>;
  /** Resolves with the job when it has ended; asks for it every `pollMs`, by default 250. */
  ended(jobId: string, pollMs?: number): Promise<JobAnswer>;
  stop(): Promise<void>;
}

export interface BenchWorld extends BenchRuntime {
  readonly sandbox: BenchSandbox;
}

/** On the disk that `npm start` uses. */
const runs = join(import.meta.dirname, '../../../../.local/bench');
const usualCustomerId = 'bench';
const defaultPollMs = 250;
const stopMs = 5_000;

/** Starts a sandbox in a process of its own and the runtime in this one, without a limit between. */
export async function startBenchWorld(
  options: BenchSandboxOptions,
  changePorts: (ports: AppPorts) => AppPorts = (ports) => ports,
): Promise<BenchWorld> {
  const { platform } = options;
  const sandbox = await startBenchSandbox(options);
  const environment = {
    ...sandboxEnvironment(sandbox.origin, platform),
    createRateLimiter: createUnlimitedRateLimiter,
    rateLimits: { requestsPerSecond: 100_000, requestsPerDay: null },
  };
  const bench = await startBenchRuntime(platform, (ports) =>
    changePorts({ ...ports, environment: () => environment }),
  );
  return {
    ...bench,
    sandbox,
    async stop() {
      await bench.stop();
      sandbox.close();
    },
  };
}

/** Starts the runtime alone. */
export async function startBenchRuntime(
  platform: string,
  changePorts: (ports: AppPorts) => AppPorts,
): Promise<BenchRuntime> {
  await mkdir(runs, { recursive: true });
  const folder = await mkdtemp(join(runs, 'run-'));
  const log = createWriteStream(join(folder, 'runtime.log'));
  const runtime = await startRuntime({
    ...{ folder, port: 0, sandboxes: new Map(), changePorts },
    log: { info: () => undefined, warn: console.error, error: console.error },
    // Entries for debugging, some for each call, are left out as in a deployment.
    writeLog: (level, message, fields) => {
      if (level === 'debug') return;
      log.write(`${JSON.stringify({ level, message, fields })}\n`);
    },
  });
  const api = createApiClient(runtime.url, await runtime.tokens.issue('support'));
  return {
    runtime,
    api,
    async start(customerId = usualCustomerId) {
      const credentials = { apiKey: 'sandbox-key' };
      const body = { customerId, platform, credentials, options: { schedule: 'now' } };
      return (await api.createImport(body)).jobId;
    },
    async ended(jobId, pollMs = defaultPollMs) {
      for (;;) {
        const job = await api.getImport(jobId);
        if (job.completedAt !== null) return job;
        await sleep(pollMs);
      }
    },
    async stop() {
      await runtime.stop(stopMs);
      await finished(log.end());
      await rm(folder, { recursive: true, force: true });
    },
  };
}
