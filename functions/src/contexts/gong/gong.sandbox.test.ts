import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createGongSandbox, gongSandboxCredentials } from './gong.sandbox.ts';
import type { GongSandboxOptions } from './gong.sandbox.ts';

const origin = 'https://api.gong.io';
const { accessKey, accessKeySecret } = gongSandboxCredentials;
const basic = `Basic ${Buffer.from(`${accessKey}:${accessKeySecret}`).toString('base64')}`;
const always = { fromDateTime: '2020-01-01T00:00:00Z', toDateTime: '2030-01-01T00:00:00Z' };
const everything = {
  exposedFields: { parties: true, media: true, content: { brief: true } },
};

function open(options: Partial<GongSandboxOptions> = {}) {
  const clock = { nowMs: Date.parse('2026-03-02T12:00:00Z') };
  const sandbox = createGongSandbox({
    ...{ calls: 12, seed: 7, requestsPerMinute: 1_000_000, now: () => new Date(clock.nowMs) },
    ...options,
  });
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: basic, 'content-type': 'application/json', ...init.headers };
    const response = await sandbox.fetch(new Request(origin + path, { ...init, headers }));
    const json: unknown = await response.json();
    return { status: response.status, headers: response.headers, json };
  };
  const post = (path: string, body: unknown) =>
    ask(path, { method: 'POST', body: JSON.stringify(body) });
  const list = async (body: Readonly<Record<string, unknown>> = {}) =>
    Extensive.parse(
      (await post('/v2/calls/extensive', { filter: always, contentSelector: everything, ...body }))
        .json,
    );
  return { sandbox, clock, ask, post, list };
}

const Extensive = z.object({
  records: z.object({ totalRecords: z.int(), cursor: z.string().optional() }),
  calls: z.array(
    z.looseObject({
      metaData: z.looseObject({ id: z.string(), started: z.string(), isPrivate: z.boolean() }),
      parties: z.array(z.looseObject({ speakerId: z.string().nullable() })).optional(),
      media: z
        .object({ audioUrl: z.string().optional(), videoUrl: z.string().optional() })
        .optional(),
    }),
  ),
});
const Transcripts = z.object({
  callTranscripts: z.array(
    z.object({
      callId: z.string(),
      transcript: z.array(
        z.object({
          speakerId: z.string(),
          sentences: z.array(z.object({ start: z.int(), end: z.int(), text: z.string() })),
        }),
      ),
    }),
  ),
});

describe('the Gong sandbox refuses as Gong does', () => {
  it.each([
    ['no authorization', { authorization: '' }, 401],
    ['the key as a bearer token', { authorization: `Bearer ${accessKey}` }, 401],
    ['a wrong pair', { authorization: `Basic ${btoa('a:b')}` }, 401],
    ['another content type', { 'content-type': 'text/plain' }, 415],
  ])('%s', async (_what, headers, status) => {
    const body = JSON.stringify({ filter: always });
    const answer = await open().ask('/v2/calls/extensive', { method: 'POST', body, headers });
    expect(answer).toMatchObject({
      status,
      json: { requestId: expect.stringMatching(/^4al018\w+$/), errors: [expect.any(String)] },
    });
  });

  it.each([
    ['an extensive request without a filter', '/v2/calls/extensive', {}, 400],
    ['an unknown field in a filter', '/v2/calls/extensive', { filter: { from: 'x' } }, 400],
    ['a filter body sent to "add new call"', '/v2/calls', { filter: always }, 400],
    ['a path that does not exist', '/v2/recordings', {}, 404],
  ])('%s', async (_what, path, body, status) => {
    expect((await open().post(path, body)).status).toBe(status);
  });

  it.each([
    ['a listing without its required dates', '/v2/calls', 400],
    ['a media endpoint that is only for uploads', '/v2/calls/1/media', 405],
    ['a transcript endpoint that does not exist', '/v2/calls/1/transcript', 404],
  ])('%s', async (_what, path, status) => {
    expect((await open().ask(path)).status).toBe(status);
  });

  it('nothing found, with a 404 in its own words, and a missing call in others', async () => {
    const { ask, post } = open({ calls: 0 });
    const words = ['No calls found corresponding to the provided filters'];
    const query = new URLSearchParams(always).toString();
    for (const answer of [
      await ask(`/v2/calls?${query}`),
      await post('/v2/calls/extensive', { filter: always }),
      await post('/v2/calls/transcript', { filter: { callIds: ['1'] } }),
    ]) {
      expect(answer).toMatchObject({ status: 404, json: { errors: words } });
    }
    expect(await ask('/v2/calls/894')).toMatchObject({
      status: 404,
      json: { errors: ['Call ID 894 was not found'] },
    });
  });

  it('the fourth request within a second, with whole seconds to wait', async () => {
    const { ask, clock, sandbox } = open({ requestsPerMinute: 180 });
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await ask('/v2/users')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await ask('/v2/users')).headers.get('retry-after')).toBe('1');
    clock.nowMs += 1000;
    expect((await ask('/v2/users')).status).toBe(200);
    expect(sandbox.limitHits).toBe(2);
  });

  it('more requests in a day than the quota', async () => {
    const { ask } = open({ faults: ['daily-quota:2'] });
    await ask('/v2/users');
    await ask('/v2/workspaces');
    const refused = await ask('/v2/users');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('86400');
  });

  it.each([
    ['missing-scope', '/v2/calls/transcript', 401],
    ['untrusted-ip', '/v2/calls/extensive', 403],
    ['server-errors:1', '/v2/calls/extensive', 500],
    ['rate-limit-storm', '/v2/calls/extensive', 429],
  ])('all that the fault %s is about', async (fault, path, status) => {
    const { post } = open({ faults: [fault] });
    expect((await post(path, { filter: always })).status).toBe(status);
  });

  it('an unknown fault', () => {
    expect(() => open({ faults: ['gremlins'] })).toThrow('no fault "gremlins"');
  });
});

