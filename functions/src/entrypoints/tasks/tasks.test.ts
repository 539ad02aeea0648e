import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Request } from 'firebase-functions/https';
import { createPorts } from '../../../test/e2e/support/app-ports.ts';
import { readWholeImport, wholeImport } from '../../../test/support/engine/facts.ts';
import { startImport } from '../../../test/support/engine/start-import.ts';
import { openWorld, type TestWorld } from '../../../test/support/engine/test-world.ts';
import { createApp, provideApp } from '../../app.ts';
import { ImportError, type ErrorKind } from '../../core/errors.ts';
import { createLogs } from '../../gcp/logging/logs.ts';
import { advanceJob } from './advance-job.ts';
import { processCall } from './process-call.ts';

/*
 * The functions as deployed, behind firebase-functions' own wrapper and the body parser that Google's
 * framework puts in front of it. 204 is done; anything else makes the queue deliver again.
 */

let server: Server;
let url: string;
let world: TestWorld;
let log: string[];

beforeAll(async () => {
  const app = express();
  app.use(express.json());
  app.all('/advanceJob', (request, response) => void advanceJob(withRawBody(request), response));
  app.all('/processCall', (request, response) => void processCall(withRawBody(request), response));
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(async () => {
  world = await openWorld({ calls: 3 });
  log = [];
  const write = (message: string, fields: unknown) => {
    log.push(`${message} ${JSON.stringify(fields)}`);
  };
  const logs = createLogs({
    debug: () => undefined,
    info: () => undefined,
    warn: write,
    error: write,
  });
  provideApp({
    ...createApp(createPorts(world, { logs })),
    engine: async () => world.engine,
  });
});

/** Google's framework keeps the raw body beside the parsed one. */
function withRawBody(request: express.Request): Request {
  return Object.assign(request, { rawBody: Buffer.alloc(0) });
}

type TaskFunction = 'advanceJob' | 'processCall';

async function deliver(to: TaskFunction, data: unknown): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/${to}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer e30.e30.e30' },
    body: JSON.stringify({ data }),
  });
  return { status: response.status, text: await response.text() };
}

const done = { status: 204, text: '' };
const jobId = 'j'.repeat(20);
const callKey = 'c'.repeat(52);

describe('good payloads', () => {
  it('bring an import to its end, each delivered twice', async () => {
    const job = await startImport(world);
    for (let round = 0; round < 100; round += 1) {
      const due = world.queue.takeDue(world.clock.now());
      for (const { task } of due) {
        expect(await deliver(task.queue, task.payload)).toEqual(done);
        expect(await deliver(task.queue, task.payload)).toEqual(done);
      }
      const next = world.queue.nextRunAt();
      if (!next) break;
      world.clock.advance(Math.max(next.getTime() - world.clock.now().getTime(), 0));
    }
    expect(await readWholeImport(world, job.id)).toEqual(wholeImport(world));
  });

  it('of an import or a call that is gone are done', async () => {
    expect(await deliver('advanceJob', { jobId })).toEqual(done);
    expect(await deliver('processCall', { jobId, callKey })).toEqual(done);
    expect(log).toEqual([expect.stringContaining(`There is no import \\"${jobId}\\"`)]);
  });
});

describe('payloads that we did not write', () => {
  const hostile: readonly unknown[] = [
    {},
    null,
    'text',
    [],
    { jobId: 1 },
    { jobId: '' },
    { jobId: '../customers' },
    { jobId: 'a/b' },
    { jobId: '__name__' },
    { jobId: '\u0000'.repeat(20) },
    { jobId: 'é'.repeat(20) },
    { jobId: 'a'.repeat(10_000) },
    { jobId, extra: 1 },
    { jobId, callKey: 'a/b' },
    { jobId, callKey: '..' },
    { jobId, callKey: 'C'.repeat(52) },
    { jobId, callKey, __proto__: null, constructor: 1 },
  ];

  it.each(['advanceJob', 'processCall'] as const)(
    'are dropped by %s: they would never become right',
    async (to) => {
      let reads = 0;
      world.engine.jobs.transact = () => Promise.reject(new Error(String((reads += 1))));
      world.engine.calls.transact = () => Promise.reject(new Error(String((reads += 1))));
      for (const payload of hostile) {
        expect([payload, await deliver(to, payload)]).toEqual([payload, done]);
      }
      expect(reads).toBe(0);
      expect(log).toHaveLength(hostile.length);
      expect(log.every((line) => line.startsWith('task refused '))).toBe(true);
    },
  );
});

describe('an error of the kind', () => {
  const secret = 'Bearer canary-5f1d';
  const statuses = {
    bad_request: 409,
    auth_invalid: 409,
    permission_denied: 409,
    payment_required: 409,
    not_found: 204,
    not_ready: 409,
    rate_limited: 409,
    timeout: 504,
    unavailable: 409,
    contract: 409,
    conflict: 409,
    internal: 500,
  } as const satisfies Record<ErrorKind, number>;

  it.each(Object.entries(statuses))('%s answers %d, without its cause', async (kind, status) => {
    const error = new ImportError({
      // The keys of the table above are the kinds.
      kind: kind as ErrorKind,
      source: 'firestore',
      publicMessage: 'The database did not answer.',
      cause: new Error(`authorization: ${secret}`),
    });
    world.engine.jobs.transact = () => Promise.reject(error);
    const answer = await deliver('advanceJob', { jobId });
    expect(answer.status).toBe(status);
    expect(answer.text + log.join('\n')).not.toContain('canary');
    if (status === 204) return;
    // Whatever it does not know the wrapper logs as it is, and answers "INTERNAL".
    expect(answer.text).toContain(`firestore: ${kind}: The database did not answer.`);
  });

  it('nobody knows is logged without what looks like a secret, and tried again', async () => {
    const error = new TypeError(`fetch failed: https://x.example/?token=canary with ${secret}`);
    world.engine.jobs.transact = () => Promise.reject(error);
    const answer = await deliver('advanceJob', { jobId });
    expect(answer.status).toBe(500);
    expect(answer.text).toContain('tasks: internal: Something went wrong on our side.');
    expect(log).toEqual([expect.stringMatching(/^task failed .*TypeError: fetch failed/)]);
    expect(answer.text + log.join('\n')).not.toContain('canary');
  });

  it('a broken document of our own is our fault, not the payload’s', async () => {
    await world.db.collection('importJobs').doc(jobId).set({ status: 'odd' });
    const answer = await deliver('advanceJob', { jobId });
    expect(answer.status).toBe(500);
    expect(log).toEqual([expect.stringMatching(/^task failed /)]);
  });
});
