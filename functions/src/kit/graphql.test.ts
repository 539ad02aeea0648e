import { z } from 'zod';
import type { ImportError } from '../core/errors.ts';
import { defineGraphqlErrors, queryGraphql, queryRecords } from './graphql.ts';
import { createPlatformHttp } from './http.ts';
import type { LimitedAnswer } from './rate-limiter.ts';

const errors = defineGraphqlErrors({
  kindsByCode: {
    auth_failed: 'auth_invalid',
    forbidden: 'permission_denied',
    paid_required: 'payment_required',
    object_not_found: 'not_found',
    too_many_requests: 'rate_limited',
  },
  messages: { auth_invalid: 'Acme rejected the key. Make a new one.' },
  findRetryAt: (error) => {
    const metadata = z.object({ retryAfter: z.number() }).safeParse(error.extensions?.['metadata']);
    return metadata.success ? new Date(metadata.data.retryAfter) : null;
  },
});

/** Acme's endpoint, which answers one after the other. */
function createAcme(...answers: readonly Response[]) {
  const sent: unknown[] = [];
  const observed: Omit<LimitedAnswer, 'headers'>[] = [];
  const queue = [...answers];
  const http = createPlatformHttp({
    voice: {
      ...{ platform: 'acme', displayName: 'Acme', errors, scopes: [], secrets: [] },
      clock: { now: () => new Date('2026-03-02T09:00:00Z') },
    },
    baseUrl: 'https://api.acme.example',
    headers: {},
    fetch: (_url, { body }) => {
      sent.push(JSON.parse(body ?? 'null'));
      return Promise.resolve(queue.shift() ?? Response.json({ data: null }));
    },
    limiter: {
      acquire: () => Promise.resolve(),
      observe: ({ status, retryAfterMs }) => {
        observed.push({ status, retryAfterMs });
        return undefined;
      },
    },
    sleep: () => Promise.resolve(),
    random: () => 0.5,
    ...{ requestTimeoutMs: 1000, maxBodyBytes: 10_000, signal: undefined },
  });
  const ask = () =>
    queryGraphql(http, { path: '/graphql', query: '{ me }' }, z.object({ data: z.unknown() }));
  const record = z.object({ name: z.string() }).nullable();
  const askFor = (...ids: readonly string[]) =>
    queryRecords(http, {
      ...{ path: '/graphql', field: 'call', idType: 'ID!', selections: ['name', 'id'] },
      ...{ ids, schema: record },
    });
  return { http, sent, observed, ask, askFor };
}

function failed(error: object, init: { status?: number; data?: unknown } = {}): Response {
  return Response.json(
    { errors: [error], data: init.data ?? null },
    { status: init.status ?? 200 },
  );
}

async function failureOf(work: Promise<unknown>): Promise<ImportError> {
  return work.then(
    () => {
      throw new Error('It should have failed.');
    },
    (error: ImportError) => error,
  );
}

describe('errors of a GraphQL platform', () => {
  it.each([200, 400, 500])('mean what their code says under the status %p', async (status) => {
    const acme = createAcme(failed({ message: 'no', code: 'auth_failed' }, { status }));
    expect(await failureOf(acme.ask())).toMatchObject({
      kind: 'auth_invalid',
      retryable: false,
      publicMessage: 'Acme rejected the key. Make a new one.',
    });
    expect(acme.sent).toHaveLength(1);
  });

  it('are found in the extensions as well, behind ones that nobody knows', async () => {
    const known = { extensions: { code: 'object_not_found', status: 404 } };
    const body = { errors: [{ message: 'hm' }, known], data: null };
    const acme = createAcme(Response.json(body));
    expect(await failureOf(acme.ask())).toMatchObject({ kind: 'not_found', status: 404 });
  });

  it('without a known code mean what their own status says', async () => {
    const own = createAcme(...[1, 2, 3].map(() => failed({ extensions: { status: 503 } })));
    expect(await failureOf(own.ask())).toMatchObject({ kind: 'unavailable', status: 503 });
    expect(own.sent).toHaveLength(3);
    const none = createAcme(failed({ message: 'Syntax Error' }));
    expect(await failureOf(none.ask())).toMatchObject({ kind: 'bad_request', status: 400 });
  });

  it('tell the limiter of a limit, with the instant at which it ends', async () => {
    const metadata = { retryAfter: Date.parse('2026-03-02T09:01:30Z') };
    const error = { code: 'too_many_requests', extensions: { status: 429, metadata } };
    const acme = createAcme(failed(error));
    expect(await failureOf(acme.ask())).toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 90_000,
      status: 429,
    });
    expect(acme.observed).toEqual([{ status: 429, retryAfterMs: 90_000 }]);
  });

  it('fail a query although data came along, and quote none of that data', async () => {
    const error = { code: 'forbidden', path: ['me', 'name'] };
    const acme = createAcme(failed(error, { data: { me: { words: 'private words' } } }));
    const thrown = await failureOf(acme.ask());
    expect(thrown.kind).toBe('permission_denied');
    expect(String(thrown.cause)).not.toContain('private words');
  });

  it('are none where there are none, or where the list is empty', async () => {
    const acme = createAcme(
      Response.json({ data: { me: 1 } }),
      Response.json({ data: { me: 2 }, errors: [] }),
    );
    await expect(acme.ask()).resolves.toEqual({ data: { me: 1 } });
    await expect(acme.ask()).resolves.toEqual({ data: { me: 2 } });
  });
});

