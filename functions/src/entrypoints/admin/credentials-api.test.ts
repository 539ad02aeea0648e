import { z } from 'zod';
import { openAdminWorld, type AdminWorld } from '../../../test/e2e/support/admin-world.ts';
import { drive } from '../../../test/support/engine/drive.ts';
import { status } from '../../contexts/testing/fault-fetch.ts';

const key = 'sandbox-key';
const good = { customerId: 'acme', platform: 'grain', credentials: { apiKey: key } };
const never = 'a'.repeat(20);
const WithId = z.object({ id: z.string() });
const Created = z.object({ jobId: z.string() });

let admin: AdminWorld;

beforeEach(async () => {
  admin = await openAdminWorld({ calls: 3 });
});

afterEach(async () => {
  expect(admin.answers.join('\n')).not.toMatch(/sandbox-key|canary|wrappedKey|ciphertext/);
  await admin.close();
});

/** Asks as an administrator. */
function ask(request: string, body?: unknown) {
  const token = admin.tokens.admin;
  return admin.ask(request, { token, ...(body !== undefined && { body }) });
}

async function keep(changes: object = {}): Promise<string> {
  const answer = await ask('POST /admin/credentials', { ...good, ...changes });
  expect(answer.status).toBe(201);
  return WithId.parse(answer.body).id;
}

async function startImport(credentialId: string, options: object = {}): Promise<string> {
  const body = { customerId: 'acme', platform: 'grain', credentialId, options };
  const answer = await admin.ask('POST /admin/imports', { body });
  expect(answer.status).toBe(201);
  return Created.parse(answer.body).jobId;
}

async function stored(): Promise<string[]> {
  return (await admin.world.db.collection('importCredentials').get()).docs.map(({ id }) => id);
}

describe('POST /admin/credentials', () => {
  it('keeps what the platform accepts, and answers with all that is ever shown of it', async () => {
    const notes = { label: ' Sales workspace ', expiresAt: '2027-01-31T00:00:00+02:00' };
    const answer = await ask('POST /admin/credentials', { ...good, platform: 'GRAIN', ...notes });
    expect(answer.status).toBe(201);
    const { id } = WithId.parse(answer.body);
    expect(answer.headers.get('location')).toBe(`/admin/credentials/${id}`);
    const now = admin.world.clock.now().toISOString();
    const shown = {
      id,
      customerId: 'acme',
      platform: 'grain',
      type: 'stored',
      label: 'Sales workspace',
      scopes: [],
      createdAt: now,
      createdBy: 'admin@example.com',
      expiresAt: '2027-01-30T22:00:00.000Z',
      lastCheck: { timestamp: now, outcome: 'valid', reason: null },
      keyVersion: 'test/1',
    };
    expect(answer.body).toEqual(shown);
    expect((await ask(`GET /admin/credentials/${id}`)).body).toEqual(shown);
  });

  it('keeps nothing that the platform rejects', async () => {
    const body = { ...good, credentials: { apiKey: 'canary-rejected' } };
    const answer = await ask('POST /admin/credentials', body);
    expect([answer.status, answer.body]).toEqual([
      422,
      expect.objectContaining({ code: 'auth_invalid', detail: expect.stringMatching(/^Grain/) }),
    ]);
    expect(await stored()).toEqual([]);
  });

  it.each([
    ['no key', { credentials: {} }, '/credentials'],
    ['a platform that has none', { platform: 'manual' }, '/platform'],
    ['a platform that there is not', { platform: 'nice' }, '/platform'],
    ['an empty label', { label: ' ' }, '/label'],
    ['an expiry that no store holds', { expiresAt: '1969-12-31T00:00:00Z' }, '/expiresAt'],
    ['a type of its own', { type: 'one_off' }, '/type'],
  ])('refuses %s, and says where', async (_name, changes, pointer) => {
    const answer = await ask('POST /admin/credentials', { ...good, ...changes });
    expect([answer.status, answer.body]).toEqual([
      400,
      expect.objectContaining({ errors: [{ pointer, detail: expect.any(String) }] }),
    ]);
    expect(await stored()).toEqual([]);
  });
});