describe('the Gong sandbox', () => {
  it('accepts the token of an app', async () => {
    const headers = { authorization: `Bearer sandbox-access-token-0` };
    expect((await open().ask('/v2/workspaces', { headers })).status).toBe(200);
  });

  it('gives ids that no number can hold, and the same account for the same seed', async () => {
    const { calls } = await open().list();
    expect(calls).toHaveLength(12);
    for (const { metaData } of calls) {
      expect(metaData.id).toMatch(/^\d{19}$/);
      expect(Number(metaData.id)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    }
    expect((await open().list()).calls).toEqual(calls);
    expect((await open({ seed: 8 }).list()).calls).not.toEqual(calls);
  });

  it('pages by 100, with a count and with cursors for exactly one request', async () => {
    const { list, post, clock } = open({ calls: 263 });
    const first = await list();
    expect([first.records.totalRecords, first.calls.length]).toEqual([263, 100]);
    const { cursor } = first.records;
    const second = await list({ cursor });
    const third = await list({ cursor: second.records.cursor });
    expect(third.records).toEqual({ totalRecords: 263 });
    const ids = [first, second, third].flatMap(({ calls }) => calls.map((c) => c.metaData.id));
    expect(new Set(ids).size).toBe(263);
    const other = { filter: { ...always, workspaceId: '1' }, cursor };
    expect(await post('/v2/calls/extensive', other)).toMatchObject({
      status: 400,
      json: { errors: ['failed to verify cursor'] },
    });
    clock.nowMs += 600_000;
    expect(await post('/v2/calls/extensive', { filter: always, cursor })).toMatchObject({
      status: 400,
      json: { errors: ['cursor has expired'] },
    });
  });

  it('shows parties, media and content only where they are asked for', async () => {
    const { list } = open();
    const [plain] = (await list({ contentSelector: undefined })).calls;
    expect(Object.keys(plain ?? {})).toEqual(['metaData']);
    const [whole] = (await list()).calls;
    expect(Object.keys(whole ?? {}).toSorted()).toEqual([
      ...['content', 'media', 'metaData', 'parties'],
    ]);
  });

  it('filters by the start in one listing and by the scheduled time in the other', async () => {
    const { ask, list, sandbox } = open({ calls: 60 });
    const late = (await list()).calls.find(({ metaData }) => {
      const scheduled = metaData['scheduled'];
      return typeof scheduled === 'string' && scheduled !== metaData.started;
    });
    const truth = sandbox.truth().find((call) => call.sourceCallId === late?.metaData.id);
    if (truth === undefined) throw new Error('No call began later than scheduled.');
    const from = truth.startedAt;
    const window = {
      fromDateTime: from.toISOString(),
      toDateTime: new Date(from.getTime() + 1000).toISOString(),
    };
    expect((await list({ filter: window })).calls.map((call) => call.metaData.id)).toEqual([
      truth.sourceCallId,
    ]);
    const scheduled = await ask(`/v2/calls?${new URLSearchParams(window).toString()}`);
    expect(scheduled.status).toBe(404);
  });

  it('links to exactly the bytes of the truth, for eight hours, without authorization', async () => {
    const { sandbox, list, clock } = open();
    const truth = sandbox.truth().find((call) => call.hasMedia);
    const { calls } = await list();
    const call = calls.find((each) => each.metaData.id === truth?.sourceCallId);
    const url = call?.media?.videoUrl ?? call?.media?.audioUrl ?? '';
    expect(url).toMatch(/^https:\/\/media\.api\.gong\.io\/media\//);
    clock.nowMs += 8 * 3_600_000 - 1000;
    const file = await sandbox.fetch(new Request(url));
    const bytes = Buffer.from(await file.arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(truth?.mediaSha256);
    const leaking = new Request(url, { headers: { authorization: basic } });
    expect((await sandbox.fetch(leaking)).status).toBe(400);
    expect(sandbox.credentialLeaks).toBe(1);
    clock.nowMs += 1000;
    expect((await sandbox.fetch(new Request(url))).status).toBe(403);
    expect(sandbox.requests.map(({ path }) => path)).toEqual([
      '/v2/calls/extensive',
      ...['/media', '/media', '/media'],
    ]);
  });

  it('lets speakers be joined to parties, all but some guests', async () => {
    const { list, post } = open({ calls: 60 });
    const { calls } = await list();
    const callIds = calls.map((call) => call.metaData.id);
    const answer = await post('/v2/calls/transcript', { filter: { callIds } });
    const { callTranscripts } = Transcripts.parse(answer.json);
    const joined = callTranscripts.map(({ callId, transcript }) => {
      const call = calls.find((each) => each.metaData.id === callId);
      const known = new Set(call?.parties?.map((party) => party.speakerId));
      return transcript.every(({ speakerId }) => known.has(speakerId));
    });
    expect(joined.filter((isJoined) => isJoined).length).toBeGreaterThan(40);
    expect(joined).toContain(false);
    expect(callTranscripts.length).toBeLessThan(60);
  });

  it('makes links stale, media and transcripts late, and calls private, as told', async () => {
    const stale = open({ faults: ['expired-links'] });
    const linkOf = async () => {
      const media = (await stale.list()).calls[0]?.media;
      return stale.sandbox.fetch(new Request(media?.videoUrl ?? media?.audioUrl ?? ''));
    };
    expect([(await linkOf()).status, (await linkOf()).status]).toEqual([403, 200]);
    const late = open({ faults: ['late-media:1', 'late-transcripts:1'] });
    const [before] = (await late.list()).calls;
    const [after] = (await late.list()).calls;
    expect([before?.media, Object.keys(after?.media ?? {})]).toEqual([{}, [expect.any(String)]]);
    const wanted = { filter: { callIds: [before?.metaData.id] } };
    const statuses = [
      (await late.post('/v2/calls/transcript', wanted)).status,
      (await late.post('/v2/calls/transcript', wanted)).status,
    ];
    expect(statuses).toEqual([404, 200]);
    const { calls } = await open({ calls: 5, faults: ['private-calls:2'] }).list();
    expect(calls.map((call) => call.metaData.isPrivate)).toEqual([true, false, true, false, true]);
  });

  it('lists what is put and forgets what is removed', async () => {
    const { sandbox, list, ask } = open({ calls: 2 });
    const started = '2026-03-02T10:00:00Z';
    const metaData = { id: '42', title: 'Put', started, duration: 60, isPrivate: false };
    sandbox.putRecord({ metaData });
    const [first] = sandbox.truth().filter((call) => call.sourceCallId !== '42');
    sandbox.removeCall(first?.sourceCallId ?? '');
    expect((await list()).calls.map((call) => call.metaData.id)).toContain('42');
    expect((await list()).calls).toHaveLength(2);
    expect((await ask(`/v2/calls/${first?.sourceCallId ?? ''}`)).status).toBe(404);
    expect(await ask('/v2/calls/42')).toMatchObject({ status: 200, json: { call: metaData } });
  });
});
