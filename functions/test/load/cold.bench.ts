import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { atMost, figure, type BenchResult } from './bench-result.ts';
import { percentile } from './support/measure.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../../..');
const build = join(repository, '.local/bench/lib');
const rounds = 7;

/**
 * What each function does at its first use: the modules that it loads by itself, and the engine or
 * the notifier with all its clients. Nothing here talks to the network.
 */
const firstUses: Readonly<Record<string, string>> = {
  admin: `await import('./entrypoints/admin/answer-request.js'); await app.engine();`,
  advanceJob: `await import('./core/imports/advance-job.js'); await app.engine();`,
  processCall: `await import('./core/imports/process-call.js'); await app.engine();`,
  sweepJobs: `await import('./core/imports/sweep.js'); await app.engine();`,
  processImportQueue: `await import('./core/imports/nightly.js'); await app.engine();`,
  onImportJobUpdate: `await import('./core/notifications/notify-job.js'); await app.notifier();`,
};

const Load = z.object({ loadMs: z.number(), useMs: z.number(), megabytes: z.number() });
type Load = z.infer<typeof Load>;

/**
 * Loads the compiled functions as a deployment does, each alone in a new process, against the least
 * that any such function needs: firebase-functions and the Firestore SDK.
 */
export async function runCold(): Promise<BenchResult> {
  await compile();
  const least = `await import('firebase-functions'); await import('firebase-admin/firestore');`;
  const programs = [
    { target: '', load: least, use: '' },
    ...Object.entries(firstUses).map(([target, firstUse]) => toProgram(target, firstUse)),
  ];
  const [baseline = [], ...functions] = await measureAll(programs);
  const rows = Object.keys(firstUses).flatMap((target, index) => {
    const loads = functions[index] ?? [];
    // Against the least of the same round: what else the machine does slows both.
    const ratios = loads.map(({ loadMs }, round) => loadMs / (baseline[round]?.loadMs ?? 0));
    const ratio = percentile(ratios, 0.5);
    return [
      atMost(1.5, { metric: `${target}: loading, of the least`, value: ratio, unit: 'times' }),
      figure(`${target}: loading`, middle(loads, 'loadMs'), 'ms'),
      figure(`${target}: first use, besides`, middle(loads, 'useMs'), 'ms'),
      figure(`${target}: memory after that`, middle(loads, 'megabytes'), 'MB'),
    ];
  });
  const name = 'firebase-functions and firebase-admin/firestore';
  return {
    name: 'cold',
    rows: [
      figure(name, middle(baseline, 'loadMs'), 'ms'),
      figure('their memory', middle(baseline, 'megabytes'), 'MB'),
      ...rows,
    ],
  };
}

function toProgram(target: string, firstUse: string): Program {
  const urlOf = (path: string) => pathToFileURL(join(build, path)).href;
  return {
    target,
    load: `const functions = await import('${urlOf('index.js')}');
      if (!functions['${target}']) throw new Error('There is no function ${target}.');`,
    use: `const app = (await import('${urlOf('app.js')}')).getApp();
      ${firstUse.replace("'./", `'${urlOf('')}/`)}`,
  };
}

/** Into a folder of its own: what is deployed is not touched. Types are the business of `npm test`. */
async function compile(): Promise<void> {
  await rm(build, { recursive: true, force: true });
  await mkdir(build, { recursive: true });
  const compiler = join(repository, 'node_modules/typescript/bin/tsc');
  const settings = join(repository, 'functions/tsconfig.build.json');
  const args = [compiler, '-p', settings, '--outDir', build, '--noEmitOnError', 'false'];
  await run(process.execPath, args).catch(async (error: unknown) => {
    // Half-written work elsewhere is reported and does not keep the rest from being measured.
    const isCompiled = await readFile(join(build, 'index.js')).catch(() => null);
    if (!isCompiled) throw error;
  });
}

interface Program {
  readonly target: string;
  readonly load: string;
  readonly use: string;
}

/** Each program once in every round; the first round reads from the disk and is left out. */
async function measureAll(programs: readonly Program[]): Promise<readonly (readonly Load[])[]> {
  const loads = programs.map((): Load[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, program] of programs.entries()) {
      const load = await loadOnce(program);
      if (round > 0) loads[index]?.push(load);
    }
  }
  return loads;
}

function middle(loads: readonly Load[], name: keyof Load): number {
  return percentile(
    loads.map((load) => load[name]),
    0.5,
  );
}

async function loadOnce({ target, load, use }: Program): Promise<Load> {
  const program = `const startedAt = performance.now();
    ${load}
    const loadedAt = performance.now();
    ${use}
    const loadMs = loadedAt - startedAt;
    const useMs = performance.now() - loadedAt;
    const megabytes = process.memoryUsage.rss() / 2 ** 20;
    console.log(JSON.stringify({ loadMs, useMs, megabytes }));
    process.exit();`;
  const projectId = 'demo-bench';
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(repository, 'functions'),
    env: {
      ...process.env,
      ...{ FUNCTION_TARGET: target, K_SERVICE: target, GCLOUD_PROJECT: projectId },
      // A deployed function starts without.
      NODE_DISABLE_COMPILE_CACHE: '1',
      FIREBASE_CONFIG: JSON.stringify({ projectId, storageBucket: `${projectId}.appspot.com` }),
    },
  });
  return Load.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}
