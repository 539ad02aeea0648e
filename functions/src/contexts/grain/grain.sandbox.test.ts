import { createHash } from 'node:crypto';
import { ALL_FORMATS, BufferSource, Input } from 'mediabunny';
import { z } from 'zod';
import { serveSandbox } from '../../kit/sandbox.ts';
import type { ServedSandbox } from '../../kit/sandbox.ts';
import { findClip, findSpokenText } from '../testing/audio/clips.ts';
import { createGrainSandbox } from './grain.sandbox.ts';
import type { GrainSandboxOptions } from './grain.sandbox.ts';

const createdAt = new Date('2026-03-02T09:00:00Z');
const served: ServedSandbox[] = [];

afterEach(async () => {
  await Promise.all(served.splice(0).map((each) => each.close()));
});

/** A sandbox behind a real socket, its clock in `clock.nowMs`. */
async function start(options: Partial<GrainSandboxOptions> = {}) {
  const clock = { nowMs: createdAt.getTime() };
  const sandbox = createGrainSandbox({
    ...{ calls: 12, seed: 7, now: () => new Date(clock.nowMs), requestsPerMinute: 10_000 },
    ...options,
  });
  const server = await serveSandbox(sandbox, { port: 0 });
  served.push(server);
  const ask = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
    fetch(`${server.origin}/_/public-api${path}`, {
      redirect: 'manual',
      ...init,
      headers: { ...apiHeaders, ...init.headers },
    });
  const post = (path: string, body: unknown) =>
    ask(path, { method: 'POST', body: JSON.stringify(body) });
  const list = async (body: unknown) =>
    ListAnswer.parse(await (await post('/v2/recordings', body)).json());
  const link = async (id: string): Promise<string> =>
    (await ask(`/v2/recordings/${id}/download`)).headers.get('location') ?? 'no location';
  return { sandbox, clock, ask, post, list, link, origin: server.origin };
}

const apiHeaders = {
  authorization: 'Bearer sandbox-key',
  'public-api-version': '2025-10-31',
  'content-type': 'application/json',
};

const ListAnswer = z.object({
  cursor: z.string().nullable(),
  recordings: z.array(z.looseObject({ id: z.string(), start_datetime: z.string() })),
});

async function listAll(list: Awaited<ReturnType<typeof start>>['list'], body: object = {}) {
  const ids: string[] = [];
  const pageSizes: number[] = [];
  let cursor: string | null = null;
  do {
    const page: z.infer<typeof ListAnswer> = await list({ ...body, cursor });
    ids.push(...page.recordings.map((recording) => recording.id));
    pageSizes.push(page.recordings.length);
    cursor = page.cursor;
  } while (cursor !== null);
  return { ids, pageSizes };
}

function idOf(
  sandbox: ReturnType<typeof createGrainSandbox>,
  matches: (call: ReturnType<typeof sandbox.truth>[number]) => boolean,
): string {
  return sandbox.truth().find(matches)?.sourceCallId ?? 'no such call';
}

describe('what every request must have', () => {
  it.each([
    ['no key', { authorization: '' }, 401, { error: 'Invalid or missing access token' }],
    [
      'another key',
      { authorization: 'Bearer x' },
      401,
      { error: 'Invalid or missing access token' },
    ],
    [
      'no version',
      { 'public-api-version': '' },
      400,
      { errors: { detail: 'Public-Api-Version must be 2025-10-31' } },
    ],
    [
      'a version of another day',
      { 'public-api-version': '2025-10-30' },
      400,
      { errors: { detail: 'Public-Api-Version must be 2025-10-31' } },
    ],
    [
      'a form',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      { error: 'Content-Type must be application/json' },
    ],
  ])('refuses a request with %s', async (_name, headers, status, body) => {
    const { ask } = await start();
    const response = await ask('/v2/users', { method: 'POST', body: '{}', headers });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual(body);
  });

  it.each([
    ['POST', '/v2/me'],
    ['GET', '/v2/recordings'],
    ['GET', '/me'],
    ['GET', '/recordings'],
    ['POST', '/v2/recordings/unknown'],
    ['GET', '/v2/recordings/unknown/transcript'],
    ['GET', '/v2/recordings/unknown/download'],
  ])('answers 404 to %s %s', async (method, path) => {
    const { ask } = await start();
    const response = await ask(path, method === 'POST' ? { method, body: '{}' } : { method });
    expect(response.status).toBe(404);
  });

  it.each([
    ['a body that is not JSON', '{"cursor":'],
    ['a body that is no object', '[]'],
    ['an unknown field', '{"limit":10}'],
    ['an unknown filter', '{"filter":{"from":"2026-01-01T00:00:00Z"}}'],
    ['an unknown include', '{"include":{"transcript":true}}'],
    ['a date without a time', '{"filter":{"after_datetime":"2026-01-01"}}'],
    ['an unknown scope', '{"filter":{"participant_scope":"unknown"}}'],
    ['a team that is no UUID', '{"filter":{"team":"Sales"}}'],
    ['a filter of personal tokens', '{"filter":{"attendance":"hosted"}}'],
    ['a made-up cursor', '{"cursor":"bm9uZQ"}'],
  ])('answers 400 to a listing with %s', async (_name, body) => {
    const { ask } = await start();
    const response = await ask('/v2/recordings', { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ errors: { detail: expect.any(String) } });
  });
});

