import { fork } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';

const Violation = z.object({ rule: z.string(), detail: z.string() });
const Result = z.object({
  seed: z.int(),
  calls: z.int(),
  jobs: z.int(),
  statuses: z.array(z.string()),
  engagements: z.int(),
  missing: z.int(),
  duplicate: z.int(),
  foreign: z.int(),
  violations: z.array(Violation),
  steps: z.array(z.string()),
  digest: z.string(),
  stepCount: z.int(),
  virtualSeconds: z.number(),
  storedJobs: z.int(),
  renewals: z.int(),
  lostGrants: z.int(),
  faults: z.record(z.string(), z.int()),
  durationMs: z.number(),
});
/** What a worker says of a seed. */
export type SeedReport = z.infer<typeof Result>;
const Answer = z.object({
  result: Result.optional(),
  broken: z.object({ seed: z.int(), detail: z.string() }).optional(),
});

export interface RunOptions {
  readonly from: number;
  readonly count: number;
  readonly processes: number;
  /** The folder of the worker's sources: these, or a copy with something broken. */
  readonly folder: string;
  readonly onResult?: (result: SeedReport) => void;
  /** Asked after each seed: true ends the run early. */
  readonly isEnough?: (result: SeedReport) => boolean;
}

/** The real time that one seed may take before it counts as hanging. */
const hangMs = 120_000;

/** Runs seeds in processes of their own; the results are in the order of the seeds. */
export async function runSeeds(options: RunOptions): Promise<readonly SeedReport[]> {
  const results: SeedReport[] = [];
  const state = { next: options.from, isOver: false };
  const take = (): number | null => {
    if (state.isOver || state.next >= options.from + options.count) return null;
    state.next += 1;
    return state.next - 1;
  };
  const collect = (result: SeedReport): void => {
    results.push(result);
    options.onResult?.(result);
    state.isOver ||= options.isEnough?.(result) ?? false;
  };
  const workers = Math.min(options.processes, options.count);
  await Promise.all(Array.from({ length: workers }, () => work(options.folder, { take, collect })));
  return results.sort((a, b) => a.seed - b.seed);
}

interface Shift {
  readonly take: () => number | null;
  readonly collect: (result: SeedReport) => void;
}

/** One worker until no seed is left. A seed that kills or hangs its worker is reported as such. */
async function work(folder: string, { take, collect }: Shift): Promise<void> {
  for (let isOver = false; !isOver;) {
    const worker = fork(join(folder, 'worker.ts'), {
      // Most of what a world makes is gone a moment later.
      execArgv: ['--max-semi-space-size=32'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let errors = '';
    worker.stderr?.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk.toString()}`.slice(-4_000);
    });
    let seed: number | null = null;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      worker.on('message', (message) => {
        clearTimeout(timer);
        const { result, broken } = Answer.parse(message);
        if (result) collect(result);
        if (broken) collect(toBroken(broken.seed, broken.detail));
        seed = take();
        if (seed === null) {
          isOver = true;
          worker.disconnect();
          return;
        }
        timer = setTimeout(() => worker.kill('SIGKILL'), hangMs);
        worker.send({ seed });
      });
      worker.on('exit', () => resolve());
    });
    clearTimeout(timer);
    if (isOver) return;
    // It died at the seed it had; before its first, nothing can be run at all.
    if (seed === null) throw new Error(`The simulation can't be started.\n${errors}`);
    collect(toBroken(seed, errors || 'The worker hung or died without a word.'));
  }
}

function toBroken(seed: number, detail: string): SeedReport {
  return {
    ...{ seed, calls: 0, jobs: 0, statuses: [], engagements: 0 },
    ...{ missing: 0, duplicate: 0, foreign: 0, steps: [], digest: '', stepCount: 0 },
    ...{ virtualSeconds: 0, storedJobs: 0, renewals: 0, lostGrants: 0, faults: {}, durationMs: 0 },
    violations: [{ rule: 'broken', detail }],
  };
}
