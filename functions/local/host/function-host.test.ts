import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setGlobalOptions } from 'firebase-functions/v2';
import {
  onDocumentCreated,
  onDocumentDeleted,
  onDocumentUpdated,
} from 'firebase-functions/firestore';
import { HttpsError, onRequest } from 'firebase-functions/https';
import { onMessagePublished } from 'firebase-functions/pubsub';
import { onSchedule } from 'firebase-functions/scheduler';
import { onTaskDispatched } from 'firebase-functions/tasks';
import type { Request as TaskRequest } from 'firebase-functions/tasks';
import { GeoPoint, Timestamp } from 'firebase-admin/firestore';
import { createEmbeddedQueues } from '../queue/embedded-queues.ts';
import { openEmbeddedFirestore } from '../store/embedded-firestore.ts';
import type { EmbeddedFirestore } from '../store/embedded-store.ts';
import { createFunctionHost } from './function-host.ts';
import { createOidcIssuer } from './oidc.ts';
import type { FunctionHost } from './function-host.ts';
import type { FunctionHostOptions } from './host-options.ts';
import { startHttpServer } from './http-server.ts';
import type { HttpServer } from './http-server.ts';

const projectId = 'demo-host';
const clock = { now: () => new Date() };
const queues = createEmbeddedQueues();

let store: EmbeddedFirestore;
let host: FunctionHost;
let server: HttpServer;
let errors: string[] = [];
let folder: string | null = null;
let collections = 0;
/** A collection of this test alone. */
let jobs: string;

const log = {
  info: () => undefined,
  warn: () => undefined,
  error: (message: string) => void errors.push(message),
};

beforeAll(async () => {
  process.env['GCLOUD_PROJECT'] = projectId;
  process.env['FIREBASE_CONFIG'] = JSON.stringify({ projectId });
  setGlobalOptions({ region: 'europe-west1' });
  store = await openEmbeddedFirestore({ folder: null, projectId });
});

beforeEach(() => {
  errors = [];
  collections += 1;
  jobs = `jobs${collections}`;
});

afterEach(async () => {
  await server.close(100);
  await host.stop();
  if (folder !== null) await rm(folder, { recursive: true });
  folder = null;
});

afterAll(() => store.close());

/** Hosts and serves these functions, on a free port. */
async function serve(
  functions: Record<string, unknown>,
  options: Partial<FunctionHostOptions> = {},
): Promise<void> {
  host = await createFunctionHost({
    functions,
    projectId,
    store,
    queues,
    clock,
    random: Math.random,
    folder: null,
    runsSchedules: false,
    log,
    ...options,
  });
  server = await startHttpServer({ host, rewrites: [], mounts: [], port: 0, log });
}

const urlOf = (name: string, rest = ''): string =>
  `${server.url}/${projectId}/europe-west1/${name}${rest}`;

const enqueue = (name: string, payload: Record<string, string | number> = {}) =>
  queues.taskQueue.enqueue({ queue: 'processCall', name, payload, runAt: null });

