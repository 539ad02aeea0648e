import { z } from 'zod';
import { ImportError } from '../../core/errors.ts';
import type { SourceCall } from '../../core/imports/source-call.ts';
import type { Fetch } from '../../kit/fetch.ts';
import { createUnlimitedRateLimiter } from '../../kit/rate-limiter.ts';
import { failureOf } from '../testing/check.ts';
import { testContext } from '../testing/context.testsuite.ts';
import {
  listCalls,
  listFirst,
  openContext,
  openOnSandbox,
  whole,
} from '../testing/open-context.ts';
import { fathomContext } from './fathom.context.ts';
import { createFathomSandbox } from './fathom.sandbox.ts';
import completed from './fixtures/download.json' with { type: 'json' };
import meetings from './fixtures/meetings.json' with { type: 'json' };

const Page = z.looseObject({ items: z.array(z.unknown()) });

const minimal = ({ id, startedAt }: { id: string; startedAt: Date }) => ({
  recording_id: id,
  recording_start_time: startedAt.toISOString(),
});

testContext(fathomContext, {
  sandbox: createFathomSandbox,
  credentials: { apiKey: 'sandbox-key' },
  grant: { accessToken: 'sandbox-access-token-0', refreshToken: 'sandbox-refresh-token-0' },
  records: {
    whole: ({ id, title, startedAt }) => ({
      ...minimal({ id, startedAt }),
      ...{ title, meeting_title: title, url: 'https://fathom.video/calls/1' },
      recording_end_time: new Date(startedAt.getTime() + 60_000).toISOString(),
      ...{ calendar_invitees: [], recorded_by: null, default_summary: null },
    }),
    sparse: minimal,
    broken: ({ id }) => ({ recording_id: id, recording_start_time: 17, title: ['not a text'] }),
  },
  tamper: {
    emptyPage: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { ...page.data, items: [] } : null;
    },
    missingField: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { next_cursor: null } : null;
    },
    missingPath: 'items',
  },
  faults: {
    repeatedCursor: 'repeated-cursor',
    expiredLinks: 'expired-links',
    lateTranscripts: 'late-transcripts',
    noTranscripts: 'no-transcripts',
  },
  skip: [
    {
      reason: 'Fathom documents no daily quota',
      tests: ['stops at the daily quota and says when it goes on'],
    },
  ],
});

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Fathom before a platform that gives these answers, one after the other, the last for ever. */
function createFathom(...answers: readonly (readonly [status: number, json: unknown])[]) {
  const sent: Sent[] = [];
  const slots: number[] = [];
  const fetch: Fetch = async (url, { method, headers }) => {
    const [status, json] = answers[Math.min(sent.length, answers.length - 1)] ?? [500, null];
    sent.push({ method, url, headers });
    return Response.json(json, { status });
  };
  const { context: fathom } = openContext(fathomContext, {
    at: '2025-11-20T10:00:00Z',
    fetch,
    createRateLimiter: (account) => {
      const limiter = createUnlimitedRateLimiter(account);
      const acquire = (signal?: AbortSignal) => {
        slots.push(sent.length);
        return limiter.acquire(signal);
      };
      return { ...limiter, acquire };
    },
  });
  return { fathom, sent, slots };
}

/** Fathom before its sandbox. */
function createFathomOnSandbox(faults: readonly string[] = [], calls = 12) {
  const opened = openOnSandbox(fathomContext, createFathomSandbox, { calls, faults });
  const { context: fathom, sandbox, clock } = opened;
  return { fathom, sandbox, clock };
}

const key = { apiKey: 'fathom-key' };
const grant = { accessToken: 'access', refreshToken: 'refresh' };
const sandboxKey = { apiKey: 'sandbox-key' };

async function listOne(changes: Readonly<Record<string, unknown>> = {}): Promise<SourceCall> {
  const page = { ...meetings, items: [{ ...meetings.items[0], ...changes }] };
  return listFirst(createFathom([200, page]).fathom, key);
}

