import { z } from 'zod';
import type { SourceCall } from '../../core/imports/source-call.ts';
import type { Fetch } from '../../kit/fetch.ts';
import type { CreatedContext } from '../context.ts';
import { testContext } from '../testing/context.testsuite.ts';
import {
  listCalls,
  listFirst,
  openContext,
  openOnSandbox,
  whole,
} from '../testing/open-context.ts';
import extensive from './fixtures/extensive.json' with { type: 'json' };
import nothingFound from './fixtures/no-calls.json' with { type: 'json' };
import transcripts from './fixtures/transcript.json' with { type: 'json' };
import { gongContext } from './gong.context.ts';
import { createGongSandbox, gongSandboxCredentials } from './gong.sandbox.ts';

const Page = z.looseObject({ calls: z.array(z.unknown()) });

const minimal = ({ id, startedAt }: { id: string; startedAt: Date }) => ({
  metaData: { id, started: startedAt.toISOString() },
});

testContext(gongContext, {
  sandbox: createGongSandbox,
  credentials: gongSandboxCredentials,
  grant: {
    accessToken: 'sandbox-access-token-0',
    refreshToken: 'sandbox-refresh-token-0',
    apiBaseUrl: 'https://company-17.api.gong.io',
  },
  records: {
    whole: ({ id, title, startedAt }) => ({
      metaData: {
        ...{ id, title, url: 'https://app.gong.io/call?id=x', duration: 60, isPrivate: false },
        ...{ started: startedAt.toISOString(), direction: 'Conference', media: 'Video' },
        language: 'eng',
      },
      parties: [],
      content: { brief: 'They talked.' },
    }),
    sparse: minimal,
    broken: ({ id }) => ({ metaData: { id, started: 17, title: ['not', 'a', 'text'] } }),
  },
  tamper: {
    emptyPage: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { ...page.data, calls: [] } : null;
    },
    missingField: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { ...page.data, records: undefined } : null;
    },
    missingPath: 'records',
  },
  faults: {
    repeatedCursor: 'repeated-cursor',
    expiredLinks: 'expired-links',
    lateTranscripts: 'late-transcripts',
    noTranscripts: 'no-transcripts',
  },
  skip: [
    {
      reason: 'ids of calls travel in bodies at Gong, never in paths',
      tests: ['lets no id climb out of its path'],
    },
  ],
});

interface Sent {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

const at = '2026-03-02T12:00:00Z';

type Answer = (count: number) => { readonly status?: number; readonly json: unknown };

const answering =
  (answer: Answer): Respond =>
  (count) => {
    const { status = 200, json } = answer(count);
    return Response.json(json, { status });
  };

type Respond = (count: number, body: string) => Response;

const createGong = (answer: Answer) => createGongBefore(answering(answer));

/** Gong before a platform that answers as told, on a clock that stands still. */
function createGongBefore(respond: Respond) {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, init) => {
    const { body, headers } = init;
    const { authorization } = headers;
    sent.push({ url, authorization, body: body === undefined ? null : JSON.parse(body) });
    return Promise.resolve(respond(sent.length, body ?? ''));
  };
  const { context: gong, clock } = openContext(gongContext, { at, fetch });
  return { gong, sent, clock };
}

function createGongOnSandbox({
  calls = 12,
  faults,
}: { calls?: number; faults?: readonly string[] } = {}) {
  const opened = openOnSandbox(gongContext, createGongSandbox, { at, calls, faults });
  const { context: gong, sandbox, clock } = opened;
  const apiRequests = () => sandbox.requests.filter(({ path }) => path !== '/media');
  return { gong, sandbox, clock, apiRequests };
}

const keyPair = { accessKey: 'GONG-ACCESS-KEY', accessKeySecret: 'gong-secret' };
const listAll = (gong: CreatedContext, options: Partial<typeof whole> = {}) =>
  listCalls(gong, gongSandboxCredentials, options);