const until = async (isTrue: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 1000 && !isTrue(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

describe('an HTTP function', () => {
  it('gets the path below its URL, a parsed body and its raw bytes', async () => {
    const admin = onRequest((request, response) => {
      const { method, url, body, rawBody } = request;
      response.status(201).json({ method, url, body, rawBody: rawBody.toString() });
    });
    await serve({ admin });
    const response = await fetch(urlOf('admin', '/imports?limit=2'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{ "a": 1 }',
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      method: 'POST',
      url: '/imports?limit=2',
      body: { a: 1 },
      rawBody: '{ "a": 1 }',
    });
  });

  it('is not called with more than 32 MB: 413', async () => {
    let calls = 0;
    const admin = onRequest((_request, response) => {
      calls += 1;
      response.send('ok');
    });
    await serve({ admin });
    const post = (sizeBytes: number) =>
      fetch(urlOf('admin'), { method: 'POST', body: new Uint8Array(sizeBytes) });
    expect((await post(32 * 1024 * 1024 + 1)).status).toBe(413);
    expect(calls).toBe(0);
    expect((await post(32 * 1024 * 1024)).status).toBe(200);
  });

  it('answers 400 to a body that is not the JSON it claims to be', async () => {
    await serve({ admin: onRequest((_request, response) => void response.send('ok')) });
    const response = await fetch(urlOf('admin'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{ "a":',
    });
    expect(response.status).toBe(400);
  });

  it('answers 500 when it throws, and serves the next request', async () => {
    let calls = 0;
    const admin = onRequest((_request, response) => {
      calls += 1;
      if (calls === 1) throw new Error('boom');
      response.send('ok');
    });
    await serve({ admin });
    expect((await fetch(urlOf('admin'))).status).toBe(500);
    expect((await fetch(urlOf('admin'))).status).toBe(200);
  });

  it('is answered for with 504 after its timeout', async () => {
    await serve({ slow: onRequest({ timeoutSeconds: 0.05 }, () => undefined) });
    expect((await fetch(urlOf('slow'))).status).toBe(504);
  });

  it('gets as many requests at a time as its concurrency allows, the others after them', async () => {
    let active = 0;
    let most = 0;
    const narrow = onRequest({ concurrency: 2, maxInstances: 1 }, async (_request, response) => {
      active += 1;
      most = Math.max(most, active);
      await new Promise((resolve) => setTimeout(resolve, 5));
      active -= 1;
      response.send('ok');
    });
    await serve({ narrow });
    const responses = await Promise.all(Array.from({ length: 8 }, () => fetch(urlOf('narrow'))));
    expect(responses.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(most).toBe(2);
  });

  it('is closed to the public when its invoker is private', async () => {
    const inner = onRequest(
      { invoker: 'private' },
      (_request, response) => void response.send('ok'),
    );
    await serve({ inner });
    expect((await fetch(urlOf('inner'))).status).toBe(403);
  });
});

describe.each([false, true])('a task function (over HTTP: %s)', (deliverOverHttp) => {
  it('gets the payload, the headers of Cloud Tasks and a verified caller', async () => {
    const seen: TaskRequest[] = [];
    const processCall = onTaskDispatched((request) => void seen.push(request));
    await serve({ processCall }, { deliverOverHttp });
    await enqueue('call-1', { callKey: 'abc', attempt: 1 });
    await host.drain();
    const [request] = seen;
    expect(request).toMatchObject({
      data: { callKey: 'abc', attempt: 1 },
      id: 'call-1',
      queueName: 'processCall',
      retryCount: 0,
      executionCount: 0,
      auth: { uid: 'tasks@demo-host.iam.gserviceaccount.com' },
    });
    expect(Number(request?.scheduledTime) * 1000).toBeGreaterThan(Date.now() - 10_000);
  });

  it('is tried again when it throws, until it returns', async () => {
    const retryCounts: unknown[] = [];
    const processCall = onTaskDispatched(
      { retryConfig: { minBackoffSeconds: 0.001 } },
      ({ retryCount }) => {
        retryCounts.push(retryCount);
        if (retryCounts.length < 3) throw new HttpsError('unavailable', 'not yet');
      },
    );
    await serve({ processCall }, { deliverOverHttp });
    await enqueue('call-1');
    await host.drain();
    expect(retryCounts).toEqual([0, 1, 2]);
    expect(errors).toEqual([]);
  });

  it('is given up after its attempts, which is logged', async () => {
    let calls = 0;
    const processCall = onTaskDispatched(
      { retryConfig: { maxAttempts: 2, minBackoffSeconds: 0.001 } },
      () => {
        calls += 1;
        throw new HttpsError('internal', 'never');
      },
    );
    await serve({ processCall }, { deliverOverHttp });
    await enqueue('call-1');
    await host.drain();
    expect(calls).toBe(2);
    expect(errors).toEqual(['The queue processCall gave up the task call-1.']);
  });

  it('is tried again when it takes longer than its timeout', async () => {
    let calls = 0;
    const processCall = onTaskDispatched(
      { timeoutSeconds: 0.03, retryConfig: { minBackoffSeconds: 0.001 } },
      async () => {
        calls += 1;
        if (calls === 1) await new Promise(() => undefined);
      },
    );
    await serve({ processCall }, { deliverOverHttp });
    await enqueue('call-1');
    await host.drain();
    expect(calls).toBe(2);
  });

  it('never has more deliveries under way than its queue allows', async () => {
    let active = 0;
    let most = 0;
    const processCall = onTaskDispatched(
      { rateLimits: { maxConcurrentDispatches: 3 } },
      async () => {
        active += 1;
        most = Math.max(most, active);
        await new Promise((resolve) => setTimeout(resolve, 2));
        active -= 1;
      },
    );
    await serve({ processCall }, { deliverOverHttp });
    await Promise.all(Array.from({ length: 20 }, (_, n) => enqueue(`call-${n}`)));
    await host.drain();
    expect(most).toBe(3);
  });
});

describe('a task function from outside', () => {
  const body = JSON.stringify({ data: { callKey: 'abc' } });
  const post = (authorization?: string) =>
    fetch(urlOf('processCall'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      body,
    });

  it.each([
    ['no token', undefined],
    ['a token of somebody else', `Bearer ${['eyJhbGciOiJub25lIn0', 'e30', ''].join('.')}`],
    ['something that is no token', 'Bearer nonsense'],
  ])('answers 403 to %s, without running', async (_case, authorization) => {
    let calls = 0;
    await serve({ processCall: onTaskDispatched(() => void (calls += 1)) });
    expect((await post(authorization)).status).toBe(403);
    expect(calls).toBe(0);
  });

  it('answers 403 to the token of another function', async () => {
    let token: string | undefined;
    const advanceJob = onTaskDispatched(({ auth }) => void (token = auth?.rawToken));
    const processCall = onTaskDispatched(() => undefined);
    await serve({ advanceJob, processCall });
    await queues.taskQueue.enqueue({ queue: 'advanceJob', name: 'a', payload: {}, runAt: null });
    await host.drain();
    expect(token).toBeDefined();
    expect((await post(`Bearer ${token}`)).status).toBe(403);
  });
});

describe('a Firestore function', () => {
  it('gets the document before and after, with every kind of value', async () => {
    const seen: unknown[] = [];
    const notify = onDocumentUpdated(`${jobs}/{jobId}`, ({ data, params, document, id }) => {
      seen.push({ params, document, before: data?.before.data(), after: data?.after.data() });
      expect(id).toMatch(/^\d+-0$/);
      expect(data?.after.updateTime?.toMillis()).toBeGreaterThan(0);
    });
    await serve({ notify });
    const before = {
      state: 'queued',
      count: 12,
      share: 0.5,
      none: null,
      at: new Timestamp(1_700_000_000, 123_456_000),
      bytes: Buffer.from([1, 2]),
      place: new GeoPoint(1, 2),
      odd: NaN,
      nested: { list: [1, 'two', { three: true }] },
    };
    await store.firestore.doc(`${jobs}/j1`).create(before);
    await store.firestore.doc(`${jobs}/j1`).update({ state: 'counting' });
    await host.drain();
    expect(errors).toEqual([]);
    expect(seen).toEqual([
      {
        params: { jobId: 'j1' },
        document: `${jobs}/j1`,
        before,
        after: { ...before, state: 'counting' },
      },
    ]);
  });

  it('is called for the kind of write that it waits for', async () => {
    const seen: string[] = [];
    const created = onDocumentCreated(`${jobs}/{jobId}`, ({ data }) => {
      seen.push(`created ${data?.get('n')}`);
    });
    const deleted = onDocumentDeleted(`${jobs}/{jobId}`, ({ data }) => {
      seen.push(`deleted ${data?.get('n')}`);
    });
    await serve({ created, deleted });
    const document = store.firestore.doc(`${jobs}/j1`);
    await document.create({ n: 1 });
    await document.update({ n: 2 });
    await document.delete();
    await host.drain();
    expect(seen).toEqual(['created 1', 'deleted 2']);
  });

  it('is not tried again unless it asks for that; the failure is logged', async () => {
    let calls = 0;
    const notify = onDocumentCreated(`${jobs}/{jobId}`, () => {
      calls += 1;
      throw new Error('boom');
    });
    await serve({ notify });
    await store.firestore.doc(`${jobs}/j1`).create({ n: 1 });
    await host.drain();
    expect(calls).toBe(1);
    expect(errors).toEqual([
      'The function notify failed with an event.',
      expect.stringMatching(/^The event \d+-0 for notify is given up\.$/),
    ]);
  });

  it('is tried again with the same event id where it asks for that', async () => {
    const start = Date.now();
    let skippedMs = 0;
    const ids: string[] = [];
    const options = { document: `${jobs}/{jobId}`, retry: true };
    const notify = onDocumentCreated(options, ({ id }) => {
      ids.push(id);
      // Ten seconds pass on the host's clock, so that its next look finds the retry due.
      skippedMs = 9_990;
      if (ids.length === 1) throw new Error('not yet');
    });
    await serve({ notify }, { clock: { now: () => new Date(Date.now() + skippedMs) } });
    await store.firestore.doc(`${jobs}/j1`).create({ n: 1 });
    await until(() => ids.length === 1);
    skippedMs = 20_000;
    // Another event makes the queue look at its clock.
    await store.firestore.doc(`${jobs}/j2`).create({ n: 2 });
    await until(() => ids.length === 3);
    expect(ids.filter((id) => id === ids[0])).toHaveLength(2);
    expect(Date.now() - start).toBeLessThan(5000);
  });

  it('gets an event that was not handled before the process was killed', async () => {
    folder = await mkdtemp(join(tmpdir(), 'host-'));
    const { promise: held, resolve } = Promise.withResolvers<void>();
    const route = `${jobs}/{jobId}`;
    await serve({ notify: onDocumentCreated(route, () => held) }, { folder });
    await store.firestore.doc(`${jobs}/j1`).create({ n: 1 });
    // The log is written within a tenth of a second.
    await new Promise((wake) => setTimeout(wake, 120));
    const [killed, killedServer] = [host, server];

    const seen: unknown[] = [];
    const notify = onDocumentCreated(route, ({ data }) => void seen.push(data?.data()));
    await serve({ notify }, { folder });
    await host.drain();
    expect(seen).toEqual([{ n: 1 }]);
    resolve();
    await killedServer.close(100);
    await killed.stop();
  });
});

describe('a host that delivers to another one', () => {
  /** As another process would host them: `near` has the queues and the clock, `far` the functions. */
  async function serveApart(functions: Record<string, unknown>, deliverTo: () => string) {
    const oidc = await createOidcIssuer({ projectId, clock, sharedKey: Buffer.alloc(32, 7) });
    await serve(functions, { oidc });
    const shared = { functions, projectId, store, clock, log, random: Math.random, folder: null };
    return createFunctionHost({ ...shared, queues, runsSchedules: false, oidc, deliverTo });
  }

  it('sends it tasks and schedules, which it accepts', async () => {
    const seen: unknown[] = [];
    const processCall = onTaskDispatched(({ data, auth }) => void seen.push([data, auth?.uid]));
    const sweep = onSchedule('every 1 minutes', ({ jobName }) => void seen.push(jobName));
    const near = await serveApart({ processCall, sweep }, () => server.url);
    await enqueue('call-1', { attempt: 1 });
    await near.drain();
    expect(await near.runSchedule('sweep')).toBe(200);
    await near.stop();
    expect(seen).toEqual([
      [{ attempt: 1 }, 'tasks@demo-host.iam.gserviceaccount.com'],
      'firebase-schedule-sweep-europe-west1',
    ]);
  });

  it('delivers again what nobody was there for', async () => {
    let asked = 0;
    let runs = 0;
    const processCall = onTaskDispatched({ retryConfig: { minBackoffSeconds: 0.001 } }, () => {
      runs += 1;
    });
    const near = await serveApart({ processCall }, () => {
      asked += 1;
      if (asked < 3) throw new Error('Nobody is there.');
      return server.url;
    });
    await enqueue('call-1');
    await near.drain();
    await near.stop();
    expect([asked, runs]).toEqual([3, 1]);
  });
});

describe('a scheduled function', () => {
  it('runs at once when told to, as Cloud Scheduler calls it', async () => {
    const seen: unknown[] = [];
    const sweep = onSchedule('every 1 minutes', ({ jobName, scheduleTime }) => {
      seen.push([jobName, Date.parse(scheduleTime) > Date.now() - 10_000]);
    });
    await serve({ sweep });
    expect(await host.runSchedule('sweep')).toBe(200);
    expect(seen).toEqual([['firebase-schedule-sweep-europe-west1', true]]);
    await expect(host.runSchedule('other')).rejects.toThrow('no scheduled function named other');
  });

  it('answers 500 when it throws, and is tried again as often as it asks', async () => {
    let calls = 0;
    const options = { schedule: '0 20 * * *', retryCount: 2, minBackoffSeconds: 0.001 };
    const sweep = onSchedule(options, () => {
      calls += 1;
      throw new Error('boom');
    });
    await serve({ sweep });
    expect(await host.runSchedule('sweep')).toBe(500);
    expect(calls).toBe(3);
  });

  it('is called by nobody from outside', async () => {
    await serve({ sweep: onSchedule('every 1 minutes', () => undefined) });
    expect((await fetch(urlOf('sweep'), { method: 'POST' })).status).toBe(403);
  });

  it('stops the start when its schedule cannot be read', async () => {
    const sweep = onSchedule('now and then', () => undefined);
    await expect(serve({ sweep })).rejects.toThrow('now and then');
  });
});

describe('a module of functions', () => {
  it('stops the start when one waits for what cannot be hosted, naming it', async () => {
    const listen = onMessagePublished('topic', () => undefined);
    await expect(serve({ listen })).rejects.toThrow(
      "The function listen waits for events that can't be hosted: google.cloud.pubsub.topic.v1.messagePublished.",
    );
  });

  it('may export what is no function', async () => {
    await serve({ version: '1', helper: () => 1 });
    expect(host.functions).toEqual([]);
  });
});
