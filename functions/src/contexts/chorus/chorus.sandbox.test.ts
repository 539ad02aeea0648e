import { z } from 'zod';
import { createChorusSandbox } from './chorus.sandbox.ts';
import type { ChorusSandboxOptions } from './chorus.sandbox.ts';

const origin = 'https://chorus.ai';

function open(options: Partial<ChorusSandboxOptions> = {}) {
  const clock = { nowMs: Date.parse('2026-03-02T12:00:00Z') };
  const sandbox = createChorusSandbox({
    ...{ calls: 12, seed: 7, requestsPerMinute: 1_000_000, now: () => new Date(clock.nowMs) },
    ...options,
  });
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const init = { headers: { authorization: 'sandbox-key', ...headers } };
    const response = await sandbox.fetch(new Request(origin + path, init));
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const json: unknown = type.includes('json') ? JSON.parse(text) : null;
    return { status: response.status, headers: response.headers, text, json };
  };
  const list = async (query: Readonly<Record<string, string>> = {}) =>
    Listing.parse((await ask(`/v3/engagements?${new URLSearchParams(query).toString()}`)).json);
  return { sandbox, clock, ask, list };
}

const Listing = z.object({
  continuation_key: z.string().optional(),
  engagements: z.array(
    z.looseObject({
      engagement_id: z.string(),
      engagement_type: z.string(),
      user_id: z.number().nullish(),
    }),
  ),
});

const idsOf = ({ engagements }: z.infer<typeof Listing>) =>
  engagements.map((engagement) => engagement.engagement_id);

describe('the Chorus sandbox refuses as Chorus does', () => {
  it.each([
    ['no token', { authorization: '' }],
    ['another token', { authorization: 'other' }],
    ['another scheme', { authorization: 'Basic sandbox-key' }],
  ])('%s, without a body', async (_what, headers) => {
    expect(await open().ask('/v3/engagements', headers)).toMatchObject({ status: 401, text: '' });
  });

  it.each([
    ['the other API’s media type', '/v3/engagements', 'application/vnd.api+json', 406],
    ['plain JSON from API v1', '/api/v1/users/me', 'application/json', 406],
    ['a path that does not exist', '/v3/calls', '*/*', 404],
    ['a conversation that does not exist', '/api/v1/conversations/X', '*/*', 404],
    ['its recording', '/api/v1/conversations/X/media', '*/*', 404],
    ['a date that is none', '/v3/engagements?min_date=yesterday', '*/*', 400],
    ['a key that it did not give', '/v3/engagements?continuation_key=abc', '*/*', 400],
  ])('%s', async (_what, path, accept, status) => {
    expect(await open().ask(path, { accept })).toMatchObject({
      status,
      json: { errors: [{ status: String(status), detail: expect.any(String) }] },
    });
  });

  it('a role that may not use the API', async () => {
    expect(await open({ faults: ['forbidden-role'] }).ask('/v3/engagements')).toMatchObject({
      status: 403,
      json: { errors: [{ detail: 'API may not be called using this token.' }] },
    });
  });

  it('what comes too fast, and does not say for how long', async () => {
    const { ask, sandbox } = open({ requestsPerMinute: 2 });
    const answers = [await ask('/v3/users'), await ask('/v3/users'), await ask('/v3/users')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers.get('retry-after')).toBeNull();
    expect(sandbox.limitHits).toBe(1);
  });
});