describe('queryRecords', () => {
  it('asks for several records in one query, with ids as variables', async () => {
    const acme = createAcme(
      Response.json({ data: { call0: { name: 'A' }, call1: { name: 'B' } } }),
    );
    const records = await acme.askFor('a/1', '"}');
    expect([...records]).toEqual([
      ['a/1', { name: 'A' }],
      ['"}', { name: 'B' }],
    ]);
    expect(acme.sent).toEqual([
      {
        query:
          'query Records($call0: ID!, $call1: ID!) { call0: call(id: $call0) { name } call1: call(id: $call1) { name } }',
        variables: { call0: 'a/1', call1: '"}' },
      },
    ]);
  });

  it('leaves out a record that failed and one of another shape', async () => {
    const error = { code: 'object_not_found', path: ['call1'] };
    const data = { call0: { name: 'A' }, call2: { name: 3 } };
    const acme = createAcme(failed(error, { data }));
    expect([...(await acme.askFor('a', 'b', 'c'))]).toEqual([['a', { name: 'A' }]]);
  });

  it.each([
    ['nothing came along', { code: 'object_not_found', path: ['call0'] }, { call0: null }],
    ['the error names no record', { code: 'object_not_found' }, { call0: { name: 'A' } }],
    ['the error concerns all', { code: 'auth_failed', path: ['call1'] }, { call0: { name: 'A' } }],
    ['nobody knows the error', { code: 'odd', path: ['call1'] }, { call0: { name: 'A' } }],
  ])('fails as a whole where %s', async (_why, error, data) => {
    const acme = createAcme(failed(error, { data }));
    expect((await failureOf(acme.askFor('a', 'b'))).name).toBe('ImportError');
  });

  it('lets a record that is asked for alone fail in its own name', async () => {
    const error = { code: 'object_not_found', path: ['call0'] };
    const acme = createAcme(
      failed(error, { data: { call0: null } }),
      Response.json({ data: { call0: { name: 3 } } }),
      Response.json({ data: { call0: null } }),
    );
    expect((await failureOf(acme.askFor('a'))).kind).toBe('not_found');
    const broken = await failureOf(acme.askFor('a'));
    expect(broken.kind).toBe('contract');
    expect(broken.publicMessage).toContain('data.call0.name');
    expect([...(await acme.askFor('a'))]).toEqual([['a', null]]);
  });

  it('selects less where the plan forbids what was asked for, and fails where nothing is left', async () => {
    const forbidden = { code: 'paid_required' };
    const acme = createAcme(
      failed(forbidden),
      Response.json({ data: { call0: null } }),
      failed(forbidden),
      failed(forbidden),
    );
    expect([...(await acme.askFor('a'))]).toEqual([['a', null]]);
    expect(acme.sent.map((sent) => JSON.stringify(sent))).toEqual([
      expect.stringContaining('{ name }'),
      expect.stringContaining('{ id }'),
    ]);
    expect((await failureOf(acme.askFor('a'))).kind).toBe('payment_required');
  });
});