const demo = {
  metaData: {
    id: '18446744073709551615',
    url: 'https://app.gong.io/call?id=18446744073709551615',
    title: 'Acme – demo',
    scheduled: '2026-02-17T10:30:00-08:00',
    started: '2026-02-17T10:31:04-08:00',
    duration: 460,
    primaryUserId: '234599484848423',
    direction: 'Outbound',
    media: 'Video',
    language: 'ger',
    isPrivate: false,
  },
  parties: [
    {
      id: '56825452554556',
      emailAddress: 'ann@acme.test',
      name: 'Ann Lee',
      userId: null,
      speakerId: '6432345678555530067',
      affiliation: 'External',
      phoneNumber: '+1 555 010 0100',
      methods: ['Invitee', 'Attendee'],
    },
    { id: '2', name: 'Bob Ray', userId: '2345', speakerId: null, methods: ['Invitee'] },
    { id: '3', name: 'Phone Caller #4', affiliation: 'Unknown' },
  ],
  content: { brief: 'They agreed.' },
  media: { audioUrl: 'https://media.gong.io/a.mp3', videoUrl: 'https://media.gong.io/v.mp4' },
};
const pageOf = (...calls: unknown[]) => ({ records: { totalRecords: calls.length }, calls });

async function listOne(record: unknown): Promise<SourceCall> {
  return listFirst(createGong(() => ({ json: pageOf(record) })).gong, keyPair);
}

