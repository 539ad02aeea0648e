import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createFirefliesSandbox } from './fireflies.sandbox.ts';
import type { FirefliesSandboxOptions } from './fireflies.sandbox.ts';

const Answer = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        code: z.string().optional(),
        path: z.array(z.string()).optional(),
        extensions: z.looseObject({ code: z.string() }),
      }),
    )
    .optional(),
});

function open(options: Partial<FirefliesSandboxOptions> = {}) {
  const clock = createFakeClock();
  const sandbox = createFirefliesSandbox({
    calls: 12,
    seed: 7,
    now: () => clock.now(),
    ...options,
  });
  const send = (init: RequestInit, path = '/graphql') =>
    sandbox.fetch(new Request(`https://api.fireflies.ai${path}`, init));
  const headers = { authorization: 'Bearer sandbox-key', 'content-type': 'application/json' };
  const ask = async (query: string, variables: Readonly<Record<string, unknown>> = {}) => {
    const body = JSON.stringify({ query, variables });
    const response = await send({ method: 'POST', headers, body });
    return { response, ...Answer.parse(await response.json()) };
  };
  return { clock, sandbox, send, headers, ask };
}

const listQuery =
  'query ($from: DateTime, $to: DateTime, $limit: Int, $skip: Int) { transcripts(fromDate: $from, toDate: $to, limit: $limit, skip: $skip) { id date dateString } }';
const Listed = z.array(z.object({ id: z.string(), date: z.number(), dateString: z.string() }));