describe('the workspace', () => {
  it('names its users and teams', async () => {
    const { post } = await start();
    expect(await (await post('/v2/users', {})).json()).toMatchObject({
      users: [{ name: 'Ann Lee', email: 'ann.lee@northwind.example' }, {}, {}, {}, {}, {}],
    });
    expect(await (await post('/v2/teams', {})).json()).toMatchObject({
      teams: [{ name: 'Sales' }, { name: 'Support' }, { name: 'Customer Success' }],
    });
  });
});

describe('the listing', () => {
  it('gives every call once, newest first, in pages whose last has no cursor', async () => {
    const { list, sandbox } = await start({ calls: 10, pageSize: 4 });
    const { ids, pageSizes } = await listAll(list);
    expect(pageSizes).toEqual([4, 4, 2]);
    expect(ids).toEqual(sandbox.truth().map((call) => call.sourceCallId));
    expect(new Set(ids).size).toBe(10);
    const starts = sandbox.truth().map((call) => call.startedAt.getTime());
    expect(starts).toEqual([...starts].sort((left, right) => right - left));
  });

  it('ends without an empty page when the calls fill the last one', async () => {
    const { list } = await start({ calls: 8, pageSize: 4 });
    expect((await listAll(list)).pageSizes).toEqual([4, 4]);
  });

  it('has one empty page for an empty account', async () => {
    const { list } = await start({ calls: 0 });
    expect(await list({})).toEqual({ cursor: null, recordings: [] });
  });

  it('spreads the calls over the 90 days before its start', async () => {
    const { sandbox } = await start({ calls: 500 });
    const starts = sandbox.truth().map((call) => call.startedAt.toISOString());
    expect(starts[0]).toBe('2026-03-02T08:45:00.000Z');
    expect(starts.at(-1)?.slice(0, 7)).toBe('2025-12');
  });

  it('shows optional fields only when asked for, null ones included', async () => {
    const { list } = await start({ calls: 1 });
    const bare = (await list({})).recordings[0] ?? {};
    expect(Object.keys(bare).sort()).toEqual([
      ...['duration_ms', 'end_datetime', 'id', 'media_type', 'meeting_type', 'source'],
      ...['start_datetime', 'tags', 'teams', 'thumbnail_url', 'title', 'url'],
    ]);
    const some = (await list({ include: { participants: true, hubspot: false } })).recordings[0];
    expect(some).toHaveProperty('participants');
    expect(some).not.toHaveProperty('hubspot');
    const all = { participants: true, calendar_event: true, ai_summary: true, hubspot: true };
    const rich = (await list({ include: { ...all, ai_action_items: true, highlights: true } }))
      .recordings[0];
    expect(Object.keys(rich ?? {})).toHaveLength(18);
  });

  it('includes the call that began at after_datetime and excludes that at before_datetime', async () => {
    const { list } = await start({ calls: 6 });
    const all = (await list({})).recordings;
    const filter = {
      after_datetime: all[3]?.start_datetime,
      before_datetime: all[1]?.start_datetime,
    };
    const { recordings } = await list({ filter });
    expect(recordings.map((recording) => recording.id)).toEqual([all[2]?.id, all[3]?.id]);
  });

  it('reads the offset of a filter', async () => {
    const { list } = await start({ calls: 3 });
    const after = { after_datetime: '2026-03-02T09:45:00+01:00' };
    expect((await list({ filter: after })).recordings).toHaveLength(1);
    const later = { after_datetime: '2026-03-02T09:45:01+01:00' };
    expect((await list({ filter: later })).recordings).toHaveLength(0);
  });

  it('filters by title, team, meeting type and scope, across pages', async () => {
    const { list } = await start({ calls: 300, pageSize: 20 });
    const everything = (await listAll(list)).ids.length;
    const external = (await listAll(list, { filter: { participant_scope: 'external' } })).ids;
    const internal = (await listAll(list, { filter: { participant_scope: 'internal' } })).ids;
    expect(internal.length).toBeGreaterThan(10);
    expect(internal.length + external.length).toBe(everything);
    const titled = await list({ filter: { title_search: 'aCmE' } });
    expect(titled.recordings).toHaveLength(20);
    for (const { title } of titled.recordings) expect(title).toContain('Acme');
    const Row = z.object({
      teams: z.array(z.object({ id: z.string() })),
      meeting_type: z.object({ id: z.string() }).nullable(),
    });
    const rows = (await list({})).recordings.map((recording) => Row.parse(recording));
    const team = rows.find((row) => row.teams.length > 0)?.teams[0]?.id;
    const ofTeam = (await list({ filter: { team } })).recordings.map((row) => row['teams']);
    expect(ofTeam).toEqual(Array(20).fill([{ id: team, name: expect.any(String) }]));
    const type = rows.find((row) => row.meeting_type !== null)?.meeting_type?.id;
    const ofType = await list({ filter: { meeting_type: type } });
    expect(ofType.recordings.map((row) => row['meeting_type'])).toEqual(
      Array(20).fill(expect.objectContaining({ id: type })),
    );
  });

  it('refuses a cursor with another filter than it came from', async () => {
    const { list, post } = await start({ calls: 10, pageSize: 4 });
    const { cursor } = await list({});
    const body = { cursor, filter: { title_search: 'demo' } };
    expect((await post('/v2/recordings', body)).status).toBe(400);
  });

  it('goes on from a cursor without loss when calls come and go meanwhile', async () => {
    const { list, sandbox } = await start({ calls: 9, pageSize: 3 });
    const before = sandbox.truth().map((call) => call.sourceCallId);
    const first = await list({});
    sandbox.removeCall(before[2] ?? '');
    sandbox.putRecord({ id: 'new', title: 'New', start_datetime: '2026-03-02T08:59:00Z' });
    const second = await list({ cursor: first.cursor });
    expect(second.recordings.map((recording) => recording.id)).toEqual(before.slice(3, 6));
  });
});

