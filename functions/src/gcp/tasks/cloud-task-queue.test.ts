import type { ErrorKind } from '../../core/errors.ts';
import type { NewTask } from '../../core/ports.ts';
import {
  startTasksServer,
  type TasksServer,
} from '../../../test/support/tasks-server/tasks-server.ts';
import { createCloudTaskQueue, type CloudTaskQueue } from './cloud-task-queue.ts';

const queuePath = 'projects/demo/locations/europe-west1/queues';
const callTask: NewTask = {
  queue: 'processCall',
  name: 'call_abc-1',
  payload: { callKey: 'abc', attempt: 1 },
  runAt: null,
};

let now = new Date('2026-01-05T20:00:00Z');
let server: TasksServer;
let queue: CloudTaskQueue;

function connect(overrides: { location?: string; timeoutMs?: number } = {}): CloudTaskQueue {
  return createCloudTaskQueue({
    projectId: 'demo',
    location: 'europe-west1',
    functionUrl: (name) => `https://${name.toLowerCase()}-uc.a.run.app`,
    serviceAccountEmail: 'tasks@demo.iam.gserviceaccount.com',
    dispatchDeadlineSeconds: { advanceJob: 300 },
    apiEndpoint: server,
    ...overrides,
  });
}

beforeAll(async () => {
  server = await startTasksServer({
    queues: [`${queuePath}/processCall`, `${queuePath}/advanceJob`],
    now: () => now,
  });
  queue = connect();
});

afterAll(async () => {
  await queue.close();
  await server.close();
});

describe('a task that is created', () => {
  it('is what onTaskDispatched expects, signed in for the function that it calls', async () => {
    await expect(queue.enqueue({ ...callTask, name: 'shape-1' })).resolves.toBe('created');

    expect(server.tasks().at(-1)).toEqual({
      name: `${queuePath}/processCall/tasks/3ba2a99e-shape-1`,
      url: 'https://processcall-uc.a.run.app',
      httpMethod: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"data":{"callKey":"abc","attempt":1}}',
      scheduleTime: null,
      dispatchDeadlineSeconds: 1800,
      serviceAccountEmail: 'tasks@demo.iam.gserviceaccount.com',
      audience: 'https://processcall-uc.a.run.app',
    });
  });

  it('goes to the queue of its function, with the deadline set for it', async () => {
    await queue.enqueue({ ...callTask, queue: 'advanceJob', name: 'deadline-1' });

    expect(server.tasks().at(-1)).toMatchObject({
      name: expect.stringMatching(/queues\/advanceJob\/tasks\/[0-9a-f]{8}-deadline-1$/),
      dispatchDeadlineSeconds: 300,
    });
  });

  it('waits until the instant that it names, to the millisecond', async () => {
    const runAt = new Date('2026-01-05T22:00:00.250Z');
    await queue.enqueue({ ...callTask, name: 'later-1', runAt });

    expect(server.tasks().at(-1)?.scheduleTime).toEqual(new Date('2026-01-05T22:00:00.250Z'));
  });

  it('has an id that starts with a hash, so that names in a row do not sit together', async () => {
    await queue.enqueue({ ...callTask, name: 'row-1' });
    await queue.enqueue({ ...callTask, name: 'row-2' });

    const prefixes = server
      .tasks()
      .slice(-2)
      .map((task) => task.name.split('/tasks/')[1]?.slice(0, 8));
    expect(new Set(prefixes).size).toBe(2);
  });

  it('may have a name of 400 characters', async () => {
    await expect(queue.enqueue({ ...callTask, name: 'n'.repeat(400) })).resolves.toBe('created');
  });
});

