import { z } from 'zod';
import { ImportError } from '../../src/core/errors.ts';
import type { TaskQueue } from '../../src/core/ports.ts';

const Task = z.strictObject({
  queue: z.enum(['advanceJob', 'processCall']),
  name: z.string().regex(/^[\w-]{1,400}$/),
  payload: z.record(z.string(), z.union([z.string(), z.number()])),
  runAt: z.coerce.date().nullable(),
});
const Answer = z.object({ result: z.enum(['created', 'duplicate']) });

const timeoutMs = 10_000;

/** The queues of another process, which serves them at `url` by `createTaskQueueHandler`. */
export function createRemoteTaskQueue(options: {
  readonly url: string;
  readonly token: string;
}): TaskQueue {
  return {
    async enqueue(task) {
      try {
        const response = await fetch(options.url, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${options.token}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify(task),
          signal: AbortSignal.timeout(timeoutMs),
        });
        return Answer.parse(await response.json()).result;
      } catch (cause) {
        throw new ImportError({
          kind: 'unavailable',
          source: 'tasks',
          publicMessage: 'The task queue did not take the task.',
          cause,
        });
      }
    },
  };
}

/** Takes the tasks of other processes that hold `token`; a handler in the way of fetch. */
export function createTaskQueueHandler(options: {
  readonly taskQueue: TaskQueue;
  readonly token: string;
}): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.headers.get('authorization') !== `Bearer ${options.token}`) {
      return Response.json({ error: 'Not allowed' }, { status: 403 });
    }
    const task = Task.safeParse(await request.json().catch(() => null));
    if (!task.success) return Response.json({ error: task.error.message }, { status: 400 });
    return Response.json({ result: await options.taskQueue.enqueue(task.data) });
  };
}
