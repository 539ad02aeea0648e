import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { atMost, figure, type BenchResult, type BenchRow } from './bench-result.ts';
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
  const index = pathToFileURL(join(build, 'index.js')).href;
  const least = `await import('firebase-functions'); await import('firebase-admin/firestore');`;
  const baseline = await measure({ target: '', load: least, use: '' });
  const rows: BenchRow[] = [
    figure('firebase-functions and firebase-admin/firestore', baseline.loadMs, 'ms'),
    figure('their memory', baseline.megabytes, 'MB'),
  ];
  for (const [target, firstUse] of Object.entries(firstUses)) {
    const load = `const functions = await import('${index}');
      if (!functions['${target}']) throw new Error('There is no function ${target}.');`;
    const use = `const app = (await import('${index.replace('index.js', 'app.js')}')).getApp();
      ${firstUse.replace("'./", `'${index.replace('index.js', '')}`)}`;
    const found = await measure({ target, load, use });
    const ratio = found.loadMs / baseline.loadMs;
    rows.push(
      atMost(1.5, { metric: `${target}: loading, of the least`, value: ratio, unit: 'times' }),
      figure(`${target}: loading`, found.loadMs, 'ms'),
      figure(`${target}: first use, besides`, found.useMs, 'ms'),
      figure(`${target}: memory after that`, found.megabytes, 'MB'),
    );
  }
  return { name: 'cold', rows };
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

/** The middle of several runs: the first one reads from the disk. */
async function measure(program: Program): Promise<Load> {
  const loads: Load[] = [];
  for (let round = 0; round < rounds; round += 1) loads.push(await loadOnce(program));
  const middle = (name: keyof Load) =>
    percentile(
      loads.map((load) => load[name]),
      0.5,
    );
  return { loadMs: middle('loadMs'), useMs: middle('useMs'), megabytes: middle('megabytes') };
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
      FIREBASE_CONFIG: JSON.stringify({ projectId, storageBucket: `${projectId}.appspot.com` }),
    },
  });
  return Load.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}