describe('one recording', () => {
  it('is the one of the listing', async () => {
    const { list, post } = await start();
    const listed = (await list({ include: { participants: true } })).recordings[5];
    const response = await post(`/v2/recordings/${listed?.id}`, {
      include: { participants: true },
    });
    expect(await response.json()).toEqual(listed);
  });

  it('is gone after removal, its link too', async () => {
    const { post, ask, sandbox, link, list } = await start();
    const id = idOf(sandbox, (call) => call.hasMedia);
    const url = await link(id);
    sandbox.removeCall(id);
    expect((await post(`/v2/recordings/${id}`, {})).status).toBe(404);
    expect((await ask(`/v2/recordings/${id}/transcript`)).status).toBe(404);
    expect((await fetch(url)).status).toBe(404);
    expect((await listAll(list)).ids).not.toContain(id);
    expect(sandbox.truth()).toHaveLength(11);
  });

  it('can be put, odd id and all, exactly as it was given', async () => {
    const { post, sandbox, link } = await start({ calls: 1 });
    const record = {
      id: 'a/b?c=ü',
      title: 'Odd',
      start_datetime: '2026-01-01T00:00:00Z',
      new_field: 1,
    };
    sandbox.putRecord({ ...record, duration_ms: 61_500 });
    const path = encodeURIComponent('a/b?c=ü');
    expect(await (await post(`/v2/recordings/${path}`, {})).json()).toEqual({
      ...record,
      duration_ms: 61_500,
    });
    expect(sandbox.truth()[1]).toMatchObject({
      ...{ sourceCallId: 'a/b?c=ü', title: 'Odd', durationSeconds: 61.5, hasMedia: true },
      startedAt: new Date('2026-01-01T00:00:00Z'),
    });
    expect((await fetch(await link(path))).status).toBe(200);
  });

  it('can be replaced by a broken one, which is listed first and no part of the truth', async () => {
    const { sandbox, post } = await start({ calls: 3 });
    const id = sandbox.truth()[2]?.sourceCallId ?? 'no such call';
    sandbox.putRecord({ id, start_datetime: 'soon' });
    sandbox.putRecord({ title: 'no id' });
    expect(await (await post('/v2/recordings', {})).json()).toEqual({
      cursor: null,
      recordings: [
        { id, start_datetime: 'soon' },
        { title: 'no id' },
        expect.objectContaining({ start_datetime: '2026-03-02T08:45:00Z' }),
        anyRecording,
      ],
    });
    expect(sandbox.truth()).toHaveLength(2);
  });
});

