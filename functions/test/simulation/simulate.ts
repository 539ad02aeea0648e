import { createChance } from './chance.ts';
import { endedJobs } from './history.ts';
import { checkEnd } from './invariants.ts';
import { simulatedPlatforms } from './platform-account.ts';
import { planScenario } from './scenario.ts';
import { readDeployedFunctions } from './functions-under-test.ts';
import type { VirtualTime } from './virtual-time.ts';
import { openWorld, type World } from './world.ts';

/** What became of one seed. */
export interface SeedResult {
  readonly seed: number;
  /** Calls in the platform accounts and uploads. */
  readonly calls: number;
  readonly jobs: number;
  readonly statuses: readonly string[];
  readonly engagements: number;
  readonly missing: number;
  readonly duplicate: number;
  readonly foreign: number;
  readonly violations: readonly { readonly rule: string; readonly detail: string }[];
  /** The last steps before the first violation. */
  readonly steps: readonly string[];
  readonly digest: string;
  readonly stepCount: number;
  readonly virtualSeconds: number;
  /** Jobs with credentials that support keeps. */
  readonly storedJobs: number;
  /** Access tokens that platforms gave for refresh tokens, and grants that a lost answer ended. */
  readonly renewals: number;
  readonly lostGrants: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A job of which nothing moves for so long has stopped: no wait is longer, a night's apart. */
const patienceMs = hourMs;
const nightlyPatienceMs = 14 * hourMs;
/** Long enough for the sweep to destroy what was left over, and for the latest of deliveries. */
const tailMs = 12 * minuteMs;
/** Staff look again for paused jobs, whatever was on its way when the faults ended. */
const staffReturnsMs = 5 * minuteMs;
const functionTimeoutMs = 5 * minuteMs;

/**
 * Runs one seed's world to its end and holds it against the truth. To be imported once the time is
 * virtual: the Firestore SDK keeps the timers that it finds when it is loaded.
 */
export async function simulate(time: VirtualTime, seed: number): Promise<SeedResult> {
  const startedAt = performance.now();
  const functions = readDeployedFunctions();
  const scenario = planScenario(createChance(seed, 'scenario'), simulatedPlatforms);
  time.reset(scenario.startMs, createChance(seed, 'latency').next);
  const world = await openWorld({ seed, nowMs: time.nowMs, functions, scenario });
  const invoke = (name: string, work: () => Promise<unknown>): void => {
    // The scheduler asks again by itself; why it failed stands in the trace.
    void world.fleet.run(name, work, functionTimeoutMs).catch(() => undefined);
  };
  setInterval(() => invoke('sweepJobs', functions.runSweep), minuteMs);
  setInterval(() => {
    if (time.nowMs() % hourMs < minuteMs) invoke('processImportQueue', functions.runNightly);
  }, minuteMs);
  planEvents(world);
  await runToEnd(time, world);
  // What ended without everything is started again, now that nothing goes wrong any more.
  await during(time, world.staff.retryAll());
  await runToEnd(time, world);
  const tally = checkEnd(world.history, {
    truths: world.truths,
    truthOf: world.truthOf,
    nowMs: time.nowMs(),
    limitHits: world.accounts.reduce((sum, account) => sum + account.limitHits, 0),
  });
  checkMessages(world);
  world.close();
  await time.settle();
  const { history, trace, truths } = world;
  const truthCalls = new Set(truths.map(({ calls }) => calls));
  return {
    seed,
    calls: [...truthCalls].reduce((sum, calls) => sum + calls.size, 0),
    jobs: history.jobs.size,
    statuses: [...history.jobs.values()].map((job) => job.status),
    ...tally,
    violations: history.violations.map(({ rule, detail }) => ({ rule, detail })),
    steps: history.violations[0]?.steps ?? [],
    digest: trace.digest,
    stepCount: trace.steps,
    virtualSeconds: Math.round((time.nowMs() - scenario.startMs) / 1_000),
    storedJobs: [...history.jobs.values()].filter((job) => job.credential?.type === 'stored')
      .length,
    renewals: world.renewals.count,
    lostGrants: world.renewals.lostGrants,
    faults: Object.fromEntries([...world.faultCounts, ['lost_task', world.deliveries.lostTasks]]),
    durationMs: Math.round(performance.now() - startedAt),
  };
}

/** What people do, and what happens at the platform, in its time. */
function planEvents(world: World): void {
  const { scenario, staff, accounts, chance, faults } = world;
  for (const planned of scenario.imports) {
    setTimeout(() => void staff.request(planned), planned.afterMs);
  }
  scenario.accounts.forEach(({ revokeAfterMs, deletions }, index) => {
    const account = accounts[index];
    if (!account) return;
    if (revokeAfterMs !== null) setTimeout(() => account.secrets.revoke(), revokeAfterMs);
    const ids = [...account.truth.keys()];
    for (const { share, afterMs } of deletions) {
      const id = ids[Math.floor(share * ids.length)];
      if (id !== undefined) setTimeout(() => account.remove(id), afterMs);
    }
  });
  const lastsMs = faults.endsAtMs - scenario.startMs;
  const acts = scenario.isStaffBusy ? chance.between(1, 12) : 0;
  for (let count = 0; count < acts; count += 1) {
    setTimeout(() => void staff.meddle(), Math.floor(chance.next() * lastsMs));
  }
  setTimeout(() => {
    world.trace.add('the faults are over');
    world.fleet.thaw();
    void staff.resumeAll();
    setTimeout(() => void staff.resumeAll(), staffReturnsMs);
  }, lastsMs + 1);
}

/** Lets time pass until the work is done. */
async function during(clock: VirtualTime, work: Promise<void>): Promise<void> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  await clock.settle();
  while (!isDone && (await clock.step(Number.POSITIVE_INFINITY)));
}

async function runToEnd(clock: VirtualTime, world: World): Promise<void> {
  const { history, faults, deliveries, scenario } = world;
  const hasNights = scenario.imports.some(({ schedule }) => schedule === 'nightly');
  const standstillMs = hasNights ? nightlyPatienceMs : patienceMs;
  const calmAtMs = Math.max(clock.nowMs(), faults.endsAtMs + staffReturnsMs);
  const isOver = (): boolean => {
    const nowMs = clock.nowMs();
    // What was kept for a job that never came into being is swept all the same.
    const lastEndMs =
      history.jobs.size > 0 ? Math.max(history.endedAtMs, faults.endsAtMs) : calmAtMs;
    if (nowMs < Math.max(calmAtMs, lastEndMs + tailMs)) return false;
    if (nowMs > Math.max(calmAtMs, history.progressAtMs) + standstillMs) return true;
    const isEnded = [...history.jobs.values()].every((job) => endedJobs.has(job.status));
    return isEnded && deliveries.isIdle();
  };
  await clock.settle();
  while (!isOver() && (await clock.step(Number.POSITIVE_INFINITY)));
}

/** The last message about a job shows how it stands, and its end was announced. */
function checkMessages({ history, channel }: World): void {
  for (const job of history.jobs.values()) {
    const isPosted = channel.messages.some(({ reference }) => reference === job.id);
    if (!isPosted) history.violate('not_notified', `job ${job.id} has no message`);
    const end = `${job.id}:${String(job.completedAt?.toMillis() ?? 0)}`;
    const isAnnounced = channel.messages.some(({ reference }) => reference === end);
    if (endedJobs.has(job.status) && !isAnnounced) {
      history.violate('not_notified', `the end of job ${job.id} was not announced`);
    }
  }
}