describe('the listing of the Chorus sandbox', () => {
  it('ignores a parameter that it does not know, and lists e-mails where no type is asked for', async () => {
    const { list } = open();
    const everything = await list({ engagement_typ: 'meeting' });
    const types = new Set(everything.engagements.map((each) => each.engagement_type));
    expect(types).toEqual(new Set(['email', 'meeting', 'dialer']));
    expect(everything.engagements).toHaveLength(13);
  });

  it('has every call under its type, page by page', async () => {
    const { list, sandbox } = open({ calls: 30, pageSize: 10 });
    const ids: string[] = [];
    for (const engagement_type of ['meeting', 'dialer']) {
      let page = await list({ engagement_type });
      ids.push(...idsOf(page));
      while (page.continuation_key !== undefined) {
        expect(page.continuation_key).toMatch(/^\d+\.0 [0-9A-F]{32}$/);
        page = await list({ engagement_type, continuation_key: page.continuation_key });
        ids.push(...idsOf(page));
      }
    }
    expect(ids.toSorted()).toEqual(
      sandbox
        .truth()
        .map((call) => call.sourceCallId)
        .toSorted(),
    );
  });

  it('filters by dates, ids, people and lengths', async () => {
    const { list, sandbox } = open();
    const [newest, second] = sandbox.truth();
    const at = (newest?.startedAt ?? new Date(0)).toISOString();
    const ids = async (query: Readonly<Record<string, string>>) =>
      idsOf(await list(query)).filter((id) => !id.startsWith('EEEE'));
    expect(await ids({ min_date: at })).toEqual([newest?.sourceCallId]);
    expect(await ids({ max_date: at })).toHaveLength(11);
    const wanted = [newest?.sourceCallId.toLowerCase(), second?.sourceCallId].join(',');
    expect(await ids({ engagement_id: wanted })).toHaveLength(2);
    const { engagements } = await list();
    const userId = engagements.find((each) => typeof each.user_id === 'number')?.user_id;
    const ofUser = engagements.filter((each) => each.user_id === userId).length;
    expect(await ids({ user_id: String(userId) })).toHaveLength(ofUser);
    expect(await ids({ participants_email: 'nobody@acme.test' })).toEqual([]);
    expect(await ids({ min_duration: '100000' })).toEqual([]);
    expect(await ids({ max_duration: '100000' })).toHaveLength(12);
  });
});

describe('a conversation of the Chorus sandbox', () => {
  const Conversation = z.object({
    data: z.object({ attributes: z.record(z.string(), z.unknown()) }),
  });

  it('is found in either case of its id, and gives the fields that were asked for', async () => {
    const { ask, sandbox } = open();
    const id = sandbox.truth()[0]?.sourceCallId.toLowerCase() ?? '';
    const whole = await ask(`/api/v1/conversations/${id}`);
    const attributes = Conversation.parse(whole.json).data.attributes;
    expect(whole.headers.get('content-type')).toBe('application/vnd.api+json');
    expect(attributes).toMatchObject({
      status: 'done',
      recording: { audio_only: expect.anything() },
    });
    const part = await ask(`/api/v1/conversations/${id}?fields=status,recording.duration,x.y`);
    expect(Conversation.parse(part.json).data.attributes).toEqual({
      status: 'done',
      recording: { duration: expect.any(Number) },
    });
  });

  it('has no words before it is processed', async () => {
    const { ask, sandbox } = open({ faults: ['late-transcripts:1'] });
    const path = `/api/v1/conversations/${sandbox.truth()[0]?.sourceCallId ?? ''}`;
    const before = Conversation.parse((await ask(path)).json).data.attributes;
    expect(before).toMatchObject({ status: 'processing', recording: { utterances: [] } });
    const after = Conversation.parse((await ask(path)).json).data.attributes;
    expect(after).toMatchObject({ status: 'done' });
  });

  it('leads to its recording by a link, or tells of it', async () => {
    const { ask, sandbox } = open();
    const path = `/api/v1/conversations/${sandbox.truth()[0]?.sourceCallId ?? ''}/media`;
    const moved = await ask(path);
    expect(moved.status).toBe(302);
    expect(moved.headers.get('location')).toMatch(/^https:\/\/media\.chorus\.ai\/media\//);
    expect((await ask(`${path}?info=true`)).json).toEqual({
      media: { url: expect.stringContaining('https://media.chorus.ai/media/') },
    });
  });

  it('is of nobody where nobody came', async () => {
    const { ask, sandbox } = open({ faults: ['no-shows:3'] });
    const missed = sandbox.truth().filter((call) => !call.hasMedia);
    expect(missed).toHaveLength(4);
    const path = `/api/v1/conversations/${missed[0]?.sourceCallId ?? ''}`;
    expect((await ask(path)).json).toMatchObject({
      data: { attributes: { status: 'no show', recording: null } },
    });
    expect((await ask(`${path}/media`)).status).toBe(404);
  });
});

describe('a fault of the Chorus sandbox', () => {
  it('is named, or refused', () => {
    expect(() => open({ faults: ['late-transcript'] })).toThrow('known: late-transcripts');
  });

  it('breaks requests as often as it says', async () => {
    const { ask } = open({ faults: ['server-errors:2'] });
    expect((await ask('/v3/users')).status).toBe(200);
    expect((await ask('/v3/users')).status).toBe(500);
    const storm = open({ faults: ['rate-limit-storm:1'] });
    expect((await storm.ask('/v3/users')).status).toBe(429);
    expect((await storm.ask('/v3/users')).status).toBe(200);
  });
});
