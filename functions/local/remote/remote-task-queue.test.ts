import { serveSandbox } from '../../src/kit/sandbox.ts';
import type { ServedSandbox } from '../../src/kit/sandbox.ts';
import type { NewTask } from '../../src/core/ports.ts';
import { createRemoteTaskQueue, createTaskQueueHandler } from './remote-task-queue.ts';

const task: NewTask = {
  queue: 'processCall',
  name: 'call-a-1',
  payload: { jobId: 'j', attempt: 1 },
  runAt: new Date('2026-01-05T10:00:00.000Z'),
};

let taken: NewTask[];
let served: ServedSandbox;

beforeEach(async () => {
  taken = [];
  const taskQueue = {
    async enqueue(added: NewTask) {
      const isKnown = taken.some(({ name }) => name === added.name);
      taken.push(added);
      return isKnown ? ('duplicate' as const) : ('created' as const);
    },
  };
  served = await serveSandbox(
    { fetch: createTaskQueueHandler({ taskQueue, token: 'shared' }) },
    { port: 0 },
  );
});

afterEach(() => served.close());

it('hands a task over as it is, with its time', async () => {
  const queue = createRemoteTaskQueue({ url: served.origin, token: 'shared' });
  expect(await queue.enqueue(task)).toBe('created');
  expect(await queue.enqueue({ ...task, runAt: null })).toBe('duplicate');
  expect(taken).toEqual([task, { ...task, runAt: null }]);
});

it('takes nothing from whoever has another token: unavailable', async () => {
  const queue = createRemoteTaskQueue({ url: served.origin, token: 'other' });
  await expect(queue.enqueue(task)).rejects.toMatchObject({ kind: 'unavailable', source: 'tasks' });
  expect(taken).toEqual([]);
});

it('takes no task whose name a queue would refuse: unavailable', async () => {
  const queue = createRemoteTaskQueue({ url: served.origin, token: 'shared' });
  await expect(queue.enqueue({ ...task, name: 'a/b' })).rejects.toMatchObject({
    kind: 'unavailable',
  });
  expect(taken).toEqual([]);
});

it('is unavailable when nobody listens', async () => {
  const queue = createRemoteTaskQueue({ url: served.origin, token: 'shared' });
  await served.close();
  await expect(queue.enqueue(task)).rejects.toMatchObject({ kind: 'unavailable' });
  served = await serveSandbox({ fetch: () => new Response() }, { port: 0 });
});