const anyRecording: unknown = expect.objectContaining({ id: expect.any(String) });

describe('transcripts', () => {
  it('are a bare array whose words are those of the recording', async () => {
    const { ask, sandbox, link } = await start();
    const id = idOf(sandbox, (call) => call.hasMedia && call.hasTranscript);
    const Lines = z.array(
      z.strictObject({
        participant_id: z.string().nullable(),
        ...{ speaker: z.string(), start: z.int(), end: z.int(), text: z.string() },
      }),
    );
    const lines = Lines.parse(await (await ask(`/v2/recordings/${id}/transcript`)).json());
    const bytes = await (await fetch(await link(id))).bytes();
    expect(lines.map(({ start: startMs, end: endMs, text }) => ({ startMs, endMs, text }))).toEqual(
      findSpokenText(bytes)?.map(({ startMs, endMs, text }) => ({ startMs, endMs, text })),
    );
    expect(new Set(lines.map((line) => line.speaker)).size).toBe(2);
  });

  it('are missing for about one call in ten, all older than a day', async () => {
    const { sandbox, ask } = await start({ calls: 400 });
    const missing = sandbox.truth().filter((call) => !call.hasTranscript);
    expect(missing.length).toBeGreaterThan(20);
    expect(missing.length).toBeLessThan(60);
    for (const { startedAt } of missing) {
      expect(createdAt.getTime() - startedAt.getTime()).toBeGreaterThan(86_400_000);
    }
    const id = missing[0]?.sourceCallId ?? '';
    expect((await ask(`/v2/recordings/${id}/transcript`)).status).toBe(404);
  });

  it('are all that a call of type transcript has', async () => {
    const { sandbox, ask, post } = await start({ calls: 200 });
    const id = idOf(sandbox, (call) => !call.hasMedia);
    expect(await (await post(`/v2/recordings/${id}`, {})).json()).toMatchObject({
      media_type: 'transcript',
    });
    expect((await ask(`/v2/recordings/${id}/transcript`)).status).toBe(200);
    expect((await ask(`/v2/recordings/${id}/download`)).status).toBe(404);
  });
});

