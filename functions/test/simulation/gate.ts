import { sleep } from '../../src/kit/fetch.ts';
import type { Chance } from './chance.ts';
import type { FaultPlan, Port, StepFault } from './fault-plan.ts';
import { findActor, findInstance, never, outside, type Instance } from './instance.ts';
import type { Trace } from './trace.ts';

/** One call of a service by an instance. */
export interface GatedCall<T> {
  readonly port: Port;
  /** For the trace. */
  readonly step: string;
  readonly work: () => Promise<T>;
  /** What the caller is told when the service fails, or the answer is lost. */
  readonly refusal: () => Error;
  /** Reads have no effect to lose the answer of, but may fail. */
  readonly signal?: AbortSignal | undefined;
}

export type Gate = <T>(call: GatedCall<T>) => Promise<T>;

/** Who looks again and again, mostly at nothing new. */
const routine = /sweepJobs|onImportJobUpdate/;

const latencies: Readonly<Record<Port, readonly [number, number]>> = {
  firestore: [2, 12],
  platform: [20, 200],
  objects: [5, 40],
  tasks: [3, 15],
  speech: [50, 300],
  kms: [5, 30],
  slack: [50, 300],
};

/**
 * Every call that leaves an instance goes through here: it takes time, and may fail, lose its answer,
 * or be the last thing that the instance does. A dead instance's calls never happen.
 */
export function createGate(world: {
  readonly nowMs: () => number;
  readonly faults: FaultPlan;
  readonly latency: Chance;
  readonly trace: Trace;
  readonly onFault: (type: StepFault['type']) => void;
  /** Nothing more happens. */
  readonly isClosed: () => boolean;
}): Gate {
  const { nowMs, faults, latency, trace } = world;
  return async ({ port, step, work, refusal, signal }) => {
    const instance = findInstance();
    if (world.isClosed()) return never();
    if (!instance) return work();
    const fault = faults.draw(port, nowMs());
    if (fault) world.onFault(fault.type);
    const [least, most] = latencies[port];
    const slowMs = fault?.type === 'slow' ? fault.ms : 0;
    const waitMs = latency.between(least, most) + slowMs;
    // A platform counts requests as they leave: what they wait for is the answer.
    const isAsked = port === 'platform';
    if (!isAsked) await sleep(waitMs, signal);
    const told = fault ? ` ${describe(fault)}` : '';
    trace.add(`${findActor()} ${step}${told}`, fault === null && routine.test(findActor()));
    if (fault?.type === 'refuse') throw refusal();
    await meet(instance, 'before', fault, nowMs);
    let result;
    try {
      result = await outside(work);
      if (isAsked) await sleep(waitMs, signal);
    } finally {
      await meet(instance, 'after', fault, nowMs);
    }
    if (fault?.type === 'lose_answer') throw refusal();
    return result;
  };
}

/** Crashes or freezes where the fault says so; returns to nobody but the living. */
async function meet(
  instance: Instance,
  side: 'before' | 'after',
  fault: StepFault | null,
  nowMs: () => number,
): Promise<void> {
  const isHere = (fault?.type === 'crash' || fault?.type === 'freeze') && fault.side === side;
  if (isHere && fault.type === 'crash') instance.kill();
  if (isHere && fault.type === 'freeze') instance.freezeUntil(nowMs() + fault.ms);
  if (instance.isDead) await never();
  // A timer of a frozen instance fires when it thaws.
  if (instance.frozenUntilMs > nowMs()) await sleep(1);
  if (instance.isDead) await never();
}

function describe(fault: StepFault): string {
  switch (fault.type) {
    case 'refuse':
      return '[refused]';
    case 'lose_answer':
      return '[answer lost]';
    case 'crash':
      return `[crash ${fault.side}]`;
    case 'freeze':
      return `[frozen ${fault.side} for ${String(fault.ms / 1_000)} s]`;
    case 'slow':
      return `[slow by ${String(fault.ms)} ms]`;
  }
}
