import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { HostLog } from '../../local/host/host-log.ts';
import { createDevTokens } from '../../local/runtime/dev-tokens.ts';
import type { Clock } from '../../src/core/ports.ts';
import { defaultSettings, type EngineSettings } from '../../src/core/settings.ts';
import { checkOutcome, readOutcome, toCheck, type Check, type Outcome } from './checks.ts';
import { startCoordinator, type Coordinator } from './coordinator.ts';
import { serveCountedSandbox, type CountedSandbox } from './counted-sandbox.ts';
import { watchLeases, type LeaseWatch } from './lease-watch.ts';
import { createRandom } from './random.ts';
import { WorkerPool } from './worker-pool.ts';

export interface KillTestOptions {
  readonly calls: number;
  readonly workers: number;
  readonly seed: number;
  /** Milliseconds between kills: at least, at most; each waits until all workers serve again. */
  readonly killEveryMs: readonly [number, number];
  readonly sweepEveryMs: number;
  /** What differs from the deployed settings. */
  readonly settings?: Partial<EngineSettings>;
  /** An import that has not ended by then has failed. */
  readonly limitMs: number;
  readonly onProgress?: (progress: KillTestProgress) => void;
  /** Ends the test early, with all its processes. */
  readonly signal?: AbortSignal;
}

export interface KillTestProgress {
  readonly elapsedMs: number;
  readonly engagements: number;
  readonly kills: number;
  readonly serving: number;
}

export interface KillTestReport {
  readonly passed: boolean;
  readonly calls: number;
  readonly workers: number;
  readonly seed: number;
  /** From the import's creation to its end. */
  readonly durationSeconds: number;
  readonly kills: number;
  /** Calls that a worker held when it was killed. */
  readonly callsHeldAtKills: number;
  /** Bytes of recordings that were downloaded again, in percent of all bytes. */
  readonly redownloadedPercent: number;
  /** From a kill until another worker claimed a call that was held; null when nothing was held. */
  readonly longestTakeUpSeconds: number | null;
  /** The same of the job itself. */
  readonly longestJobTakeUpSeconds: number | null;
  readonly checks: readonly Check[];
}

export const bounds = { redownloadedPercent: 5, takeUpSeconds: 120 } as const;

const customerId = 'kill-test';
const clock: Clock = { now: () => new Date() };
const now = (): number => clock.now().getTime();
const pollMs = 200;
const progressEveryMs = 2_000;
/** The one-off credential is destroyed after the end is written, by the sweep if need be. */
const settleMs = 90_000;

