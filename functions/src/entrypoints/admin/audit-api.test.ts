import { z } from 'zod';
import {
  openAdminWorld,
  type AdminWorld,
  type AskOptions,
} from '../../../test/e2e/support/admin-world.ts';
import { drive } from '../../../test/support/engine/drive.ts';
import { ImportError } from '../../core/errors.ts';
import { status } from '../../contexts/testing/fault-fetch.ts';

const good = { customerId: 'acme', platform: 'grain', credentials: { apiKey: 'sandbox-key' } };
const never = 'z'.repeat(20);
const WithId = z.object({ id: z.string() });
const Created = z.object({ jobId: z.string() });
const Entries = z.array(z.record(z.string(), z.unknown()));

let admin: AdminWorld;

beforeEach(async () => {
  admin = await openAdminWorld({ calls: 2 });
});

afterEach(async () => {
  const { docs } = await admin.world.db.collection('auditLog').get();
  expect(JSON.stringify(docs.map((doc) => doc.data()))).not.toMatch(/sandbox-key|canary|sealed/);
  await admin.close();
});

/** Asks as support does, a moment after the request before: entries are in the order of their times. */
function ask(request: string, options: AskOptions = {}) {
  admin.world.clock.advance(1);
  return admin.ask(request, options);
}

function asAdmin(request: string, options: AskOptions = {}) {
  return ask(request, { token: admin.tokens.admin, ...options });
}

/** What the log says, oldest first, without the look at it. */
async function log(query = 'limit=100'): Promise<Record<string, unknown>[]> {
  const answer = await asAdmin(`GET /admin/audit?${query}`);
  expect(answer.status).toBe(200);
  return Entries.parse(answer.body)
    .filter(({ action }) => action !== 'listAudit')
    .reverse();
}

async function createImport(body: object = {}): Promise<string> {
  const answer = await ask('POST /admin/imports', { body: { ...good, ...body } });
  expect(answer.status).toBe(201);
  return Created.parse(answer.body).jobId;
}