describe('media', () => {
  it('is readable, as long as the record says, and has the SHA-256 of the truth', async () => {
    const { sandbox, link } = await start({ calls: 40 });
    const files = new Set<string>();
    for (const call of sandbox.truth().filter((each) => each.hasMedia)) {
      const response = await fetch(await link(call.sourceCallId));
      const bytes = await response.bytes();
      expect(response.headers.get('content-length')).toBe(String(bytes.length));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(call.mediaSha256);
      using input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
      expect((await input.getMimeType()).split(';')[0]).toBe(response.headers.get('content-type'));
      expect(Math.abs((await input.computeDuration()) - call.durationSeconds)).toBeLessThan(0.06);
      files.add(findClip(bytes)?.file ?? 'unknown');
    }
    expect([...files].sort()).toEqual([
      ...['discovery.mp3', 'onboarding.m4a', 'pricing.mp3', 'quarterly-review.mp4'],
      ...['renewal.mp3', 'sales-demo.mp4', 'support-call.wav'],
    ]);
  });

  it('differs between any two calls', async () => {
    const { sandbox } = await start({ calls: 2000 });
    const hashes = sandbox.truth().flatMap((call) => call.mediaSha256 ?? []);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes.length).toBeGreaterThan(1800);
  });

  it('is behind a link to another host that refuses and counts credentials', async () => {
    const { sandbox, link, origin } = await start();
    const url = await link(idOf(sandbox, (call) => call.hasMedia));
    expect(new URL(url).hostname).toBe('localhost');
    expect(new URL(origin).hostname).toBe('127.0.0.1');
    const leaked = await fetch(url, { headers: { authorization: 'Bearer sandbox-key' } });
    expect(leaked.status).toBe(400);
    expect(sandbox.credentialLeaks).toBe(1);
    expect((await fetch(url)).status).toBe(200);
    expect(sandbox.credentialLeaks).toBe(1);
    expect(sandbox.requests.map(({ method, path, status }) => [method, path, status])).toEqual([
      ['GET', expect.stringMatching(/^\/_\/public-api\/v2\/recordings\/[\w-]+\/download$/), 302],
      ['GET', '/media', 400],
      ['GET', '/media', 200],
    ]);
  });

  it('is refused when the link has expired or was changed', async () => {
    const { sandbox, link, clock } = await start();
    const url = await link(idOf(sandbox, (call) => call.hasMedia));
    clock.nowMs += 299_999;
    expect((await fetch(url)).status).toBe(200);
    clock.nowMs += 1;
    expect((await fetch(url)).status).toBe(403);
    const [beforeExpiry = '', , signature = ''] = url.split(/\.(\w+)(?=\.[\w-]+$)/);
    const forged = await fetch(`${beforeExpiry}.zzzzzzzz${signature}`);
    expect(forged.status).toBe(403);
    expect(await forged.text()).toContain('SignatureDoesNotMatch');
  });

  it('answers ranges', async () => {
    const { sandbox, link } = await start();
    const url = await link(idOf(sandbox, (call) => call.hasMedia));
    const whole = await fetch(url);
    const bytes = await whole.bytes();
    const size = bytes.length;
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    const get = async (range: string, headers = {}) => {
      const response = await fetch(url, { headers: { range, ...headers } });
      const body = await response.bytes();
      return { status: response.status, range: response.headers.get('content-range'), body };
    };
    expect(await get('bytes=0-9')).toEqual({
      ...{ status: 206, range: `bytes 0-9/${size}`, body: bytes.subarray(0, 10) },
    });
    expect(await get(`bytes=${size - 200}-`)).toEqual({
      ...{ status: 206, range: `bytes ${size - 200}-${size - 1}/${size}` },
      body: bytes.subarray(size - 200),
    });
    expect((await get('bytes=-5')).body).toEqual(bytes.subarray(size - 5));
    expect((await get(`bytes=5-${size + 5}`)).body).toEqual(bytes.subarray(5));
    expect(await get(`bytes=${size}-`)).toMatchObject({ status: 416, range: `bytes */${size}` });
    expect((await get('bytes=-0')).status).toBe(416);
    for (const ignored of ['bytes=5-4', 'bytes=0-1,3-4', 'items=0-1', 'bytes=-']) {
      expect((await get(ignored)).status).toBe(200);
    }
    const etag = whole.headers.get('etag') ?? '';
    expect((await get('bytes=0-9', { 'if-range': etag })).status).toBe(206);
    expect((await get('bytes=0-9', { 'if-range': '"another"' })).status).toBe(200);
  });

  it('answers HEAD with the size and no body', async () => {
    const { sandbox, link } = await start();
    const url = await link(idOf(sandbox, (call) => call.hasMedia));
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(20_000);
  });

  it('can be made of any size, still a valid mp3, and has the SHA-256 of the truth', async () => {
    const { sandbox, link } = await start({ calls: 2, mediaBytes: 3_000_000 });
    const call = sandbox.truth().find((each) => each.hasMedia);
    const url = await link(call?.sourceCallId ?? '');
    const bytes = await (await fetch(url)).bytes();
    expect(Math.abs(bytes.length - 3_000_000)).toBeLessThan(20_000);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(call?.mediaSha256);
    using input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
    expect(await input.getMimeType()).toBe('audio/mpeg');
    expect(await input.computeDuration()).toBeCloseTo(call?.durationSeconds ?? 0, 3);
    const part = await fetch(url, { headers: { range: 'bytes=34190-2000000' } });
    expect(Buffer.compare(await part.bytes(), bytes.subarray(34_190, 2_000_001))).toBe(0);
  });
});