describe('the Fireflies sandbox', () => {
  it('refuses a wrong key with HTTP 500, as Fireflies does', async () => {
    const { send } = open();
    for (const authorization of ['Bearer wrong', '']) {
      const headers = { authorization, 'content-type': 'application/json' };
      const response = await send({
        method: 'POST',
        headers,
        body: '{"query":"{ user { name } }"}',
      });
      expect(response.status).toBe(500);
      expect(await response.json()).toMatchObject({
        data: null,
        errors: [{ code: 'auth_failed', extensions: { status: 500 } }],
      });
    }
  });

  it('refuses another path, method, type or body', async () => {
    const { send, headers } = open();
    const body = '{"query":"{ user { name } }"}';
    const post = { method: 'POST', headers, body };
    expect((await send(post, '/graphql/v2')).status).toBe(404);
    expect((await send({ headers })).status).toBe(405);
    const text = { ...headers, 'content-type': 'text/plain' };
    expect((await send({ ...post, headers: text })).status).toBe(400);
    expect((await send({ ...post, body: '{"query"' })).status).toBe(400);
    expect((await send({ ...post, body: '{}' })).status).toBe(400);
    expect((await send(post)).status).toBe(200);
  });

  it('refuses a query that the schema does not know with 400', async () => {
    const { ask } = open();
    const { response, errors } = await ask('{ transcripts { id recording } }');
    expect(response.status).toBe(400);
    expect(errors?.[0]).toMatchObject({
      message: 'Cannot query field "recording" on type "Transcript".',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
  });

  it.each([
    ['a page of more than 50', { limit: 51 }, 'invalid_arguments'],
    ['no page', { limit: 0 }, 'invalid_arguments'],
    ['an offset beyond 5,000', { skip: 5001 }, 'invalid_arguments'],
  ])('refuses %s under HTTP 200', async (_what, variables, code) => {
    const { ask } = open();
    const { response, data, errors } = await ask(listQuery, variables);
    expect(response.status).toBe(200);
    expect(data).toBeNull();
    expect(errors?.[0]).toMatchObject({ code, extensions: { status: 400 } });
  });

  it('refuses a transcript without an id, and one that is not there', async () => {
    const { ask } = open();
    expect((await ask('{ transcript { id } }')).errors?.[0]?.code).toBe('args_required');
    const missing = await ask('{ a: transcript(id: "x") { id } user { user_id } }');
    expect(missing.data).toEqual({ a: null, user: { user_id: 'u-1' } });
    expect(missing.errors).toMatchObject([{ code: 'object_not_found', path: ['a'] }]);
  });

  it('lists by the rounded date, edges included, by offset', async () => {
    const { ask, sandbox } = open();
    const all = Listed.parse((await ask(listQuery)).data?.['transcripts']);
    expect(all.map(({ id }) => id)).toEqual(sandbox.truth().map((call) => call.sourceCallId));
    for (const { date, dateString } of all) {
      expect(date % 600_000).toBe(0);
      expect(Date.parse(dateString) - date).toBeLessThan(600_000);
    }
    const edge = new Date(all[4]?.date ?? 0).toISOString();
    const one = await ask(listQuery, { from: edge, to: edge });
    expect(Listed.parse(one.data?.['transcripts']).map(({ id }) => id)).toEqual([all[4]?.id]);
    const part = await ask(listQuery, { skip: 10, limit: 5 });
    expect(Listed.parse(part.data?.['transcripts'])).toEqual(all.slice(10));
  });

  it('has ULIDs for ids, which find their transcript', async () => {
    const { ask, sandbox } = open();
    for (const { sourceCallId } of sandbox.truth()) {
      expect(sourceCallId).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      const { data } = await ask('query ($id: String!) { transcript(id: $id) { id } }', {
        id: sourceCallId,
      });
      expect(data).toEqual({ transcript: { id: sourceCallId } });
    }
  });

  it('limits requests, and says in milliseconds when it goes on', async () => {
    const { ask, sandbox, clock } = open({ requestsPerMinute: 2 });
    const first = await ask('{ user { user_id } }');
    expect(first.response.headers.get('x-ratelimit-limit-api')).toBe('2');
    expect(first.response.headers.get('x-ratelimit-remaining-api')).toBe('1');
    await ask('{ user { user_id } }');
    const refused = await ask('{ user { user_id } }');
    expect(refused.response.status).toBe(200);
    expect(refused.errors?.[0]?.extensions).toMatchObject({
      code: 'too_many_requests',
      metadata: { retryAfter: clock.now().getTime() + 60_000 },
    });
    expect(sandbox.limitHits).toBe(1);
    clock.advance(60_000);
    expect((await ask('{ user { user_id } }')).errors).toBeUndefined();
  });

  it('serves recordings behind signed links, whole and in ranges, to nobody with a key', async () => {
    const { ask, sandbox, headers, clock } = open({ calls: 40 });
    const Links = z.object({ audio_url: z.string().nullable(), video_url: z.string().nullable() });
    const kinds = new Set<string>();
    for (const call of sandbox.truth().filter(({ hasMedia }) => hasMedia)) {
      const query = 'query ($id: String!) { transcript(id: $id) { audio_url video_url } }';
      const { data } = await ask(query, { id: call.sourceCallId });
      const links = Links.parse(data?.['transcript']);
      const url = links.video_url ?? links.audio_url ?? '';
      expect(new URL(url).hostname).toBe('media.api.fireflies.ai');
      expect(Number(new URL(url).searchParams.get('Expires')) * 1000).toBeGreaterThan(
        clock.now().getTime() + 59 * 3_600_000,
      );
      const response = await sandbox.fetch(new Request(url));
      kinds.add(response.headers.get('content-type') ?? '');
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(call.mediaSha256);
      const sound = await sandbox.fetch(new Request(links.audio_url ?? ''));
      expect(sound.headers.get('content-type')).toBe('audio/mpeg');
      const range = { headers: { range: 'bytes=0-9' } };
      expect((await sandbox.fetch(new Request(url, range))).status).toBe(206);
      expect((await sandbox.fetch(new Request(url, { headers }))).status).toBe(400);
    }
    expect([...kinds].toSorted()).toEqual(['audio/mpeg', 'video/mp4']);
    expect(sandbox.credentialLeaks).toBeGreaterThan(0);
    expect(sandbox.requests.map(({ path }) => path).filter((path) => /media\//.test(path))).toEqual(
      [],
    );
  });

  it('breaks every so many requests, and storms, on demand', async () => {
    const broken = open({ faults: ['server-errors:2'] });
    const statuses = [];
    for (let index = 0; index < 4; index += 1) {
      statuses.push((await broken.ask('{ user { user_id } }')).response.status);
    }
    expect(statuses).toEqual([200, 500, 200, 500]);
    const storm = open({ faults: ['rate-limit-storm:1', 'status-codes'] });
    expect((await storm.ask('{ user { user_id } }')).response.status).toBe(429);
    expect((await storm.ask('{ user { user_id } }')).response.status).toBe(200);
    expect(storm.sandbox.limitHits).toBe(0);
  });

  it('says who is in a meeting that still goes on, and counts it as no call', async () => {
    const { ask, sandbox } = open({ calls: 0 });
    sandbox.putRecord({ id: 'live', dateString: '2025-11-20T10:00:00Z', is_live: true });
    const { data } = await ask('{ transcripts { id is_live } }');
    expect(data).toEqual({ transcripts: [{ id: 'live', is_live: true }] });
    expect(sandbox.truth()).toEqual([]);
  });

  it('knows its faults', () => {
    expect(() => open({ faults: ['sunshine'] })).toThrow('no fault "sunshine"; known: late-');
    expect(() => open({ calls: -1 })).toThrow(RangeError);
  });
});
