import { z } from 'zod';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createFathomSandbox } from './fathom.sandbox.ts';
import type { FathomSandboxOptions } from './fathom.sandbox.ts';

const Meeting = z.looseObject({
  recording_id: z.int(),
  created_at: z.iso.datetime(),
  transcript: z.array(z.unknown()).nullable(),
  default_summary: z.unknown(),
  recorded_by: z.looseObject({ email: z.string(), team: z.string() }),
  calendar_invitees: z.array(z.looseObject({ email_domain: z.string().nullable() })),
  calendar_invitees_domains_type: z.string(),
});
const Page = z.strictObject({
  limit: z.int(),
  next_cursor: z.string().nullable(),
  items: z.array(Meeting),
});
const Tokens = z.object({ access_token: z.string(), refresh_token: z.string() });

const api = 'https://api.fathom.ai/external/v1';
const key = { 'x-api-key': 'sandbox-key' };
const app = { authorization: 'Bearer sandbox-access-token-0' };
const json = { ...key, 'content-type': 'application/json' };

function open(options: Partial<FathomSandboxOptions> = {}) {
  const clock = createFakeClock();
  const sandbox = createFathomSandbox({
    ...{ calls: 25, seed: 7, now: () => clock.now(), requestsPerMinute: 1_000_000 },
    ...options,
  });
  const ask = async (path: string, init: RequestInit = { headers: key }) =>
    sandbox.fetch(new Request(path.startsWith('https:') ? path : api + path, init));
  const list = async (query = '', headers: Record<string, string> = key) =>
    Page.parse(await (await ask(`/meetings${query}`, { headers })).json());
  const exchange = (form: Readonly<Record<string, string>>) =>
    ask('https://fathom.video/external/v1/oauth2/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
  return { clock, sandbox, ask, list, exchange };
}

const form = {
  ...{ grant_type: 'refresh_token', refresh_token: 'sandbox-refresh-token-0' },
  ...{ client_id: 'sandbox-client', client_secret: 'sandbox-client-secret' },
};

async function recordingId({ sandbox }: ReturnType<typeof open>, hasMedia = true): Promise<string> {
  const call = sandbox.truth().find((each) => each.hasMedia === hasMedia);
  if (call === undefined) throw new Error('The sandbox has no such call.');
  return Promise.resolve(call.sourceCallId);
}

describe('the Fathom sandbox refuses', () => {
  it.each([
    ['no credentials', '/meetings', {}, 401],
    ['another key', '/meetings', { 'x-api-key': 'other' }, 401],
    ['the key as a token', '/meetings', { authorization: 'Bearer sandbox-key' }, 401],
    ['an unknown parameter', '/meetings?page_size=50', key, 400],
    ['a parameter without its brackets', '/meetings?recorded_by=ann@x.example', key, 400],
    ['an instant that is none', '/meetings?created_after=yesterday', key, 400],
    ['a cursor that it did not give', '/meetings?cursor=abc', key, 400],
    ['transcripts in a listing to an app', '/meetings?include_transcript=true', app, 400],
    ['a meeting by its id, which there is not', '/meetings/100000007', key, 404],
    ['a transcript of an unknown recording', '/recordings/5/transcript', key, 404],
    ['a download that nobody asked for', '/recordings/5/downloads/dl_1', key, 404],
  ])('%s', async (_what, path, headers, status) => {
    expect((await open().ask(path, { headers })).status).toBe(status);
  });

  it('a cursor with other filters than those that it was given with', async () => {
    const { list, ask } = open();
    const { next_cursor: cursor } = await list();
    const changed = `/meetings?teams[]=Sales&cursor=${cursor ?? ''}`;
    expect((await ask(changed)).status).toBe(400);
  });

  it('downloads of a recording without media, or of an unknown one, or asked for in another type', async () => {
    const world = open({ calls: 60 });
    const post = async (id: string, headers: Record<string, string> = json) =>
      (await world.ask(`/recordings/${id}/download`, { method: 'POST', headers, body: '{}' }))
        .status;
    expect(await post(await recordingId(world, false))).toBe(422);
    expect(await post('5')).toBe(404);
    expect(await post(await recordingId(world), key)).toBe(415);
    expect(await post(await recordingId(world))).toBe(202);
  });

  it('to show a download to whoever did not ask for it', async () => {
    const world = open();
    const id = await recordingId(world);
    await world.ask(`/recordings/${id}/download`, { method: 'POST', headers: json, body: '{}' });
    const look = async (headers: Record<string, string>) =>
      (await world.ask(`/recordings/${id}/downloads/dl_1`, { headers })).status;
    expect(await look(key)).toBe(200);
    expect(await look(app)).toBe(404);
  });

  it('what is too much for a minute: half of it for what is heavy', async () => {
    const { ask, sandbox, clock } = open({ requestsPerMinute: 4 });
    const heavy = () => ask('/meetings?include_summary=true');
    expect((await heavy()).status).toBe(200);
    expect((await heavy()).status).toBe(200);
    const refused = await heavy();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect((await ask('/meetings')).status).toBe(200);
    expect(sandbox.limitHits).toBe(1);
    clock.advance(60_000);
    expect((await heavy()).status).toBe(200);
  });

  it.each([
    ['another app', { ...form, client_secret: 'other' }, 401, 'invalid_client'],
    ['another grant', { ...form, grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['a token that it never gave', { ...form, refresh_token: 'other' }, 400, 'invalid_grant'],
  ])('to exchange %s', async (_what, fields, status, error) => {
    const answer = await open().exchange(fields);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ error });
  });

  it('a token request that is no form', async () => {
    const request = { method: 'POST', headers: json, body: JSON.stringify(form) };
    expect((await open().ask('/oauth2/token', request)).status).toBe(400);
  });

  it.each([
    ['late-transcripts', '/recordings/:id/transcript', 404],
    ['server-errors:1', '/meetings', 500],
    ['rate-limit-storm', '/meetings', 429],
  ])('all that the fault %s is about', async (fault, path, status) => {
    const world = open({ faults: [fault] });
    const id = await recordingId(world);
    expect((await world.ask(path.replace(':id', id))).status).toBe(status);
  });

  it('an unknown fault', () => {
    expect(() => open({ faults: ['gremlins'] })).toThrow('no fault "gremlins"');
  });
});

describe('the Fathom sandbox', () => {
  it('lists ten a page, each once, and has the same account for the same seed', async () => {
    const { list } = open();
    const ids: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: z.output<typeof Page> = await list(cursor === '' ? '' : `?cursor=${cursor}`);
      ids.push(...page.items.map((item) => item.recording_id));
      cursor = page.next_cursor;
    }
    expect(ids).toHaveLength(25);
    expect(new Set(ids).size).toBe(25);
    expect((await open().list()).items).toEqual((await list()).items);
    expect((await open({ seed: 8 }).list()).items).not.toEqual((await list()).items);
  });

  it('includes transcripts and summaries only where they are asked for', async () => {
    const { list } = open();
    const [bare] = (await list()).items;
    expect(bare).toMatchObject({ transcript: null, default_summary: null });
    const { items } = await list('?include_transcript=true&include_summary=true');
    expect(items.some(({ transcript }) => transcript !== null)).toBe(true);
    expect(items[0]?.default_summary).toMatchObject({ template_name: 'General' });
  });

  it('filters by when a meeting came into being, by recorder, team, and who was invited', async () => {
    const { list } = open();
    const [first, second] = (await list()).items;
    if (first === undefined || second === undefined) throw new Error('The sandbox has no calls.');
    const { created_at: createdAt, recorded_by: recorder } = first;
    const idsOf = async (query: string) =>
      (await list(query)).items.map((item) => item.recording_id);
    expect(await idsOf(`?created_after=${createdAt}`)).toEqual([first.recording_id]);
    expect(await idsOf(`?created_before=${createdAt}`)).not.toContain(first.recording_id);
    for (const { recorded_by: found } of (await list(`?recorded_by[]=${recorder.email}`)).items) {
      expect(found.email).toBe(recorder.email);
    }
    for (const { recorded_by: found } of (await list('?teams[]=Sales')).items) {
      expect(found.team).toBe('Sales');
    }
    const acme = (await list('?calendar_invitees_domains[]=acme.example')).items;
    for (const { calendar_invitees: invitees } of acme) {
      expect(invitees.map((invitee) => invitee.email_domain)).toContain('acme.example');
    }
    const internal = (await list('?calendar_invitees_domains_type=only_internal')).items;
    expect(internal.every((item) => item.calendar_invitees_domains_type === 'only_internal')).toBe(
      true,
    );
  });

  it('exchanges a refresh token once, and knows the tokens of an earlier start', async () => {
    const { exchange, ask, sandbox } = open();
    const given = Tokens.parse(await (await exchange(form)).json());
    expect(given.refresh_token).toBe('sandbox-refresh-token-1');
    expect((await exchange(form)).status).toBe(400);
    expect(sandbox.tokens?.exchanges).toBe(1);
    const headers = { authorization: `Bearer ${given.access_token}` };
    expect((await ask('/teams', { headers })).status).toBe(200);
    const restarted = open();
    expect((await restarted.ask('/teams', { headers })).status).toBe(200);
    const { status } = await restarted.exchange({ ...form, refresh_token: given.refresh_token });
    expect(status).toBe(200);
  });

  it('lets an access token run out after an hour', async () => {
    const { exchange, ask, clock } = open();
    const given = Tokens.parse(await (await exchange(form)).json());
    const headers = { authorization: `Bearer ${given.access_token}` };
    clock.advance(3_599_000);
    expect((await ask('/teams', { headers })).status).toBe(200);
    clock.advance(1_000);
    expect((await ask('/teams', { headers })).status).toBe(401);
  });
});