describe('the rate limit', () => {
  it('allows so many requests in any 60 seconds and says when to come back', async () => {
    const { ask, clock, sandbox } = await start({ requestsPerMinute: 3 });
    const users = () => ask('/v2/users', { method: 'POST', body: '{}' });
    const first = await users();
    expect(first.headers.get('x-ratelimit-limit')).toBe('3');
    expect(first.headers.get('x-ratelimit-remaining')).toBe('2');
    clock.nowMs += 20_000;
    await users();
    expect((await users()).headers.get('x-ratelimit-remaining')).toBe('0');
    const refused = await users();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('40');
    expect(await refused.json()).toEqual({ error: { message: 'Rate limit exceeded' } });
    clock.nowMs += 39_999;
    expect((await users()).status).toBe(429);
    clock.nowMs += 1;
    expect((await users()).status).toBe(200);
    expect((await users()).status).toBe(429);
    expect(sandbox.limitHits).toBe(3);
  });

  it('is 300 a minute by default and does not count downloads from storage', async () => {
    const now = () => createdAt;
    const sandbox = createGrainSandbox({ calls: 3, seed: 7, now });
    const users = () =>
      sandbox.fetch(
        new Request('https://api.grain.com/_/public-api/v2/users', {
          ...{ method: 'POST', headers: apiHeaders, body: '{}' },
        }),
      );
    for (let count = 0; count < 300; count++) expect((await users()).status).toBe(200);
    expect((await users()).status).toBe(429);
    const media = await sandbox.fetch(new Request('https://media.api.grain.com/media/forged'));
    expect(media.status).toBe(403);
  });
});

describe('the account', () => {
  it('is the same for the same seed and another for another', async () => {
    const now = () => createdAt;
    const one = createGrainSandbox({ calls: 50, seed: 7, now }).truth();
    const same = createGrainSandbox({ calls: 50, seed: 7, now }).truth();
    const other = createGrainSandbox({ calls: 50, seed: 8, now }).truth();
    expect(same).toEqual(one);
    const ids = new Set(one.map((call) => call.sourceCallId));
    expect(other.filter((call) => ids.has(call.sourceCallId))).toEqual([]);
    expect(one[0]).toEqual({
      sourceCallId: '40ce0f9b-dade-4123-9177-9f2f1cbe40ab',
      title: 'Initech <> Northwind: weekly check-in',
      startedAt: new Date('2026-03-02T08:45:00Z'),
      durationSeconds: 11.4,
      hasMedia: true,
      hasTranscript: true,
      mediaSha256: 'a858eaf293800e6b0465b627a12033f6007e7aa79c579d4358f3c05fe95bb0b7',
      speakers: 2,
    });
  });

  it('has the people and titles that make real accounts hard', async () => {
    const { list } = await start({ calls: 400, pageSize: 400 });
    const Row = z.object({
      title: z.string(),
      participants: z.array(
        z.object({
          ...{ name: z.string(), email: z.string().nullable(), confirmed_attendee: z.boolean() },
        }),
      ),
    });
    const rows = (await list({ include: { participants: true } })).recordings.map((recording) =>
      Row.parse(recording),
    );
    const people = rows.flatMap((row) => row.participants);
    for (const bot of ['Otter.ai', "Ann's Notetaker", 'Fireflies.ai Notetaker']) {
      expect(people.some((person) => person.name === bot)).toBe(true);
    }
    expect(people.some((person) => !person.confirmed_attendee)).toBe(true);
    expect(people.some((person) => person.email?.endsWith('@gmail.com') === true)).toBe(true);
    expect(people.some((person) => person.name === '+1 415 555 0142')).toBe(true);
    expect(rows.some((row) => row.title.length > 1000)).toBe(true);
    expect(rows.some((row) => /\p{Script=Arabic}/u.test(row.title))).toBe(true);
  });

  it('makes 100,000 calls on demand', async () => {
    const { list, sandbox, post } = await start({ calls: 100_000, pageSize: 2 });
    const filter = { before_datetime: '2025-12-02T10:00:00Z' };
    const { recordings } = await list({ filter });
    expect(recordings).toHaveLength(2);
    expect(recordings[0]?.start_datetime.slice(0, 12)).toBe('2025-12-02T0');
    expect((await post(`/v2/recordings/${recordings[0]?.id}`, {})).status).toBe(200);
    expect(sandbox.requests).toHaveLength(2);
  });

  it.each([-1, 1.5, 1_000_001])('refuses to have %d calls', (calls) => {
    expect(() => createGrainSandbox({ calls, seed: 1, now: () => createdAt })).toThrow(RangeError);
  });
});