describe('the audit log', () => {
  it('has one entry for each action: who, what, on whom, when, and what came of it', async () => {
    const kept = await asAdmin('POST /admin/credentials', { body: good });
    const { id } = WithId.parse(kept.body);
    const at = admin.world.clock.now().toISOString();
    await asAdmin('GET /admin/credentials?customerId=acme');
    await asAdmin(`GET /admin/credentials/${id}`);
    await asAdmin(`POST /admin/credentials/${id}/verify`);
    const nightly = { options: { schedule: 'nightly' } };
    const jobId = await createImport(nightly);
    await ask(`POST /admin/imports/${jobId}/retry`);
    await ask(`POST /admin/imports/${jobId}/pause`);
    await ask(`POST /admin/imports/${jobId}/resume`);
    await ask(`DELETE /admin/imports/${jobId}`);
    await asAdmin(`DELETE /admin/credentials/${id}`);
    const files = [{ fileName: 'a.mp3' }];
    await ask('POST /admin/uploads', { body: { customerId: 'globex', files } });
    const entries = await log();
    const of = ['action', 'actor', 'role', 'customerId', 'target', 'outcome', 'status'] as const;
    expect(entries.map((entry) => of.map((name) => entry[name]).join(' '))).toEqual([
      `keepCredential admin@example.com admin acme credentials/${id} done 201`,
      'listCredentials admin@example.com admin acme  done 200',
      `getCredential admin@example.com admin acme credentials/${id} done 200`,
      `verifyCredential admin@example.com admin acme credentials/${id} done 200`,
      `createImport support@example.com support acme imports/${jobId} done 201`,
      `retryImport support@example.com support acme imports/${jobId} done 200`,
      `pauseImport support@example.com support acme imports/${jobId} refused 409`,
      `resumeImport support@example.com support acme imports/${jobId} refused 409`,
      `cancelImport support@example.com support acme imports/${jobId} done 200`,
      `destroyCredential admin@example.com admin acme credentials/${id} done 200`,
      'createUploads support@example.com support globex  done 201',
    ]);
    expect(entries[0]).toEqual({
      id: expect.stringMatching(/^[a-z0-9]{20}$/),
      timestamp: at,
      endedAt: at,
      actor: 'admin@example.com',
      role: 'admin',
      jobId: null,
      action: 'keepCredential',
      customerId: 'acme',
      target: `credentials/${id}`,
      outcome: 'done',
      status: 201,
      requestId: kept.headers.get('x-request-id'),
    });
  });

  it('has none for looks at imports and platforms, nor for what is no operation', async () => {
    const jobId = await createImport();
    const before = await log();
    await ask(`GET /admin/imports/${jobId}`);
    await ask('GET /admin/imports?customerId=acme');
    await ask('GET /admin/platforms');
    await ask('POST /admin/nothing', { body: {} });
    await ask(`POST /admin/imports/${jobId}`, { body: {} });
    await ask('POST /admin/imports', { token: null, body: good });
    expect(await log()).toEqual(before);
  });

  it('says what was refused, and what failed', async () => {
    await ask('GET /admin/credentials?customerId=acme');
    await ask('POST /admin/imports', { body: { ...good, customerId: '../etc' } });
    await ask('POST /admin/imports', { body: '{"customerId":' });
    await ask('POST /admin/imports', { body: [] });
    await ask(`DELETE /admin/imports/${never}`);
    await asAdmin(`GET /admin/credentials/${never}`);
    await asAdmin('GET /admin/credentials/odd');
    admin.setFault(status(503));
    await ask('POST /admin/imports', { body: good });
    const entries = await log();
    const of = ['action', 'customerId', 'target', 'outcome', 'status'] as const;
    expect(entries.map((entry) => of.map((name) => entry[name]))).toEqual([
      ['listCredentials', 'acme', null, 'refused', 403],
      ['createImport', null, null, 'refused', 400],
      ['createImport', null, null, 'refused', 400],
      ['createImport', null, null, 'refused', 400],
      ['cancelImport', null, `imports/${never}`, 'refused', 404],
      ['getCredential', null, `credentials/${never}`, 'refused', 404],
      ['getCredential', null, null, 'refused', 400],
      ['createImport', 'acme', null, 'failed', 503],
    ]);
  });

  it('writes down that an import uses its credential, once, whatever the number of calls', async () => {
    const kept = await asAdmin('POST /admin/credentials', { body: good });
    const { id: credentialId } = WithId.parse(kept.body);
    const body = { credentials: undefined, credentialId };
    const jobId = await createImport(body);
    admin.setFault((url) => (url.includes('/download') ? status(403)() : null));
    await drive(admin.world);
    admin.setFault(null);
    await ask(`POST /admin/imports/${jobId}/retry`, { body: {} });
    await drive(admin.world);
    await ask(`POST /admin/imports/${jobId}/retry`, {
      body: { credentials: good.credentials },
    });
    const uses = await log('action=useCredential&limit=100');
    expect(uses).toEqual([
      {
        id: `${jobId}-${credentialId}`,
        timestamp: expect.any(String),
        endedAt: expect.any(String),
        actor: 'support@example.com',
        role: null,
        jobId,
        action: 'useCredential',
        customerId: 'acme',
        target: `credentials/${credentialId}`,
        outcome: 'done',
        status: null,
        requestId: null,
      },
    ]);
  });

  it('has an entry for each credential that an import was given', async () => {
    const jobId = await createImport();
    admin.setFault((url) => (url.includes('/download') ? status(403)() : null));
    await drive(admin.world);
    admin.setFault(null);
    const body = { credentials: good.credentials };
    expect((await ask(`POST /admin/imports/${jobId}/retry`, { body })).status).toBe(200);
    const uses = await log('action=useCredential');
    expect(new Set(uses.map(({ target }) => target)).size).toBe(2);
    expect(uses.map((entry) => entry['jobId'])).toEqual([jobId, jobId]);
  });
});

describe('what can’t be written down', () => {
  const down = new ImportError({
    kind: 'unavailable',
    source: 'firestore',
    publicMessage: 'The database did not answer. Try again.',
  });

  it('is not done', async () => {
    const before = await admin.snapshot();
    const { audit } = admin.world.engine;
    Object.assign(audit, { open: () => Promise.reject(down) });
    const answer = await ask('POST /admin/imports', { body: good });
    expect([answer.status, answer.body]).toEqual([
      503,
      expect.objectContaining({ detail: 'The database did not answer. Try again.' }),
    ]);
    expect(await admin.snapshot()).toBe(before);
  });

  it('once it was done, leaves an entry without an end and a line in the log; the answer stands', async () => {
    Object.assign(admin.world.engine.audit, { close: () => Promise.reject(down) });
    const answer = await ask('POST /admin/imports', { body: good });
    expect(answer.status).toBe(201);
    const requestId = answer.headers.get('x-request-id');
    const [entry] = await log('action=createImport');
    expect(entry).toMatchObject({ outcome: 'started', endedAt: null, status: null, requestId });
    expect(admin.world.events).toContainEqual({
      name: 'auditNotClosed',
      event: { requestId, entryId: entry?.['id'], cause: down },
    });
  });
});

