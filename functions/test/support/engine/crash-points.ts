import { sweepJobs } from '../../../src/core/imports/sweep.ts';
import { createMortalEngine, type Crash } from './crash.ts';
import { drive, type Delivery, type DriveOptions } from './drive.ts';
import type { TestWorld } from './test-world.ts';

/** An awaited call of a port in a certain delivery of a story. */
export interface CrashPoint {
  /** Which delivery of the job's or the call's tasks, from 1. */
  readonly delivery: number;
  readonly name: string;
  readonly occurrence: number;
}

export type CrashSide = Pick<Crash, 'side' | 'way'>;

/** Where a crash may come. A death before a call is left out: it is the death after the one before. */
export const crashSides: readonly CrashSide[] = [
  { way: 'throws', side: 'before' },
  { way: 'throws', side: 'after' },
  { way: 'dies', side: 'after' },
];

/** Whose deliveries are counted and crash: a job's, or each call's own. */
export type Story = 'advanceJob' | 'processCall';

/** Counts deliveries by story: all of a job's, or those of one call. */
function createDeliveryCounter(story: Story): (delivery: Delivery) => number | null {
  const counts = new Map<string, number>();
  return ({ task }) => {
    if (task.queue !== story) return null;
    const id = String(task.payload['callKey'] ?? task.payload['jobId']);
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    return count;
  };
}

/** Runs a world to its end and returns every port call that its story awaited, each kind once. */
export async function recordPoints(
  world: TestWorld,
  story: Story,
  options: DriveOptions = {},
): Promise<readonly CrashPoint[]> {
  const points = new Map<string, CrashPoint>();
  const countDelivery = createDeliveryCounter(story);
  await drive(world, {
    ...options,
    engineFor: (delivered) => {
      const delivery = countDelivery(delivered);
      if (delivery === null) return null;
      return createMortalEngine(world.openInstance(), {
        crash: null,
        onCall: ({ name, occurrence }) => {
          const point = { delivery, name, occurrence };
          points.set(describePoint(point), point);
        },
      });
    },
  });
  return [...points.values()];
}

/**
 * Runs a world in which the story crashes at `point`, once for the job, or once for each call that
 * gets there; returns how often it did.
 */
export async function driveWithCrash(
  world: TestWorld,
  plan: { readonly story: Story; readonly point: CrashPoint; readonly side: CrashSide },
  options: DriveOptions = {},
): Promise<number> {
  const { story, point, side } = plan;
  const countDelivery = createDeliveryCounter(story);
  const crash: Crash = { name: point.name, occurrence: point.occurrence, ...side };
  let crashes = 0;
  await drive(world, {
    ...options,
    engineFor: (delivered) => {
      if (countDelivery(delivered) !== point.delivery) return null;
      return createMortalEngine(world.openInstance(), {
        crash,
        onCrash: () => {
          crashes += 1;
        },
      });
    },
  });
  // What the end itself left undone is for the next sweep.
  world.clock.advance(60_000);
  await sweepJobs(world.engine);
  return crashes;
}

/** For the list of what went wrong. */
export function describePoint({ delivery, name, occurrence }: CrashPoint): string {
  return `delivery ${delivery}, ${name} #${occurrence}`;
}