describe('Fathom', () => {
  it('maps a meeting; who was invited has come for sure only if they spoke', async () => {
    const { hint, ...call } = await listOne();
    expect(call).toMatchObject({
      sourceCallId: '123456789',
      metadata: {
        title: 'Acme demo',
        startedAt: new Date('2025-07-03T18:01:30Z'),
        durationSeconds: 1817,
        participants: [
          {
            ...{ id: 'ann@acme.test', name: 'Ann Lee', email: 'ann@acme.test', phone: null },
            ...{ role: 'external', attended: true },
          },
          {
            ...{ id: 'tom@acme.test', name: null, email: 'tom@acme.test', phone: null },
            ...{ role: 'external', attended: null },
          },
          {
            ...{ id: 'bob@us.test', name: 'Bob Ray', email: 'bob@us.test', phone: null },
            ...{ role: 'internal', attended: null },
          },
        ],
        sourceUrl: 'https://fathom.video/calls/368',
        direction: null,
        mediaKind: null,
        summary: '## Next steps\nSend the quote.',
      },
    });
    expect(hint).toBe('{"language":"en"}');
  });

  it.each([
    ['the recorder twice who was invited', { recorded_by: { email: 'ann@acme.test' } }, 2],
    ['nobody as the recorder who has no address', { recorded_by: { name: 'Bob' } }, 2],
    ['nobody where nobody is named', { recorded_by: null, calendar_invitees: null }, 0],
  ])('lists not %s', async (_what, changes, people) => {
    expect((await listOne(changes)).metadata.participants).toHaveLength(people);
  });

  it('knows an invitee without an address by the voice, and an unknown side as unknown', async () => {
    const invitee = { name: null, email: null, matched_speaker_display_name: 'Guest' };
    const listed = await listOne({ calendar_invitees: [invitee], recorded_by: null });
    expect(listed.metadata.participants).toEqual([
      {
        ...{ id: 'Guest', name: 'Guest', email: null, phone: null },
        ...{ role: 'unknown', attended: true },
      },
    ]);
  });

  it.each([
    ['a start', { recording_start_time: null }, { startedAt: null, durationSeconds: null }],
    ['an end', { recording_end_time: null }, { durationSeconds: null }],
    [
      'an end after its start',
      { recording_end_time: '2025-07-03T18:00:00Z' },
      { durationSeconds: null },
    ],
    ['a title of its own', { title: null }, { title: 'Acme demo' }],
    ['an address', { url: null }, { sourceUrl: 'https://fathom.video/share/xyz' }],
    ['a readable summary', { default_summary: 'text' }, { summary: null }],
  ])('takes a meeting without %s for what it is', async (_what, changes, metadata) => {
    expect((await listOne(changes)).metadata).toMatchObject(metadata);
  });

  it('sets a meeting without the recording’s id aside: the number in its URL is another', async () => {
    const page = { ...meetings, items: [{ ...meetings.items[0], recording_id: undefined }] };
    const { value } = await createFathom([200, page]).fathom.listCalls(key, whole).next();
    expect(value).toMatchObject({
      calls: [],
      rejected: [{ sourceCallId: null, reason: expect.stringContaining('items[0].recording_id') }],
    });
  });

  it('sends range and filters by their odd names, and the key in its header', async () => {
    const { fathom, sent } = createFathom([200, meetings]);
    const filters = fathom.parseFilters({
      ...{ recordedBy: 'bob@us.test', team: 'Sales', inviteeDomain: 'acme.test' },
      inviteeDomains: 'one_or_more_external',
    });
    const dateRange = {
      start: new Date('2025-07-01T00:00:00Z'),
      end: new Date('2025-08-01T00:00:00Z'),
    };
    await fathom.listCalls(key, { dateRange, filters, cursor: null }).next();
    const [{ url = '', headers = {} } = {}] = sent;
    expect(decodeURIComponent(url)).toBe(
      'https://api.fathom.ai/external/v1/meetings?created_after=2025-07-01T00:00:00.000Z' +
        '&created_before=2025-08-03T00:00:00.000Z&recorded_by[]=bob@us.test&teams[]=Sales' +
        '&calendar_invitees_domains[]=acme.test&calendar_invitees_domains_type=one_or_more_external' +
        '&include_transcript=true&include_summary=true',
    );
    expect(headers).toEqual({ accept: 'application/json', 'x-api-key': 'fathom-key' });
  });

  it('asks with a token for no transcripts in a listing, which apps may not', async () => {
    const { fathom, sent, slots } = createFathom([200, meetings]);
    await fathom.listCalls(grant, whole).next();
    expect(sent).toEqual([
      {
        method: 'GET',
        url: 'https://api.fathom.ai/external/v1/meetings',
        headers: { accept: 'application/json', authorization: 'Bearer access' },
      },
    ]);
    expect(slots).toHaveLength(1);
  });

  it('spends two places of the limit on what has half of it', async () => {
    const { fathom, slots } = createFathom(
      [200, meetings],
      [200, { transcript: [] }],
      [202, completed],
    );
    const listing = await fathom.listCalls(key, whole).next();
    expect(slots).toEqual([0, 0]);
    const listed = await listOne();
    await fathom.getTranscript?.(key, listed);
    await fathom.fetchCall(key, listed);
    expect(slots).toEqual([0, 0, 1, 1, 2, 2]);
    expect(listing.done).toBe(false);
  });

  it.each([
    [{}, 'apiKey: is missing: send an API key, or the tokens of our app'],
    [{ refreshToken: 'r' }, 'accessToken: is missing'],
    [{ apiKey: 'k', accessToken: 'a' }, 'accessToken: is one too many'],
    [{ apiKey: 'k', refreshToken: 'r' }, 'refreshToken: is one too many'],
  ])('refuses %j as credentials', (input, message) => {
    expect(() => createFathom().fathom.parseCredentials(input)).toThrow(message);
  });
});

