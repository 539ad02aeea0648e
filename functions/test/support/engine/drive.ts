import type { Engine } from '../../../src/core/engine.ts';
import { advanceJob } from '../../../src/core/imports/advance-job.ts';
import { processImportQueue } from '../../../src/core/imports/nightly.ts';
import { processCall } from '../../../src/core/imports/process-call.ts';
import { sweepJobs } from '../../../src/core/imports/sweep.ts';
import type { NewTask } from '../../../src/core/ports.ts';
import type { MortalEngine } from './crash.ts';
import type { QueuedTask } from './stepped-queue.ts';
import type { TestWorld } from './test-world.ts';

/** One delivery of a task. */
export interface Delivery {
  readonly task: NewTask;
  /** Counts the deliveries of the task's queue, from 1. */
  readonly ordinal: number;
}

export interface DriveOptions {
  readonly order?: 'created' | 'reverse';
  /** Deliveries that run at the same time; default 1. */
  readonly together?: number;
  /** Delivers each task a second time: beside the first, or long after it. */
  readonly again?: 'at_once' | 'later';
  /** The engine that a delivery gets; default: the world's own. */
  readonly engineFor?: (delivery: Delivery) => MortalEngine | null;
  /** Looked at after each round of deliveries: true ends the drive with tasks left. */
  readonly until?: () => boolean | Promise<boolean>;
  /** How often the sweep runs; default each minute. */
  readonly sweepEveryMs?: number;
  /** Runs `processImportQueue` each hour. */
  readonly nightly?: boolean;
  /** Goes on with the clock until then, though nothing is left to do. */
  readonly untilTime?: Date;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const laterMs = 90_000;
const maxRounds = 5_000;

/**
 * Delivers what is due, round by round, moving the clock when nothing is, with the sweep each
 * minute, until no task is left and no job is live. @throws Error when that takes for ever
 */
export async function drive(world: TestWorld, options: DriveOptions = {}): Promise<void> {
  const ordinals = new Map<string, number>();
  for (let round = 0; round < maxRounds; round += 1) {
    const due = world.queue.takeDue(world.clock.now());
    if (due.length > 0) {
      await deliverRound(world, { due, ordinals, options });
      if (await options.until?.()) return;
    } else if (!(await passTime(world, options))) {
      return;
    }
  }
  throw new Error('The work does not come to an end.');
}

interface Round {
  readonly due: readonly QueuedTask[];
  readonly ordinals: Map<string, number>;
  readonly options: DriveOptions;
}

async function deliverRound(world: TestWorld, { due, ordinals, options }: Round): Promise<void> {
  const ordered = options.order === 'reverse' ? [...due].reverse() : due;
  const copies = options.again === 'at_once' ? ordered.flatMap((one) => [one, one]) : ordered;
  const together = options.together ?? 1;
  for (let start = 0; start < copies.length; start += together) {
    const batch = copies.slice(start, start + together);
    await Promise.all(batch.map((queued) => deliver(world, { queued, ordinals, options })));
  }
  if (options.again !== 'later') return;
  const runAt = new Date(world.clock.now().getTime() + laterMs);
  // A second delivery comes once: it is not delivered twice again.
  for (const queued of ordered.filter((one) => !isCopy(one))) {
    world.queue.putBack({ ...queued, failures: copyMark }, runAt);
  }
}

const copyMark = 100;

function isCopy(queued: QueuedTask): boolean {
  return queued.failures >= copyMark;
}

async function deliver(
  world: TestWorld,
  delivery: {
    readonly queued: QueuedTask;
    readonly ordinals: Map<string, number>;
    readonly options: DriveOptions;
  },
): Promise<void> {
  const { queued, ordinals, options } = delivery;
  const { task, failures } = queued;
  const ordinal = (ordinals.get(task.queue) ?? 0) + 1;
  ordinals.set(task.queue, ordinal);
  const mortal = options.engineFor?.({ task, ordinal }) ?? null;
  try {
    const work = runTask(mortal?.engine ?? world.engine, task);
    const end = await (mortal ? Promise.race([work, mortal.died]) : work);
    if (end !== 'died') return;
  } catch (error) {
    world.thrown.push(error);
  }
  const backoffMs = Math.min(1_000 * 2 ** Math.min(failures, 6), minuteMs);
  const runAt = new Date(world.clock.now().getTime() + backoffMs);
  world.queue.putBack({ task, failures: failures + 1 }, runAt);
}

/** What the task functions do. */
export async function runTask(engine: Engine, task: NewTask): Promise<void> {
  const { jobId, callKey } = task.payload;
  if (task.queue === 'advanceJob') return advanceJob(engine, String(jobId));
  return processCall(engine, { jobId: String(jobId), callKey: String(callKey) });
}

/** To the next task or the next minute's sweep, whichever is sooner; false: all is quiet. */
async function passTime(world: TestWorld, options: DriveOptions): Promise<boolean> {
  const { clock, queue, engine } = world;
  const nextRunAt = queue.nextRunAt();
  const { untilTime } = options;
  const hasTimeLeft = untilTime !== undefined && clock.now() < untilTime;
  if (!nextRunAt && !hasTimeLeft && !(await hasLiveJobs(world))) return false;
  const nowMs = clock.now().getTime();
  const everyMs = options.sweepEveryMs ?? minuteMs;
  const nextSweepMs = (Math.floor(nowMs / everyMs) + 1) * everyMs;
  const nextMs = Math.min(nextRunAt?.getTime() ?? nextSweepMs, nextSweepMs);
  clock.advance(Math.max(nextMs - nowMs, 0));
  if (nextMs === nextSweepMs) {
    await sweepJobs(engine);
    if (options.nightly && nextMs % hourMs === 0) await processImportQueue(engine);
  }
  if (untilTime !== undefined && clock.now() >= untilTime) return false;
  return true;
}

async function hasLiveJobs({ engine }: TestWorld): Promise<boolean> {
  const live = await engine.jobs.listByStatus(['queued', 'counting', 'in_progress'], 100);
  return live.some((job) => job.status !== 'queued' || job.config.schedule === 'now');
}
