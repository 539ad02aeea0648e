import { ImportError } from '../../src/core/errors.ts';
import type { NewTask, TaskQueue } from '../../src/core/ports.ts';
import type { EmbeddedQueue } from './embedded-queue.ts';

export interface EmbeddedQueues {
  /** The core's port, for the code that creates tasks. */
  readonly taskQueue: TaskQueue;
  /** From now on tasks for `name` go to `queue`; the function host calls this. */
  attach(name: string, queue: EmbeddedQueue): void;
  detach(name: string): void;
  find(name: string): EmbeddedQueue | null;
}

/** The queues of one process by name: made before the functions that consume them are loaded. */
export function createEmbeddedQueues(): EmbeddedQueues {
  const queues = new Map<string, EmbeddedQueue>();
  return {
    taskQueue: {
      async enqueue(task: NewTask) {
        const queue = queues.get(task.queue);
        if (queue === undefined) throw noConsumer(task.queue);
        return queue.enqueue(task);
      },
    },
    attach: (name, queue) => void queues.set(name, queue),
    detach: (name) => void queues.delete(name),
    find: (name) => queues.get(name) ?? null,
  };
}

function noConsumer(name: string): ImportError {
  return new ImportError({
    kind: 'unavailable',
    source: 'tasks',
    publicMessage: `No task function named ${name} is running.`,
  });
}
