import type { NewTask, TaskQueue } from '../../../src/core/ports.ts';

/** A queue that delivers nothing by itself: a test takes what is due, in any order, as often as it likes. */
export interface SteppedQueue {
  readonly port: TaskQueue;
  /** Removes and returns the tasks that are due, in the order in which they were created. */
  takeDue(now: Date): readonly QueuedTask[];
  /** A delivery that failed, or a second one: comes (again) at `runAt`, whatever its name. */
  putBack(task: QueuedTask, runAt: Date): void;
  /** When the next task is due; null: the queue is empty. */
  nextRunAt(): Date | null;
  /** Every task that was accepted, in order. */
  readonly accepted: readonly NewTask[];
  /** How many were refused because their name was taken. */
  readonly refused: number;
}

export interface QueuedTask {
  readonly task: NewTask;
  /** How many deliveries failed before. */
  readonly failures: number;
}

/** Creates a queue; tasks for which `loses` answers true are accepted and then forgotten. */
export function createSteppedQueue(
  options: { readonly loses?: (task: NewTask) => boolean } = {},
): SteppedQueue {
  const names = new Set<string>();
  const accepted: NewTask[] = [];
  let waiting: { readonly queued: QueuedTask; readonly runAtMs: number }[] = [];
  let refused = 0;
  return {
    accepted,
    get refused() {
      return refused;
    },
    port: {
      enqueue: async (task) => {
        if (names.has(task.name)) {
          refused += 1;
          return 'duplicate';
        }
        names.add(task.name);
        accepted.push(task);
        const runAtMs = task.runAt?.getTime() ?? 0;
        if (!options.loses?.(task)) waiting.push({ queued: { task, failures: 0 }, runAtMs });
        return 'created';
      },
    },
    takeDue: (now) => {
      const due = waiting.filter(({ runAtMs }) => runAtMs <= now.getTime());
      waiting = waiting.filter(({ runAtMs }) => runAtMs > now.getTime());
      return due.map(({ queued }) => queued);
    },
    putBack: (queued, runAt) => {
      waiting.push({ queued, runAtMs: runAt.getTime() });
    },
    nextRunAt: () =>
      waiting.length === 0 ? null : new Date(Math.min(...waiting.map(({ runAtMs }) => runAtMs))),
  };
}