describe('GET /admin/audit', () => {
  async function act(customerId: string, action: 'pause' | 'resume' = 'pause'): Promise<void> {
    const jobId = await createImport({ customerId, options: { schedule: 'nightly' } });
    admin.world.clock.advance(60_000);
    await asAdmin(`POST /admin/imports/${jobId}/${action}`);
    admin.world.clock.advance(60_000);
  }

  it('finds by customer, actor, action and time', async () => {
    const start = admin.world.clock.now().getTime();
    await act('acme');
    await act('globex', 'resume');
    const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
    const actions = async (query: string) =>
      (await log(`${query}&limit=100`)).map(({ action, customerId }) =>
        [action, customerId].join(' '),
      );
    expect(await actions('customerId=acme')).toEqual(['createImport acme', 'pauseImport acme']);
    expect(await actions('actor=admin@example.com')).toEqual([
      'pauseImport acme',
      'resumeImport globex',
    ]);
    expect(await actions('action=createImport')).toEqual([
      'createImport acme',
      'createImport globex',
    ]);
    expect(await actions(`from=${at(1)}&to=${at(3)}`)).toEqual([
      'pauseImport acme',
      'createImport globex',
    ]);
    expect(await actions(`customerId=globex&actor=admin@example.com&from=${at(0)}`)).toEqual([
      'resumeImport globex',
    ]);
  });

  it('gives pages by Link', async () => {
    await act('acme');
    await act('globex');
    const first = await asAdmin('GET /admin/audit?customerId=acme&limit=1');
    const [, next = ''] = /^<(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '') ?? [];
    const second = await asAdmin(`GET ${next}`);
    const actions = [first, second].map(({ body }) => Entries.parse(body)[0]?.['action']);
    // The look at the log is in the log, too.
    expect(actions).toEqual(['listAudit', 'pauseImport']);
  });

  it.each([
    ['?format=csv', '/admin/audit?format=csv&action=createImport', {}],
    ['Accept: text/csv', '/admin/audit?action=createImport', { accept: 'text/csv' }],
  ])('is a file of all that matches, by %s', async (_name, path, headers) => {
    // A customer id may begin with what a spreadsheet takes for a formula.
    await createImport({ customerId: '-2', options: { schedule: 'nightly' } });
    for (let index = 0; index < 25; index += 1) {
      await createImport({ options: { schedule: 'nightly' } });
    }
    const answer = await asAdmin(`GET ${path}`, { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="audit.csv"');
    const lines = answer.text.split('\r\n');
    expect(lines[0]).toBe(
      'timestamp,endedAt,actor,role,action,customerId,target,outcome,status,jobId,requestId,id',
    );
    expect(lines).toHaveLength(28);
    expect(lines.filter((line) => line.includes(",createImport,'-2,imports/"))).toHaveLength(1);
    expect(lines.at(-1)).toBe('');
  });

  it('has more than one read’s worth of entries in the file', async () => {
    const { engine, clock } = admin.world;
    await Promise.all(
      Array.from({ length: 501 }, (_, index) =>
        engine.audit.open({
          ...{ id: `entry-${index}`, at: clock.now(), endedAt: null, actor: 'ann@example.com' },
          ...{ role: 'admin', jobId: null, action: 'createImport', customerId: 'acme' },
          ...{ target: null, outcome: 'started', status: null, requestId: 'r' },
        }),
      ),
    );
    const { text } = await asAdmin(
      'GET /admin/audit?format=csv&customerId=acme&action=createImport',
    );
    expect(new Set(text.split('\r\n').map((line) => line.split(',').at(-1))).size).toBe(503);
  });

  it('is for the role admin, and takes no other filter', async () => {
    expect((await ask('GET /admin/audit')).status).toBe(403);
    for (const query of ['who=ann', 'action=drop%20table', 'from=yesterday', 'format=xml']) {
      expect([query, (await asAdmin(`GET /admin/audit?${query}`)).status]).toEqual([query, 400]);
    }
  });
});

describe('each operation that changes something', () => {
  it('is in the log by its name, whichever will be added', async () => {
    const { body } = await ask('GET /admin/openapi.json');
    const Paths = z.object({
      paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string() }))),
    });
    const changing = Object.entries(Paths.parse(body).paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method]) => method !== 'get')
        .map(([method, { operationId }]) => ({ path, method, operationId })),
    );
    expect(changing.length).toBeGreaterThanOrEqual(9);
    for (const { path, method } of changing) {
      const target = path.replaceAll(/\{\w+\}/g, never);
      const sent = method === 'post' ? { body: {} } : {};
      await asAdmin(`${method.toUpperCase()} /admin${target}`, sent);
    }
    const logged = (await log()).map(({ action }) => String(action));
    expect(logged.sort()).toEqual(changing.map(({ operationId }) => operationId).sort());
  });
});