describe('faults', () => {
  it('late-transcripts: the first asks for each transcript answer 404', async () => {
    const { ask, sandbox } = await start({ faults: ['late-transcripts:3'] });
    const id = idOf(sandbox, (call) => call.hasTranscript);
    const statuses: number[] = [];
    for (let asked = 0; asked < 4; asked++) {
      statuses.push((await ask(`/v2/recordings/${id}/transcript`)).status);
    }
    expect(statuses).toEqual([404, 404, 404, 200]);
  });

  it('expired-links: the first link of each call has expired, the second works', async () => {
    const { sandbox, link } = await start({ faults: ['expired-links'] });
    const id = idOf(sandbox, (call) => call.hasMedia);
    expect((await fetch(await link(id))).status).toBe(403);
    expect((await fetch(await link(id))).status).toBe(200);
  });

  it('no-transcripts: every so many calls with media have none', async () => {
    const { sandbox } = await start({ calls: 30, faults: ['no-transcripts:2'] });
    const odd = sandbox.truth().filter((call, index) => index % 2 === 1 && call.hasMedia);
    expect(odd.length).toBeGreaterThan(10);
    expect(odd.every((call) => !call.hasTranscript)).toBe(true);
  });

  it('slow-media: a recording arrives whole, in pieces', async () => {
    const { sandbox, link } = await start({ faults: ['slow-media:1'] });
    const call = sandbox.truth().find((each) => each.hasMedia);
    const response = await fetch(await link(call?.sourceCallId ?? ''));
    const hash = createHash('sha256');
    let pieces = 0;
    for await (const piece of response.body ?? []) {
      hash.update(piece);
      pieces += 1;
    }
    expect(pieces).toBeGreaterThan(3);
    expect(hash.digest('hex')).toBe(call?.mediaSha256);
  });

  it('server-errors: every so many requests answer 500', async () => {
    const { post } = await start({ faults: ['server-errors:3'] });
    const statuses: number[] = [];
    for (let asked = 0; asked < 6; asked++) statuses.push((await post('/v2/users', {})).status);
    expect(statuses).toEqual([200, 200, 500, 200, 200, 500]);
  });

  it('repeated-cursor: the cursor of the second page is the one that was sent', async () => {
    const { list } = await start({ calls: 10, pageSize: 3, faults: ['repeated-cursor'] });
    const first = await list({});
    const second = await list({ cursor: first.cursor });
    expect(first.cursor).not.toBeNull();
    expect(second.cursor).toBe(first.cursor);
  });

  it('rate-limit-storm: bursts of 429 that are no fault of the client', async () => {
    const { post, sandbox } = await start({ faults: ['rate-limit-storm'] });
    const statuses: number[] = [];
    for (let asked = 0; asked < 21; asked++) statuses.push((await post('/v2/users', {})).status);
    expect(statuses.slice(0, 4)).toEqual([429, 429, 429, 200]);
    expect(statuses[20]).toBe(429);
    expect(sandbox.limitHits).toBe(0);
  });

  it('refuses a name that it does not know', () => {
    const faults = ['late-transcript'];
    expect(() => createGrainSandbox({ calls: 1, seed: 1, now: () => createdAt, faults })).toThrow(
      'no fault "late-transcript"; known: late-transcripts, expired-links,',
    );
  });
});