describe('GET /admin/credentials', () => {
  it('lists those of a customer, newest first, page by page', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      ids.unshift(await keep());
      admin.world.clock.advance(1_000);
    }
    await keep({ customerId: 'globex' });
    const first = await ask('GET /admin/credentials?customerId=acme&platform=grain&limit=2');
    const [, next = ''] = /^<(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '') ?? [];
    const second = await ask(`GET ${next}`);
    const idsOf = (body: unknown) =>
      z
        .array(WithId)
        .parse(body)
        .map(({ id }) => id);
    expect([idsOf(first.body), idsOf(second.body)]).toEqual([ids.slice(0, 2), ids.slice(2)]);
    expect(second.headers.get('link')).toBeNull();
    const ofGong = await ask('GET /admin/credentials?customerId=acme&platform=gong');
    expect(ofGong.body).toEqual([]);
  });

  it('shows the one-off credential of an import while it runs', async () => {
    await admin.ask('POST /admin/imports', { body: good });
    const { body } = await ask('GET /admin/credentials?customerId=acme');
    expect(body).toEqual([
      expect.objectContaining({ type: 'one_off', label: null, createdBy: null, lastCheck: null }),
    ]);
  });
});

describe('POST /admin/credentials/{id}/verify', () => {
  it('notes what the platform says now', async () => {
    const id = await keep();
    admin.world.clock.advance(60_000);
    const timestamp = admin.world.clock.now().toISOString();
    admin.setFault(status(401));
    const answer = await ask(`POST /admin/credentials/${id}/verify`);
    expect(answer.status).toBe(200);
    const lastCheck = { timestamp, outcome: 'invalid', reason: expect.stringMatching(/^Grain/) };
    expect(answer.body).toMatchObject({ id, lastCheck });
    expect((await ask(`GET /admin/credentials/${id}`)).body).toEqual(answer.body);
    admin.setFault(null);
    const again = await ask(`POST /admin/credentials/${id}/verify`);
    expect(again.body).toMatchObject({ lastCheck: { timestamp, outcome: 'valid', reason: null } });
  });

  it('notes nothing while the platform is down: an outage is no answer', async () => {
    const id = await keep();
    const before = await ask(`GET /admin/credentials/${id}`);
    admin.setFault(status(503));
    expect((await ask(`POST /admin/credentials/${id}/verify`)).status).toBe(503);
    expect((await ask(`GET /admin/credentials/${id}`)).body).toEqual(before.body);
  });

  it('does not revive what was destroyed meanwhile', async () => {
    const id = await keep();
    admin.setFault(() => {
      void admin.world.db.doc(`importCredentials/${id}`).delete();
      return null;
    });
    expect((await ask(`POST /admin/credentials/${id}/verify`)).status).toBe(200);
    expect(await stored()).toEqual([]);
  });

  it('tells a failure of the store from that', async () => {
    const id = await keep();
    await admin.world.db.doc(`importCredentials/${id}`).update({ platform: 'odd' });
    expect((await ask(`POST /admin/credentials/${id}/verify`)).status).toBe(500);
  });
});

