import { z } from 'zod';
import { openAdminWorld, type AdminWorld } from '../../../test/e2e/support/admin-world.ts';
import { drive } from '../../../test/support/engine/drive.ts';
import { status } from '../../contexts/testing/fault-fetch.ts';

const good = { customerId: 'acme', platform: 'grain', credentials: { apiKey: 'sandbox-key' } };
const key = '2f1c6d0e-repeat';
const headers = { 'idempotency-key': key };

let admin: AdminWorld;

beforeEach(async () => {
  admin = await openAdminWorld({ calls: 3 });
});

afterEach(async () => {
  expect(await everything()).not.toContain('sandbox-key');
  await admin.close();
});

const create = (body: object = good) => admin.ask('POST /admin/imports', { body, headers });

async function documents(collection: string) {
  return (await admin.world.db.collection(collection).get()).docs.map((doc) => doc.data());
}

/** All that was stored, and how often. */
async function everything(): Promise<string> {
  const names = ['idempotencyKeys', 'importJobs', 'importCredentials'];
  return JSON.stringify(await Promise.all(names.map(documents)));
}

const Created = z.object({ jobId: z.string() });

describe('a POST with an Idempotency-Key', () => {
  it('is answered as the first time when it is repeated, and happens once', async () => {
    const first = await create();
    const before = await admin.snapshot();
    const again = await create();
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.headers.get('content-type')).toBe('application/json');
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(await admin.snapshot()).toBe(before);
    expect(await documents('importJobs')).toHaveLength(1);
  });

  it('stores neither the key nor anything of the body', async () => {
    await create();
    const stored = JSON.stringify(await documents('idempotencyKeys'));
    expect(stored).toContain('/admin/imports/');
    expect(stored).not.toContain(key);
    expect(stored).not.toContain('grain');
  });

  it('is refused with another body: 422, and nothing happens', async () => {
    await create();
    const before = await admin.snapshot();
    const other = await create({ ...good, customerId: 'globex' });
    expect(other.status).toBe(422);
    expect(other.body).toMatchObject({
      code: 'idempotency_key_reused',
      type: '/admin/errors/idempotency_key_reused',
      remedy: 'Send another request with an Idempotency-Key of its own.',
      retryable: false,
    });
    expect(await admin.snapshot()).toBe(before);
  });

  it('is another request for another path', async () => {
    await create();
    const files = [{ fileName: 'a.mp3' }];
    const uploads = { body: { customerId: 'acme', files }, headers };
    expect((await admin.ask('POST /admin/uploads', uploads)).status).toBe(201);
  });

  it('is a new request after 24 hours', async () => {
    const { body } = await create();
    admin.world.clock.advance(24 * 3_600_000);
    const next = await create();
    expect(next.status).toBe(201);
    expect(next.headers.get('idempotency-replayed')).toBeNull();
    expect(Created.parse(next.body).jobId).not.toBe(Created.parse(body).jobId);
  });

  it('waits while the first runs: 409 with Retry-After, then the first one’s answer', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reached = (): void => undefined;
    const isRunning = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const { jobs } = admin.world.engine;
    const original = jobs.create;
    jobs.create = async (job) => {
      reached();
      await held;
      return original(job);
    };
    const first = create();
    await isRunning;
    const second = await create();
    expect(second.status).toBe(409);
    expect(second.headers.get('retry-after')).toBe('3');
    expect(second.body).toMatchObject({ code: 'idempotency_key_in_use', retryable: true });
    release();
    const { text } = await first;
    expect((await create()).text).toBe(text);
    expect(await documents('importJobs')).toHaveLength(1);
  });

  it('finds the import of a first request that died before it could answer', async () => {
    const { idempotencyKeys, queue } = admin.world.engine;
    const transact = idempotencyKeys.transact;
    let calls = 0;
    // The process is gone after the job was written: the poke and the answer are lost.
    const enqueue = queue.enqueue;
    queue.enqueue = () => Promise.reject(new Error('killed'));
    idempotencyKeys.transact = (id, decide) => {
      calls += 1;
      return calls === 1 ? transact(id, decide) : Promise.reject(new Error('killed'));
    };
    const first = await create();
    expect(first.status).toBe(500);
    queue.enqueue = enqueue;
    idempotencyKeys.transact = transact;
    expect(admin.world.events.map(({ name }) => name)).toContain('answerNotKept');

    expect((await create()).status).toBe(409);
    admin.world.clock.advance(120_000);
    const again = await create();
    expect(again.status).toBe(201);
    const [job, ...others] = await documents('importJobs');
    expect(others).toEqual([]);
    expect(again.body).toEqual({
      jobId: job?.['id'],
      estimatedCalls: null,
      estimatedDuration: null,
    });
    await drive(admin.world);
    const { body } = await admin.ask(`GET ${again.headers.get('location') ?? ''}`);
    expect(body).toMatchObject({ status: 'completed', totalCalls: 3 });
  });

  it('keeps credentials once though the first request died before it could answer', async () => {
    const { idempotencyKeys, credentials } = admin.world.engine;
    const { transact } = idempotencyKeys;
    const { recordCheck } = credentials;
    let calls = 0;
    credentials.recordCheck = () => Promise.reject(new Error('killed'));
    idempotencyKeys.transact = (id, decide) => {
      calls += 1;
      return calls === 1 ? transact(id, decide) : Promise.reject(new Error('killed'));
    };
    const request = {
      body: good,
      token: admin.tokens.admin,
      headers: { 'idempotency-key': 'keep-once' },
    };
    expect((await admin.ask('POST /admin/credentials', request)).status).toBe(500);
    credentials.recordCheck = recordCheck;
    idempotencyKeys.transact = transact;
    admin.world.clock.advance(120_000);
    const again = await admin.ask('POST /admin/credentials', request);
    expect(again.status).toBe(201);
    const kept = await documents('importCredentials');
    expect(kept).toHaveLength(1);
    expect(again.body).toMatchObject({ id: kept[0]?.['id'], lastCheck: { outcome: 'valid' } });
  });

  it('tries again after an answer that says that it may work another time', async () => {
    admin.setFault(status(503));
    expect((await create()).status).toBe(503);
    admin.setFault(status(429, { 'retry-after': '5' }));
    expect((await create()).status).toBe(429);
    admin.setFault(null);
    const third = await create();
    expect(third.status).toBe(201);
    expect(third.headers.get('idempotency-replayed')).toBeNull();
  });

  it('keeps a refusal that stands', async () => {
    const wrong = { ...good, credentials: { apiKey: 'canary-wrong' } };
    const first = await create(wrong);
    const again = await create(wrong);
    expect([first.status, again.status]).toEqual([422, 422]);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('content-type')).toBe('application/problem+json');
    expect(await everything()).not.toContain('canary');
  });

  it('takes the corrected body of a request that was wrong', async () => {
    expect((await create({ ...good, platform: 'grian' })).status).toBe(400);
    expect((await create()).status).toBe(201);
  });

  it('signs new links to the same uploads, and keeps none of them', async () => {
    const body = { customerId: 'acme', files: [{ fileName: 'a.mp3' }, { fileName: 'b.mp3' }] };
    const Uploads = z.object({
      uploads: z.array(z.object({ uploadId: z.string(), url: z.string() })),
    });
    const ids = ({ body: answer }: { readonly body: unknown }) =>
      Uploads.parse(answer).uploads.map(({ uploadId }) => uploadId);
    const first = await admin.ask('POST /admin/uploads', { body, headers });
    const again = await admin.ask('POST /admin/uploads', { body, headers });
    expect(again.status).toBe(201);
    expect(ids(again)).toEqual(ids(first));
    expect(new Set(ids(first)).size).toBe(2);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const stored = JSON.stringify(await documents('idempotencyKeys'));
    expect(stored).not.toContain('http');
    expect(stored).not.toContain(ids(first)[0]);
  });

  it.each([
    ['is empty', ''],
    ['has a space', 'a b'],
    ['is too long', 'k'.repeat(256)],
  ])('is a 400 when the key %s', async (_name, wrong) => {
    const answer = await admin.ask('POST /admin/imports', {
      body: good,
      headers: { 'idempotency-key': wrong },
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      errors: [{ pointer: 'Idempotency-Key', detail: 'must be 1 to 255 visible ASCII characters' }],
    });
    expect(await documents('importJobs')).toEqual([]);
  });

  it('has no meaning for a GET', async () => {
    expect((await admin.ask('GET /admin/platforms', { headers })).status).toBe(200);
    expect(await documents('idempotencyKeys')).toEqual([]);
  });
});

describe('a caller who asks too often', () => {
  it('is told how long to wait, and others are not', async () => {
    const limited = await openAdminWorld({ settings: { callerRequestsPerMinute: 2 } });
    const statuses = [];
    for (let asked = 0; asked < 3; asked += 1) {
      statuses.push(await limited.ask('GET /admin/platforms'));
    }
    expect(statuses.map((answer) => answer.status)).toEqual([200, 200, 429]);
    expect(statuses[2]?.headers.get('retry-after')).toBe('30');
    expect(statuses[2]?.body).toMatchObject({
      code: 'too_many_requests',
      detail: 'You may make 2 requests in a minute.',
      retryable: true,
    });
    expect((await limited.ask('GET /admin/errors', { token: null })).status).toBe(200);
    limited.world.clock.advance(30_000);
    expect((await limited.ask('GET /admin/platforms')).status).toBe(200);
    await limited.close();
  });
});