describe('Gong', () => {
  it('reads answers as they are documented', async () => {
    const { gong } = createGong((count) => ({ json: count === 1 ? extensive : transcripts }));
    const calls = await listAll(gong);
    const [call] = (await gong.hydrateCalls?.(keyPair, calls)) ?? [];
    expect(call).toMatchObject({
      sourceCallId: '7782342274025937895',
      metadata: {
        startedAt: new Date('2024-02-17T18:31:04Z'),
        participants: [{ name: 'Ann Lee' }],
      },
      transcript: {
        transcript: {
          language: 'en',
          speakers: [{ id: '6432345678555530067', name: 'Ann Lee' }],
          segments: [{ startMs: 460_230, endMs: 462_343, text: 'Let us check that first.' }],
        },
        original: transcripts.callTranscripts[0],
      },
    });
    if (call === undefined) throw new Error('It was not listed.');
    await expect(gong.fetchCall(keyPair, call)).resolves.toMatchObject({
      media: { kind: 'url', url: 'https://media.gong.io/v.mp4?signature=x' },
    });
  });

  it('maps a call, its speakers by the ids that transcripts use', async () => {
    const call = await listOne(demo);
    expect(call).toMatchObject({
      sourceCallId: '18446744073709551615',
      metadata: {
        title: 'Acme – demo',
        startedAt: new Date('2026-02-17T18:31:04Z'),
        durationSeconds: 460,
        participants: [
          {
            id: '6432345678555530067',
            name: 'Ann Lee',
            email: 'ann@acme.test',
            phone: '+1 555 010 0100',
            role: 'external',
            attended: true,
          },
          { id: '2', name: 'Bob Ray', email: null, phone: null, role: 'internal', attended: false },
          {
            ...{ id: '3', name: 'Phone Caller #4', email: null, phone: null },
            ...{ role: 'unknown', attended: null },
          },
        ],
        sourceUrl: 'https://app.gong.io/call?id=18446744073709551615',
        direction: 'outbound',
        mediaKind: 'video',
        summary: 'They agreed.',
      },
    });
    expect(call.skip).toBeUndefined();
  });

  it.each([
    ['Inbound', 'inbound'],
    ['Conference', null],
    ['Unknown', null],
    [null, null],
  ])('takes the direction %p for %p', async (direction, expected) => {
    const { metadata } = await listOne({ ...demo, metaData: { ...demo.metaData, direction } });
    expect(metadata.direction).toBe(expected);
  });

  it('sets a call aside whose id came as a number, which cannot hold it', async () => {
    const record = { ...demo, metaData: { ...demo.metaData, id: 7782342274025937895n.toString() } };
    const text = JSON.stringify(pageOf(record)).replace(/"(7782\d+)"/, '$1');
    const headers = { 'content-type': 'application/json' };
    const { gong } = createGongBefore(() => new Response(text, { headers }));
    const { value } = await gong.listCalls(keyPair, whole).next();
    expect(value).toMatchObject({
      calls: [],
      rejected: [{ reason: expect.stringMatching(/^calls\[0\]\.metaData\.id: /) }],
    });
  });

  describe('credentials', () => {
    it('sends a key pair as Basic to the common address', async () => {
      const { gong, sent } = createGong(() => ({ json: pageOf() }));
      await gong.validateCredentials(gong.parseCredentials(keyPair));
      expect(sent).toEqual([
        {
          url: 'https://api.gong.io/v2/calls/extensive',
          authorization: 'Basic R09ORy1BQ0NFU1MtS0VZOmdvbmctc2VjcmV0',
          body: {
            filter: {
              fromDateTime: '2026-03-02T11:00:00.000Z',
              toDateTime: '2026-03-02T12:00:00.000Z',
            },
            contentSelector: {
              exposedFields: { parties: true, media: true, content: { brief: true } },
            },
          },
        },
      ]);
    });

    it('sends a token as Bearer to the company’s own address', async () => {
      const { gong, sent } = createGong(() => ({ json: pageOf() }));
      const apiBaseUrl = 'https://company-17.api.gong.io';
      await gong.validateCredentials(gong.parseCredentials({ accessToken: 'token', apiBaseUrl }));
      expect(sent).toMatchObject([
        { url: `${apiBaseUrl}/v2/calls/extensive`, authorization: 'Bearer token' },
      ]);
    });

    it.each([
      [{}, 'accessKey: is missing: send a key pair, or the tokens of our app'],
      [{ accessKey: 'a' }, 'accessKeySecret: is missing'],
      [{ accessToken: 't' }, 'apiBaseUrl: is missing'],
      [{ ...keyPair, accessToken: 't' }, 'accessToken: is one too many'],
      [{ ...keyPair, refreshToken: 't' }, 'refreshToken: is one too many'],
      [{ refreshToken: 't', apiBaseUrl: 'https://api.gong.io' }, 'accessToken: is missing'],
      [{ ...keyPair, apiBaseUrl: 'https://gong.io.evil.example' }, 'apiBaseUrl: must be https'],
      [{ ...keyPair, apiBaseUrl: 'https://app.gong.io' }, 'apiBaseUrl: must be https'],
    ])('refuses %j', (input, message) => {
      expect(() => createGong(() => ({ json: null })).gong.parseCredentials(input)).toThrow(
        message,
      );
    });

    it('takes a missing scope, which comes as 401, for what it is', async () => {
      const text = "You don't have permission to use 'api:calls:read:media-url' in your app.";
      const { gong } = createGong(() => ({ status: 401, json: { errors: [text] } }));
      await expect(gong.validateCredentials(keyPair)).resolves.toEqual({
        valid: false,
        error:
          'Gong denied access: the app lacks the scope api:calls:read:media-url. A technical administrator of Gong can grant it.',
      });
    });

    it('accepts a company in which nobody called within the hour', async () => {
      const { gong } = createGong(() => ({ status: 404, json: nothingFound }));
      await expect(gong.validateCredentials(keyPair)).resolves.toEqual({ valid: true });
    });

    const apiBaseUrl = 'https://company-17.api.gong.io';
    const oldTokens = { accessToken: 'old-access', refreshToken: 'old-refresh' };

    it('renews an app’s token by the app’s own key, and goes to the address that comes with it', async () => {
      const sent: unknown[] = [];
      const { context } = openContext(gongContext, {
        at,
        oauthApp: { clientId: 'app-17', clientSecret: 'app-secret' },
        fetch: async (url, { method, headers, body }) => {
          sent.push({ url, method, headers, body });
          return Response.json({
            ...{ access_token: 'new-access', expires_in: 86_400, token_type: 'bearer' },
            ...{ scope: 'api:calls:read:extensive', refresh_token: 'new-refresh' },
            api_base_url_for_customer: 'https://company-18.api.gong.io',
          });
        },
      });
      const credentials = { ...oldTokens, apiBaseUrl };
      await expect(context.refreshCredentials?.(credentials)).resolves.toEqual({
        accessToken: 'new-access',
        refreshToken: 'new-refresh',
        accessTokenExpiresAt: '2026-03-03T12:00:00.000Z',
        apiBaseUrl: 'https://company-18.api.gong.io',
        grantKey: '93dd6d39cf0a73f62182459fbcbbd0df',
      });
      expect(sent).toEqual([
        {
          url: 'https://app.gong.io/oauth2/generate-customer-token',
          method: 'POST',
          headers: {
            accept: 'application/json',
            authorization: 'Basic YXBwLTE3OmFwcC1zZWNyZXQ=',
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: 'grant_type=refresh_token&refresh_token=old-refresh',
        },
      ]);
    });

    it('keeps refresh token and address where an answer names neither', async () => {
      const { context } = openContext(gongContext, {
        oauthApp: { clientId: 'app-17', clientSecret: 'app-secret' },
        fetch: async () => Response.json({ access_token: 'new-access', expires_in: 'soon' }),
      });
      const credentials = { ...oldTokens, apiBaseUrl };
      const renewed = await context.refreshCredentials?.(credentials);
      expect(renewed).toMatchObject({ accessToken: 'new-access', refreshToken: 'old-refresh' });
      expect(renewed).toMatchObject({ apiBaseUrl, accessTokenExpiresAt: undefined });
      expect(context.findRenewal?.(renewed ?? {})).toEqual({ expiresAt: null });
    });

    it('says who has to do what where there is no app to renew a token with', async () => {
      const { context } = openContext(gongContext, {
        fetch: () => Promise.reject(new Error('Nobody is asked.')),
      });
      const credentials = { ...oldTokens, apiBaseUrl };
      await expect(context.refreshCredentials?.(credentials)).rejects.toMatchObject({
        kind: 'auth_invalid',
        publicMessage:
          "The access token for Gong has expired and can't be renewed: this deployment has no OAuth app for Gong. An operator adds it to OAUTH_APPS; until then the customer can send a new access token.",
      });
      expect(context.findRenewal?.({ accessKey: 'k', accessKeySecret: 's' })).toBeNull();
    });

    it('works with the token of an app', async () => {
      const { gong } = createGongOnSandbox();
      const credentials = { accessToken: 'sandbox-access-token-0', apiBaseUrl };
      await expect(gong.countCalls?.(credentials, whole)).resolves.toBe(12);
    });
  });

  it('keeps the request’s id with every failure', async () => {
    const errors = ['Internal server error occurred'];
    const failed = createGong(() => ({ status: 500, json: { requestId: 'req1', errors } })).gong;
    await expect(listAll(failed)).rejects.toMatchObject({ kind: 'unavailable', requestId: 'req1' });
    const changed = createGong(() => ({ json: { requestId: 'req2', calls: [] } })).gong;
    await expect(listAll(changed)).rejects.toMatchObject({ kind: 'contract', requestId: 'req2' });
  });

  it('reads only its 404 for nothing found as empty', async () => {
    const empty = createGong(() => ({ status: 404, json: nothingFound })).gong;
    await expect(listAll(empty)).resolves.toEqual([]);
    await expect(empty.countCalls?.(keyPair, whole)).resolves.toBe(0);
    const errors = ['Call ID 8949381823 was not found'];
    const missing = createGong(() => ({ status: 404, json: { errors } })).gong;
    await expect(listAll(missing)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('filters by workspace and host, by the start of calls', async () => {
    const { gong, sent } = createGong(() => ({ json: pageOf() }));
    const filters = gong.parseFilters({
      workspaceId: '62',
      primaryUserId: '23',
      includePrivate: true,
    });
    const dateRange = {
      start: new Date('2026-01-01T00:00:00Z'),
      end: new Date('2026-02-01T00:00:00Z'),
    };
    await gong.listCalls(keyPair, { dateRange, filters, cursor: null }).next();
    expect(sent[0]?.body).toMatchObject({
      filter: {
        fromDateTime: '2026-01-01T00:00:00.000Z',
        toDateTime: '2026-02-01T00:00:00.000Z',
        workspaceId: '62',
        primaryUserIds: ['23'],
      },
    });
  });

  it('lists private calls as not to be imported, unless they are asked for', async () => {
    const { gong } = createGongOnSandbox({ faults: ['private-calls:4'] });
    const skipped = (calls: readonly SourceCall[]) => calls.map((call) => call.skip ?? null);
    expect(skipped(await listAll(gong))).toEqual([
      ...['filtered', null, null, null, 'filtered', null, null, null, 'filtered', null, null, null],
    ]);
    const filters = { includePrivate: true };
    expect(new Set(skipped(await listAll(gong, { filters })))).toEqual(new Set([null]));
  });

  it('begins a listing anew whose cursor has expired', async () => {
    const { gong, sandbox } = createGongOnSandbox({ calls: 250, faults: ['expired-cursors:3'] });
    const ids = new Set((await listAll(gong)).map((call) => call.sourceCallId));
    expect(ids).toEqual(new Set(sandbox.truth().map((call) => call.sourceCallId)));
    const late = createGongOnSandbox({ calls: 250 });
    const { value: first } = await late.gong.listCalls(gongSandboxCredentials, whole).next();
    late.clock.advance(3_600_000);
    const cursor = first?.nextCursor ?? null;
    const pages = late.gong.listCalls(gongSandboxCredentials, { ...whole, cursor });
    const rest: string[] = [];
    for await (const { calls } of pages) rest.push(...calls.map((call) => call.sourceCallId));
    expect(new Set(rest)).toEqual(new Set(late.sandbox.truth().map((call) => call.sourceCallId)));
  });

  describe('what listing and hydrating note of a call', () => {
    const hydrateOne = async (opened: ReturnType<typeof createGongOnSandbox>, index: number) => {
      const calls = await listAll(opened.gong);
      const hydrated = await opened.gong.hydrateCalls?.(gongSandboxCredentials, calls);
      const call = hydrated?.[index];
      if (call === undefined) throw new Error('There is no such call.');
      return call;
    };

    it('imports 500 calls in 10 requests, downloads aside: one in fifty', async () => {
      const { gong, sandbox, apiRequests } = createGongOnSandbox({ calls: 500 });
      let recordings = 0;
      let transcripts = 0;
      const pages = gong.listCalls(gongSandboxCredentials, whole);
      for await (const { calls } of pages) {
        const hydrated = (await gong.hydrateCalls?.(gongSandboxCredentials, calls)) ?? [];
        for (const call of hydrated) {
          const { media } = await gong.fetchCall(gongSandboxCredentials, call);
          const transcript =
            call.transcript ?? (await gong.getTranscript?.(gongSandboxCredentials, call)) ?? null;
          if (media !== null) recordings += 1;
          if (transcript !== null) transcripts += 1;
        }
      }
      const truth = sandbox.truth();
      expect(recordings).toBe(truth.filter((call) => call.hasMedia).length);
      expect(transcripts).toBe(truth.filter((call) => call.hasTranscript).length);
      expect(apiRequests()).toHaveLength(10);
      expect(sandbox.credentialLeaks).toBe(0);
    });

    it('opens the link of the listing until shortly before it expires, then asks for another', async () => {
      const opened = createGongOnSandbox();
      const call = await hydrateOne(opened, 1);
      const asked = opened.apiRequests().length;
      for (const [hours, requests] of [
        [7.8, 0],
        [0.1, 1],
      ] as const) {
        opened.clock.advance(hours * 3_600_000);
        const { media } = await opened.gong.fetchCall(gongSandboxCredentials, call);
        if (media === null) throw new Error('The call has a recording.');
        await opened.gong.openMedia(gongSandboxCredentials, media);
        expect(opened.apiRequests()).toHaveLength(asked + requests);
      }
    });

    it('fetches a call all the same whose note is lost or broken', async () => {
      const opened = createGongOnSandbox();
      const call = await hydrateOne(opened, 1);
      for (const hint of [null, '', '{', '{"recording":"soon"}']) {
        const { media } = await opened.gong.fetchCall(gongSandboxCredentials, { ...call, hint });
        expect(media).toMatchObject({ kind: 'url' });
      }
    });

    it('does not take a recording for missing that a young call does not have yet', async () => {
      const opened = createGongOnSandbox({ faults: ['late-media:2'] });
      const call = await hydrateOne(opened, 0);
      const fetching = opened.gong.fetchCall(gongSandboxCredentials, call);
      await expect(fetching).rejects.toMatchObject({ kind: 'not_ready', retryAfterMs: 889_000 });
      const { media } = await opened.gong.fetchCall(gongSandboxCredentials, call);
      expect(media).toMatchObject({ kind: 'url' });
    });

    it('asks no second time for the transcript that an old call does not have', async () => {
      const opened = createGongOnSandbox({ faults: ['no-transcripts:3'] });
      const call = await hydrateOne(opened, 2);
      const asked = opened.apiRequests().length;
      expect(call.transcript).toBeNull();
      await expect(opened.gong.getTranscript?.(gongSandboxCredentials, call)).resolves.toBeNull();
      expect(opened.apiRequests()).toHaveLength(asked);
    });

    it('asks again for the transcript of a call that ended within the day', async () => {
      const opened = createGongOnSandbox({ faults: ['late-transcripts:1'] });
      const call = await hydrateOne(opened, 0);
      expect(call.transcript).toBeNull();
      await expect(
        opened.gong.getTranscript?.(gongSandboxCredentials, call),
      ).resolves.toMatchObject({
        original: { callId: call.sourceCallId },
      });
    });
  });

  it('hydrates in requests of 100, and halves one that is refused', async () => {
    const sizes: number[] = [];
    const Body = z.object({ filter: z.object({ callIds: z.array(z.string()) }) });
    const { gong } = createGongBefore((_count, body) => {
      const { callIds } = Body.parse(JSON.parse(body)).filter;
      sizes.push(callIds.length);
      if (callIds.length > 50) return Response.json({ errors: ['Too many'] }, { status: 400 });
      const callTranscripts = callIds.map((callId) => ({ callId, transcript: [] }));
      return Response.json({ records: { totalRecords: 1 }, callTranscripts });
    });
    const call = await listOne(demo);
    const calls = Array.from({ length: 120 }, (_, id) => ({ ...call, sourceCallId: String(id) }));
    const hydrated = await gong.hydrateCalls?.(keyPair, calls);
    expect(hydrated?.filter(({ transcript }) => transcript !== null)).toHaveLength(120);
    expect(sizes).toEqual([100, 20, 50, 50]);
  });

  it('follows the cursor of transcripts, but not for ever', async () => {
    const call = await listOne(demo);
    const answer = (cursor: string | null) => (count: number) => ({
      json: {
        records: { totalRecords: 2, ...((count === 1 || cursor !== null) && { cursor: 'c' }) },
        callTranscripts: [{ callId: String(count), transcript: [] }],
      },
    });
    const calls = ['1', '2'].map((sourceCallId) => ({ ...call, sourceCallId }));
    const { gong, sent } = createGong(answer(null));
    const hydrated = await gong.hydrateCalls?.(keyPair, calls);
    expect(hydrated?.map(({ transcript }) => transcript !== null)).toEqual([true, true]);
    expect(sent[1]?.body).toMatchObject({ cursor: 'c', filter: { callIds: ['1', '2'] } });
    const endless = createGong(answer('c'));
    await endless.gong.hydrateCalls?.(keyPair, calls);
    expect(endless.sent).toHaveLength(4);
  });

  it('stops at a missing scope instead of asking for each call', async () => {
    const { gong, apiRequests } = createGongOnSandbox({ faults: ['missing-scope'] });
    const calls = await listAll(gong);
    await expect(gong.hydrateCalls?.(gongSandboxCredentials, calls)).rejects.toMatchObject({
      kind: 'permission_denied',
      publicMessage: expect.stringContaining('api:calls:read:transcript'),
    });
    expect(apiRequests()).toHaveLength(2);
  });

  it('maps a transcript in order, with its language and the names of its speakers', async () => {
    const line = (start: number, text: string) => ({ start, end: start + 900, text });
    const transcript = [
      { speakerId: '6432345678555530067', topic: 'Objections', sentences: [line(5000, 'So…')] },
      { speakerId: '99', topic: null, sentences: [line(0, 'Hello.'), line(1000.4, 'Hi?')] },
      { speakerId: null, sentences: [line(7000, '?')] },
    ];
    const original = { callId: demo.metaData.id, transcript };
    const { gong } = createGong(() => ({ json: { callTranscripts: [original] } }));
    await expect(gong.getTranscript?.(keyPair, await listOne(demo))).resolves.toEqual({
      transcript: {
        language: 'de',
        speakers: [
          { id: '99', name: null },
          { id: '6432345678555530067', name: 'Ann Lee' },
          { id: 'Unknown speaker', name: null },
        ],
        segments: [
          { speakerId: '99', startMs: 0, endMs: 900, text: 'Hello.' },
          { speakerId: '99', startMs: 1000, endMs: 1900, text: 'Hi?' },
          { speakerId: '6432345678555530067', startMs: 5000, endMs: 5900, text: 'So…' },
          { speakerId: 'Unknown speaker', startMs: 7000, endMs: 7900, text: '?' },
        ],
      },
      original,
    });
  });

  it.each(['und', 'zxx', 'x', null])('knows no language by %p', async (language) => {
    const call = await listOne({ ...demo, metaData: { ...demo.metaData, language } });
    const json = { callTranscripts: [{ callId: '1', transcript: [] }] };
    const found = await createGong(() => ({ json })).gong.getTranscript?.(keyPair, call);
    expect(found?.transcript.language).toBeNull();
  });

  it('names the path at which one transcript broke, for its call alone', async () => {
    const call = await listOne(demo);
    const broken = { callId: call.sourceCallId, transcript: 'soon' };
    const json = { records: { totalRecords: 1 }, callTranscripts: [broken] };
    const { gong } = createGong(() => ({ json }));
    const [hydrated] = (await gong.hydrateCalls?.(keyPair, [call])) ?? [];
    expect(hydrated?.transcript).toBeNull();
    await expect(gong.getTranscript?.(keyPair, hydrated ?? call)).rejects.toMatchObject({
      kind: 'contract',
      publicMessage: expect.stringMatching(/^Gong .*callTranscripts\[0\]\.transcript: /),
    });
  });
});