describe('transcripts of Fathom', () => {
  const segments = [
    { speakerId: 'ann@acme.test', startMs: 332_000, endMs: 334_000, text: 'Hello.' },
    { speakerId: 'bob@us.test', startMs: 334_000, endMs: 1_800_000, text: 'Hi, Ann.' },
    { speakerId: 'Guest', startMs: 1_800_000, endMs: 1_817_000, text: 'Good morning.' },
  ];

  it('last from line to line, and name who spoke by address, by name, or as Fathom does', async () => {
    const [{ transcript } = { transcript: [] }] = meetings.items;
    const { fathom, sent } = createFathom([200, { transcript }]);
    await expect(fathom.getTranscript?.(key, await listOne())).resolves.toEqual({
      transcript: {
        language: 'en',
        speakers: [
          { id: 'ann@acme.test', name: 'Ann Lee' },
          { id: 'bob@us.test', name: 'Bob Ray' },
          { id: 'Guest', name: 'Guest' },
        ],
        segments,
      },
      original: { transcript },
    });
    expect(sent[0]?.url).toBe('https://api.fathom.ai/external/v1/recordings/123456789/transcript');
  });

  it('come with the listing where a key asks, and cost no request then', async () => {
    const { fathom, sent } = createFathom([200, meetings]);
    const [listed] = await listCalls(fathom, key);
    if (listed === undefined) throw new Error('Nothing was listed.');
    const [hydrated] = (await fathom.hydrateCalls?.(key, [listed])) ?? [];
    expect(hydrated?.transcript?.transcript.segments).toEqual(segments);
    expect(hydrated).toMatchObject(listed);
    expect(sent).toHaveLength(1);
  });

  it('are left to be asked for where the listing brought none that can be read', async () => {
    const broken = { ...meetings.items[0], transcript: [{ text: 'Hello.', timestamp: '5:32' }] };
    const page = { ...meetings, items: [broken] };
    const { fathom } = createFathom([200, page], [200, { transcript: broken.transcript }]);
    const calls = await listCalls(fathom, key);
    const [hydrated] = (await fathom.hydrateCalls?.(key, calls)) ?? [];
    if (hydrated === undefined) throw new Error('Nothing was hydrated.');
    expect(hydrated.transcript).toBeNull();
    expect(await failureOf(Promise.resolve(fathom.getTranscript?.(key, hydrated)))).toMatchObject({
      kind: 'contract',
      publicMessage: expect.stringContaining('transcript[0].timestamp: must be HH:MM:SS'),
    });
  });

  it('are not asked for of a call that was listed without, long after it ended', async () => {
    const page = { ...meetings, items: [{ ...meetings.items[0], transcript: null }] };
    const { fathom, sent } = createFathom([200, page], [500, null]);
    const [hydrated] = (await fathom.hydrateCalls?.(key, await listCalls(fathom, key))) ?? [];
    if (hydrated === undefined) throw new Error('Nothing was hydrated.');
    expect(hydrated.transcript).toBeNull();
    await expect(fathom.getTranscript?.(key, hydrated)).resolves.toBeNull();
    expect(sent).toHaveLength(1);
  });

  it.each([
    ['an empty one', 200, { transcript: [] }],
    ['a 404', 404, { message: 'Not found' }],
  ])(
    'that are not there (%s) are not ready soon after the call, and never later',
    async (_what, status, json) => {
      const old = { ...(await listOne()), hint: null };
      const { fathom } = createFathom([status, json]);
      await expect(fathom.getTranscript?.(grant, old)).resolves.toBeNull();
      const startedAt = new Date('2025-11-20T09:00:00Z');
      const young = { ...old, metadata: { ...old.metadata, startedAt, durationSeconds: 600 } };
      const asking = Promise.resolve(fathom.getTranscript?.(grant, young));
      expect(await failureOf(asking)).toMatchObject({ kind: 'not_ready' });
    },
  );
});