/** One import under kills: everything runs from its start to its end in a folder of its own. */
export async function runKillTest(options: KillTestOptions): Promise<KillTestReport> {
  const folder = await mkdtemp(join(tmpdir(), 'kill-test-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    return await runIn(folder, options, closers);
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

interface Run {
  readonly options: KillTestOptions;
  readonly coordinator: Coordinator;
  readonly sandbox: CountedSandbox;
  readonly pool: WorkerPool;
  readonly crashes: string[];
  readonly droppedTasks: string[];
}

async function runIn(
  folder: string,
  options: KillTestOptions,
  closers: (() => Promise<unknown>)[],
): Promise<KillTestReport> {
  const run = await startAll(folder, options, closers);
  const { store } = run.coordinator;
  const calls = watchLeases({ store, route: 'importedCalls/{id}', now });
  const jobs = watchLeases({ store, route: 'importJobs/{id}', now });
  const startedAtMs = now();
  const jobId = await createImport(run);
  const { kills, endedAtMs } = await killUntilItEnds(run, { jobId, startedAtMs, calls, jobs });
  await settle(run);
  const outcome = await readOutcome(store.firestore, jobId);
  const durationSeconds = (endedAtMs - startedAtMs) / 1000;
  return toReport(run, { outcome, kills, durationSeconds, calls, jobs });
}

async function startAll(
  folder: string,
  options: KillTestOptions,
  closers: (() => Promise<unknown>)[],
): Promise<Run> {
  const { calls, seed, workers } = options;
  const crashes: string[] = [];
  const droppedTasks: string[] = [];
  const log: HostLog = {
    info: () => undefined,
    warn: () => undefined,
    // Deliveries that break off are what this is about; a task that is given up is a call lost.
    error: (message) => void (message.includes('gave up') && droppedTasks.push(message)),
  };
  const sandbox = await serveCountedSandbox({ calls, seed, now: () => clock.now() });
  closers.push(() => sandbox.close());
  const random = createRandom(seed);
  const deliverTo = (): string => pool.next();
  const coordinator = await startCoordinator({ folder, clock, random, deliverTo, log });
  closers.push(() => coordinator.stop());
  const { projectId, tasksUrl, speechUrl, firestoreHost, sharedKey } = coordinator;
  const settings = { ...defaultSettings, ...options.settings };
  const sandboxOrigin = sandbox.origin;
  const shared = sharedKey.toString('hex');
  const pool = new WorkerPool({
    ...{ workers, firestoreHost },
    config: {
      ...{ projectId, folder, tasksUrl, speechUrl, sandboxOrigin, settings },
      sharedKey: shared,
    },
    onCrash: ({ tag, code }) => crashes.push(`${tag} ended with ${code ?? 'a signal'}`),
  });
  closers.push(() => pool.stop());
  await pool.start();
  return { options, coordinator, sandbox, pool, crashes, droppedTasks };
}

/** Through the admin endpoint of a worker, as support staff would. */
async function createImport({ coordinator, pool }: Run): Promise<string> {
  const token = await createDevTokens(coordinator.sharedKey, clock).issue('support');
  const response = await fetch(`${pool.next()}/admin/imports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      customerId,
      platform: 'grain',
      credentials: { apiKey: 'sandbox-key' },
      options: { schedule: 'now' },
    }),
  });
  const body: unknown = await response.json();
  if (response.status !== 201) throw new Error(`The import was refused: ${JSON.stringify(body)}`);
  return z.object({ jobId: z.string() }).parse(body).jobId;
}

/** Kills, sweeps and tells of the progress until the import has ended, or its time is up. */
async function killUntilItEnds(
  run: Run,
  watched: {
    readonly jobId: string;
    readonly startedAtMs: number;
    readonly calls: LeaseWatch;
    readonly jobs: LeaseWatch;
  },
): Promise<{ kills: number; endedAtMs: number }> {
  const { options, coordinator, pool } = run;
  const { store } = coordinator;
  const { startedAtMs } = watched;
  const random = createRandom(options.seed + 1);
  const counts = { kills: 0, engagements: 0 };
  const stopCounting = store.onDocumentWritten('engagements/{id}', ({ before }) => {
    if (before === null) counts.engagements += 1;
  });
  const job = store.firestore.collection('importJobs').doc(watched.jobId);
  const nextKill = (): number => now() + between(options.killEveryMs, random());
  const due = { kill: nextKill(), sweep: now() + options.sweepEveryMs, progress: now() };
  const endsAtMs = startedAtMs + options.limitMs;
  while (now() < endsAtMs && !(await job.get()).get('completedAt')) {
    options.signal?.throwIfAborted();
    // On a machine so busy that a replacement is not up yet, killing the rest would test nothing.
    if (now() >= due.kill && pool.servingCount() === options.workers) {
      due.kill = nextKill();
      const tag = pool.killOne(random);
      if (tag !== null) counts.kills += 1;
      for (const watch of [watched.calls, watched.jobs]) if (tag !== null) watch.killed(tag);
    }
    if (now() >= due.sweep) {
      due.sweep = now() + options.sweepEveryMs;
      void coordinator.sweep();
    }
    if (now() >= due.progress) {
      due.progress = now() + progressEveryMs;
      const elapsedMs = now() - startedAtMs;
      options.onProgress?.({ elapsedMs, ...counts, serving: pool.servingCount() });
    }
    await sleep(pollMs);
  }
  stopCounting();
  return { kills: counts.kills, endedAtMs: now() };
}

function between([least, most]: readonly [number, number], share: number): number {
  return least + (most - least) * share;
}

/** After the end nobody is killed any more: what is left to do is done. */
async function settle({ coordinator }: Run): Promise<void> {
  const credentials = coordinator.store.firestore.collection('importCredentials');
  for (let waitedMs = 0; waitedMs < settleMs; waitedMs += pollMs) {
    if ((await credentials.count().get()).data().count === 0) return;
    await coordinator.sweep();
    await sleep(pollMs);
  }
}

async function toReport(
  run: Run,
  facts: {
    readonly outcome: Outcome;
    readonly kills: number;
    readonly durationSeconds: number;
    readonly calls: LeaseWatch;
    readonly jobs: LeaseWatch;
  },
): Promise<KillTestReport> {
  const { options, sandbox } = run;
  const { outcome, kills, durationSeconds } = facts;
  const truth = sandbox.sandbox.truth();
  const { objects } = run.coordinator;
  const sizes = outcome.engagements.map(({ media }) => media?.sizeBytes ?? 0);
  const allBytes = sizes.reduce((sum, size) => sum + size, 0);
  const again = Math.max(sandbox.sentBytes() - allBytes, 0);
  const redownloadedPercent = allBytes > 0 ? round((again / allBytes) * 100) : 0;
  const { heldAtKills, takeUpMs, leftBehind } = facts.calls.report();
  const longestTakeUpSeconds = longestSeconds(takeUpMs);
  const checks = [
    ...(await checkOutcome({ outcome, truth, customerId, objects })),
    toCheck(
      'no worker ended by itself',
      run.crashes.length === 0,
      run.crashes.join(', ') || 'none',
    ),
    toCheck('no task was given up', run.droppedTasks.length === 0, `${run.droppedTasks.length}`),
    toCheck('nothing was left behind', leftBehind.length === 0, `${leftBehind.length} calls`),
    toCheck('workers were killed', kills > 0, `${kills}`),
    toCheck(
      `at most ${bounds.redownloadedPercent} % downloaded again`,
      redownloadedPercent <= bounds.redownloadedPercent,
      `${redownloadedPercent} %`,
    ),
    toCheck(
      `taken up within ${bounds.takeUpSeconds} s`,
      (longestTakeUpSeconds ?? 0) <= bounds.takeUpSeconds,
      `${longestTakeUpSeconds ?? 0} s at most`,
    ),
  ];
  return {
    passed: checks.every(({ passed }) => passed),
    ...{ calls: options.calls, workers: options.workers, seed: options.seed },
    ...{ durationSeconds: round(durationSeconds), kills, callsHeldAtKills: heldAtKills },
    ...{ redownloadedPercent, longestTakeUpSeconds },
    longestJobTakeUpSeconds: longestSeconds(facts.jobs.report().takeUpMs),
    checks,
  };
}

function longestSeconds(values: readonly number[]): number | null {
  return values.length === 0 ? null : round(Math.max(...values) / 1000);
}

/** To a tenth. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