describe('a name that was used before', () => {
  it('is a duplicate while the task waits', async () => {
    await queue.enqueue({ ...callTask, name: 'twice-1' });
    await expect(queue.enqueue({ ...callTask, name: 'twice-1' })).resolves.toBe('duplicate');
  });

  it('is a duplicate after the task ended, for as long as the queue remembers', async () => {
    await queue.enqueue({ ...callTask, name: 'ended-1' });
    server.end(server.tasks().at(-1)?.name ?? '');
    await expect(queue.enqueue({ ...callTask, name: 'ended-1' })).resolves.toBe('duplicate');

    now = new Date(now.getTime() + 24 * 3_600_000);
    await expect(queue.enqueue({ ...callTask, name: 'ended-1' })).resolves.toBe('created');
  });

  it('is a duplicate when the answer to the first try was lost', async () => {
    server.failNext({ kind: 'lose_answer' });
    await expect(queue.enqueue({ ...callTask, name: 'lost-1' })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await expect(queue.enqueue({ ...callTask, name: 'lost-1' })).resolves.toBe('duplicate');
  });

  it('is another task in another queue', async () => {
    await queue.enqueue({ ...callTask, name: 'shared-1' });
    await expect(
      queue.enqueue({ ...callTask, name: 'shared-1', queue: 'advanceJob' }),
    ).resolves.toBe('created');
  });
});

describe('a failure', () => {
  const table: readonly (readonly [string, number, ErrorKind, boolean])[] = [
    ['CANCELLED', 1, 'timeout', true],
    ['UNKNOWN', 2, 'unavailable', true],
    ['INVALID_ARGUMENT', 3, 'internal', false],
    ['DEADLINE_EXCEEDED', 4, 'timeout', true],
    ['NOT_FOUND', 5, 'internal', true],
    ['PERMISSION_DENIED', 7, 'permission_denied', false],
    ['RESOURCE_EXHAUSTED', 8, 'rate_limited', true],
    ['FAILED_PRECONDITION', 9, 'unavailable', true],
    ['ABORTED', 10, 'unavailable', true],
    ['UNIMPLEMENTED', 12, 'internal', true],
    ['INTERNAL', 13, 'unavailable', true],
    ['UNAVAILABLE', 14, 'unavailable', true],
    ['UNAUTHENTICATED', 16, 'permission_denied', false],
  ];

  it.each(table)('of status %s (%i) is %s, retryable %s', async (_name, code, kind, retryable) => {
    const before = server.requestCount();
    server.failNext({ kind: 'refuse', code, message: 'token=hidden' });
    const failure = queue.enqueue({ ...callTask, name: `status-${code}` });

    await expect(failure).rejects.toMatchObject({ source: 'tasks', kind, retryable });
    await expect(failure).rejects.not.toThrow('hidden');
    expect(server.requestCount() - before).toBe(1);
  });

  it('for want of a permission names the role to grant', async () => {
    server.failNext({ kind: 'refuse', code: 7, message: 'denied' });
    await expect(queue.enqueue({ ...callTask, name: 'role-1' })).rejects.toThrow(
      'roles/cloudtasks.enqueuer',
    );
  });

  it('for want of the queue names the queue, its location and the function to deploy', async () => {
    const elsewhere = connect({ location: 'us-central1' });
    await expect(elsewhere.enqueue({ ...callTask, name: 'gone-1' })).rejects.toThrow(
      'There is no queue processCall in us-central1: deploy the function processCall',
    );
    await elsewhere.close();
  });

  it('to answer in time is a timeout', async () => {
    const hurried = connect({ timeoutMs: 50 });
    server.failNext({ kind: 'hang' });
    await expect(hurried.enqueue({ ...callTask, name: 'slow-1' })).rejects.toMatchObject({
      kind: 'timeout',
      retryable: true,
    });
    await hurried.close();
  });

  it('to connect is unavailable', async () => {
    const gone = await startTasksServer({ queues: [], now: () => now });
    await gone.close();
    const nobody = createCloudTaskQueue({
      projectId: 'demo',
      location: 'europe-west1',
      functionUrl: () => 'https://example.test',
      serviceAccountEmail: 'tasks@demo.iam.gserviceaccount.com',
      apiEndpoint: gone,
    });
    await expect(nobody.enqueue({ ...callTask, name: 'nobody-1' })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await nobody.close();
  });

  describe('to find credentials', () => {
    const settings = {
      GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/credentials.json',
      METADATA_SERVER_DETECTION: 'none',
    };
    const earlier = { ...process.env };

    beforeEach(() => void Object.assign(process.env, settings));
    afterEach(() => {
      for (const name of Object.keys(settings)) delete process.env[name];
      Object.assign(process.env, earlier);
    });

    it('is unavailable, and is tried again the next time', async () => {
      const strangers = createCloudTaskQueue({
        projectId: 'demo',
        location: 'europe-west1',
        functionUrl: () => 'https://example.test',
        serviceAccountEmail: 'tasks@demo.iam.gserviceaccount.com',
      });
      for (const name of ['strangers-1', 'strangers-2']) {
        await expect(strangers.enqueue({ ...callTask, name })).rejects.toMatchObject({
          kind: 'unavailable',
        });
      }
    });
  });
});

describe('what the queue would refuse', () => {
  it.each([
    ['is empty', ''],
    ['has a slash', 'a/b'],
    ['has other letters', 'ünïcode'],
    ['has 401 characters', 'n'.repeat(401)],
  ])('a name that %s is our bug and never leaves', async (_case, name) => {
    const before = server.requestCount();
    await expect(queue.enqueue({ ...callTask, name })).rejects.toMatchObject({
      kind: 'internal',
      retryable: false,
    });
    expect(server.requestCount()).toBe(before);
  });

  it('a body over 100 kB is our bug', async () => {
    const payload = { text: 'x'.repeat(100_001) };
    await expect(queue.enqueue({ ...callTask, name: 'fat-1', payload })).rejects.toMatchObject({
      kind: 'internal',
      retryable: false,
    });
  });

  it('an instant more than 30 days ahead is our bug', async () => {
    const runAt = new Date(now.getTime() + 31 * 24 * 3_600_000);
    await expect(queue.enqueue({ ...callTask, name: 'far-1', runAt })).rejects.toMatchObject({
      kind: 'internal',
      retryable: false,
    });
  });
});
