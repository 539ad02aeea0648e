import { fork } from 'node:child_process';
import { join } from 'node:path';
import { sandboxes } from '../../../src/contexts/testing/sandboxes.ts';
import type { Platform } from '../../../src/core/imports/import-context.ts';
import { serveSandbox, type SandboxCall } from '../../../src/kit/sandbox.ts';

export interface BenchSandboxOptions {
  readonly platform: Platform;
  readonly calls: number;
  readonly seed: number;
  /** About this many bytes in each recording; null: short spoken clips. */
  readonly mediaBytes: number | null;
}

/** Requests that the sandbox has answered, by what they asked for. */
export interface SandboxTraffic {
  readonly requests: number;
  /** Of them those for a recording: the link, and the bytes behind it. */
  readonly downloads: number;
  readonly limitHits: number;
}

/** A sandbox in a process of its own, so that its memory and time are not the engine's. */
export interface BenchSandbox {
  readonly origin: string;
  traffic(): Promise<SandboxTraffic>;
  truth(): Promise<readonly SandboxCall[]>;
  close(): void;
}

const script = join(import.meta.dirname, '../../../../scripts/bench.ts');
/** High enough that only our own speed limits an import. */
const requestsPerMinute = 100_000_000;

/** Starts a process that serves a sandbox. */
export async function startBenchSandbox(options: BenchSandboxOptions): Promise<BenchSandbox> {
  // A profile of the engine's process is not one of the sandbox's.
  const child = fork(script, ['--sandbox', JSON.stringify(options)], { execArgv: [] });
  const answer = <T>(question: string): Promise<T> =>
    new Promise((resolve, reject) => {
      child.once('exit', () => reject(new Error('The sandbox process has ended.')));
      // The other side, below, answers each question with what is asked for.
      child.once('message', (message) => resolve(message as T));
      if (question !== '') child.send(question);
    });
  const origin = await answer<string>('');
  return {
    origin,
    traffic: () => answer('traffic'),
    truth: async () => {
      const calls = await answer<readonly SandboxCall[]>('truth');
      return calls.map((call) => ({ ...call, startedAt: new Date(call.startedAt) }));
    },
    close: () => void child.kill(),
  };
}

/** The other side: serves the sandbox and answers its parent until that one goes away. */
export async function serveBenchSandbox(options: BenchSandboxOptions): Promise<void> {
  const { platform, calls, seed, mediaBytes } = options;
  const create = sandboxes[platform];
  if (!create) throw new Error(`There is no sandbox of ${platform}.`);
  const sandbox = create({
    ...{ calls, seed, requestsPerMinute },
    ...(mediaBytes !== null && { mediaBytes }),
    now: () => new Date(),
  });
  const served = await serveSandbox(sandbox, { port: 0 });
  process.on('message', (question) => {
    process.send?.(question === 'truth' ? sandbox.truth() : countTraffic(sandbox));
  });
  process.on('disconnect', () => process.exit());
  process.send?.(served.origin);
}

function countTraffic({
  requests,
  limitHits,
}: {
  readonly requests: readonly { readonly path: string }[];
  readonly limitHits: number;
}): SandboxTraffic {
  const downloads = requests.filter(({ path }) => /^\/media|\/download$/.test(path)).length;
  return { requests: requests.length, downloads, limitHits };
}