describe('an import with a stored credential', () => {
  it('runs as with one that was sent, and leaves it where it is', async () => {
    const id = await keep();
    const jobId = await startImport(id);
    await drive(admin.world);
    const { body } = await admin.ask(`GET /admin/imports/${jobId}`);
    expect(body).toMatchObject({ status: 'completed', processedCalls: 3 });
    expect(await stored()).toEqual([id]);
  });

  it('answers the same whether there is no such credential or it is not theirs', async () => {
    const theirs = await keep({ customerId: 'globex' });
    const ofGrain = await keep();
    await admin.ask('POST /admin/imports', { body: { ...good, options: { schedule: 'nightly' } } });
    const oneOff = (await stored()).find((id) => id !== theirs && id !== ofGrain) ?? '';
    const request = { customerId: 'acme', platform: 'grain' };
    const cases = [
      { ...request, credentialId: never },
      { ...request, credentialId: theirs },
      { ...request, credentialId: oneOff },
      { ...request, platform: 'gong', credentialId: ofGrain },
    ];
    for (const body of cases) {
      const answer = await admin.ask('POST /admin/imports', { body });
      expect([answer.status, answer.body]).toEqual([
        404,
        {
          type: '/admin/errors/not_found',
          title: 'Not found',
          status: 404,
          code: 'not_found',
          detail: `Customer acme has no stored credential "${body.credentialId}" for ${body.platform}.`,
          remedy: expect.any(String),
          retryable: false,
          requestId: expect.any(String),
        },
      ]);
    }
  });

  it('is not started with two credentials, or for uploads', async () => {
    const credentialId = await keep();
    const both = await admin.ask('POST /admin/imports', { body: { ...good, credentialId } });
    expect([both.status, both.body]).toEqual([
      400,
      expect.objectContaining({
        errors: [
          {
            pointer: '/credentialId',
            detail: 'not beside "credentials": send new ones, or name stored ones',
          },
        ],
      }),
    ]);
    const body = { customerId: 'acme', platform: 'manual', credentialId };
    const uploads = await admin.ask('POST /admin/imports', { body });
    expect([uploads.status, uploads.body]).toEqual([
      400,
      expect.objectContaining({
        errors: [{ pointer: '/credentialId', detail: 'has no meaning for Manual upload' }],
      }),
    ]);
  });

  it('stops with the reason when the credential is destroyed behind its back', async () => {
    const id = await keep();
    const jobId = await startImport(id);
    await admin.world.engine.vault.destroy(id);
    await drive(admin.world);
    const { body } = await admin.ask(`GET /admin/imports/${jobId}`);
    expect(body).toMatchObject({ status: 'failed', lastError: { code: 'auth_invalid' } });
    const credentialId = await keep();
    const wrong = await admin.ask(`POST /admin/imports/${jobId}/retry`, {
      body: { credentialId: never },
    });
    expect(wrong.status).toBe(404);
    const retried = await admin.ask(`POST /admin/imports/${jobId}/retry`, {
      body: { credentialId },
    });
    expect(retried.status).toBe(200);
    await drive(admin.world);
    const after = await admin.ask(`GET /admin/imports/${jobId}`);
    expect(after.body).toMatchObject({ status: 'completed', processedCalls: 3 });
    expect(await stored()).toEqual([credentialId]);
  });

  it('goes on with the same credential when it is retried without another', async () => {
    const id = await keep();
    const jobId = await startImport(id);
    admin.setFault((url) => (url.includes('/download') ? status(403)() : null));
    await drive(admin.world);
    admin.setFault(null);
    await admin.ask(`POST /admin/imports/${jobId}/retry`);
    await drive(admin.world);
    const { body } = await admin.ask(`GET /admin/imports/${jobId}`);
    expect(body).toMatchObject({ status: 'completed', processedCalls: 3 });
  });
});

describe('DELETE /admin/credentials/{id}', () => {
  it('destroys it; after that there is none', async () => {
    const id = await keep();
    const answer = await ask(`DELETE /admin/credentials/${id}`);
    expect([answer.status, answer.body]).toEqual([200, { status: 'destroyed' }]);
    expect(await stored()).toEqual([]);
    expect((await ask(`DELETE /admin/credentials/${id}`)).status).toBe(404);
  });

  it.each(['queued', 'in_progress', 'paused'])(
    'is refused while an import that is %s works with it, and says which',
    async (state) => {
      const id = await keep();
      const jobId = await startImport(id, { schedule: 'nightly' });
      const startedAt = state === 'queued' ? null : admin.world.clock.now();
      await admin.world.db.doc(`importJobs/${jobId}`).update({ status: state, startedAt });
      const answer = await ask(`DELETE /admin/credentials/${id}`);
      expect([answer.status, answer.body]).toEqual([
        409,
        expect.objectContaining({
          code: 'conflict',
          detail: `Import ${jobId} is ${state} and works with this credential: wait for its end, or cancel it (DELETE /admin/imports/${jobId}).`,
        }),
      ]);
      expect(await stored()).toEqual([id]);
      await admin.ask(`DELETE /admin/imports/${jobId}`);
      expect((await ask(`DELETE /admin/credentials/${id}`)).status).toBe(200);
    },
  );
});

describe('support staff', () => {
  it('may neither see nor manage credentials, whatever the request', async () => {
    const id = await keep();
    const requests = [
      ['POST /admin/credentials', good],
      ['GET /admin/credentials?customerId=acme'],
      [`GET /admin/credentials/${id}`],
      [`POST /admin/credentials/${id}/verify`],
      [`DELETE /admin/credentials/${id}`],
      ['GET /admin/credentials/odd'],
    ] as const;
    for (const [request, body] of requests) {
      const answer = await admin.ask(request, { ...(body && { body }) });
      expect([request, answer.status, answer.body]).toEqual([
        request,
        403,
        expect.objectContaining({
          code: 'forbidden',
          detail: 'This is for the role admin; yours is support.',
          remedy: 'Ask somebody with the role admin to do it.',
        }),
      ]);
    }
    expect(await stored()).toEqual([id]);
  });
});