describe('downloads of Fathom', () => {
  const processing = { ...completed, status: 'processing', video: null };
  const noted = (hint: string | null): string => hint ?? '';

  it('are asked for, and looked at in later tries, without the key on their links', async () => {
    const { fathom, sent } = createFathom([202, processing], [200, processing], [200, completed]);
    const listed = await listOne();
    const first = await failureOf(fathom.fetchCall(key, listed));
    expect(first).toMatchObject({ kind: 'not_ready', retryAfterMs: 20_000 });
    const hint = '{"language":"en","note":"dl_abc"}';
    expect(first.hint).toBe(hint);
    const second = await failureOf(fathom.fetchCall(key, { ...listed, hint: first.hint }));
    expect(second.hint).toBe(hint);
    const { media } = await fathom.fetchCall(key, { ...listed, hint: noted(second.hint) });
    expect(media).toEqual({
      kind: 'url',
      url: 'https://media.fathom.ai/signed/dl_abc',
      contentType: 'video/mp4',
    });
    const recording = 'https://api.fathom.ai/external/v1/recordings/123456789';
    expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST ${recording}/download`,
      `GET ${recording}/downloads/dl_abc`,
      `GET ${recording}/downloads/dl_abc`,
    ]);
  });

  it('of sound alone are taken as well', async () => {
    const audio = { ...completed.video, content_type: undefined };
    const { fathom } = createFathom([202, { ...completed, video: null, audio }]);
    const { media } = await fathom.fetchCall(key, await listOne());
    expect(media).toMatchObject({
      url: 'https://media.fathom.ai/signed/dl_abc',
      contentType: null,
    });
  });

  it.each([
    ['have expired', 200, { ...completed, status: 'expired', video: null }],
    ['were forgotten, or asked for by other credentials', 404, { message: 'Not found' }],
  ])('that %s are asked for anew', async (_what, status, json) => {
    const { fathom, sent } = createFathom([status, json], [202, completed]);
    const hint = '{"note":"dl_old"}';
    const { media } = await fathom.fetchCall(key, { ...(await listOne()), hint });
    expect(media).not.toBeNull();
    expect(sent.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it.each([
    [403, 'whoever shared the call does not want it downloaded'],
    [422, 'there is no media'],
  ])('that are refused with %i leave the call without a recording: %s', async (status) => {
    const { fathom } = createFathom([status, { message: 'no' }]);
    const listed = await listOne();
    await expect(fathom.fetchCall(key, listed)).resolves.toEqual({
      metadata: { ...listed.metadata, mediaKind: 'none' },
      media: null,
    });
  });

  it.each([
    ['generation_timeout', 'generation_timeout'],
    ['see https://internal/?token=1', 'failed'],
  ])('that failed (%s) are asked for anew by the next try', async (reason, said) => {
    const failed = { ...completed, status: 'failed', failure_reason: reason, video: null };
    const error = await failureOf(
      createFathom([202, failed]).fathom.fetchCall(key, await listOne()),
    );
    expect(error).toMatchObject({
      kind: 'unavailable',
      publicMessage: `Fathom could not prepare the download of this recording (${said}). It is asked for anew.`,
      hint: '{"language":"en"}',
    });
  });

  it.each([
    ['is complete and has no file', { ...completed, video: null }, 'neither video nor audio'],
    ['is in an unknown state', { ...completed, status: 'queued' }, 'status: Invalid option'],
  ])('of which one %s break the contract', async (_what, json, message) => {
    const error = await failureOf(createFathom([202, json]).fathom.fetchCall(key, await listOne()));
    expect(error).toMatchObject({ kind: 'contract', source: 'fathom' });
    expect(error.publicMessage).toContain(message);
  });
});

describe('Fathom before its sandbox', () => {
  it.each([
    ['slow-downloads', 'not_ready'],
    ['failed-downloads', 'unavailable'],
  ])('gets through %s by coming again', async (fault, kind) => {
    const { fathom, sandbox } = createFathomOnSandbox([fault]);
    const truth = sandbox.truth().find((call) => call.hasMedia);
    let [listed] = (await listCalls(fathom, sandboxKey)).filter(
      (call) => call.sourceCallId === truth?.sourceCallId,
    );
    for (let tries = 0; tries < 3 && listed !== undefined; tries += 1) {
      const fetched = await fathom.fetchCall(sandboxKey, listed).catch((error: unknown) => error);
      if (!(fetched instanceof ImportError)) break;
      expect(fetched.kind).toBe(kind);
      listed = { ...listed, hint: fetched.hint };
    }
    if (listed === undefined) throw new Error('The sandbox has no recording.');
    expect((await fathom.fetchCall(sandboxKey, listed)).media).toMatchObject({ kind: 'url' });
  });

  it('asks anew for a download that has expired meanwhile', async () => {
    const { fathom, sandbox } = createFathomOnSandbox(['expired-downloads', 'slow-downloads:1']);
    const withMedia = new Set(
      sandbox.truth().flatMap((call) => (call.hasMedia ? call.sourceCallId : [])),
    );
    const [listed] = (await listCalls(fathom, sandboxKey)).filter((call) =>
      withMedia.has(call.sourceCallId),
    );
    if (listed === undefined) throw new Error('The sandbox has no recording.');
    const { hint } = await failureOf(fathom.fetchCall(sandboxKey, listed));
    await failureOf(fathom.fetchCall(sandboxKey, { ...listed, hint }));
    const posts = sandbox.requests.filter(({ method }) => method === 'POST');
    expect(posts).toHaveLength(2);
  });

  it('imports what may not be downloaded without its recording', async () => {
    const { fathom } = createFathomOnSandbox(['limited-shares:1']);
    const [listed] = await listCalls(fathom, sandboxKey);
    if (listed === undefined) throw new Error('The sandbox has no calls.');
    expect((await fathom.fetchCall(sandboxKey, listed)).media).toBeNull();
  });

  it('lists calls and their transcripts by a tenth of a request each', async () => {
    const { fathom, sandbox } = createFathomOnSandbox([], 100);
    const calls = await listCalls(fathom, sandboxKey);
    const hydrated = (await fathom.hydrateCalls?.(sandboxKey, calls)) ?? [];
    expect(hydrated).toHaveLength(100);
    expect(hydrated.filter(({ transcript }) => transcript !== null).length).toBeGreaterThan(80);
    expect(sandbox.requests).toHaveLength(10);
  });
});
