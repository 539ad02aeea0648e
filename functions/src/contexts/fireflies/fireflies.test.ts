import { z } from 'zod';
import type { HydratedCall } from '../../core/imports/import-context.ts';
import type { SourceCall, SourceCallPage } from '../../core/imports/source-call.ts';
import type { Fetch } from '../../kit/fetch.ts';
import { createLocalRateLimiters } from '../../kit/rate-limiter.ts';
import type { CreatedContext } from '../context.ts';
import { testContext } from '../testing/context.testsuite.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { openContext, openOnSandbox, whole } from '../testing/open-context.ts';
import { firefliesContext } from './fireflies.context.ts';
import { createFirefliesSandbox } from './fireflies.sandbox.ts';

const Page = z.looseObject({ data: z.looseObject({ transcripts: z.array(z.unknown()) }) });

const minimal = ({ id, startedAt }: { id: string; startedAt: Date }) => ({
  id,
  dateString: startedAt.toISOString(),
});

testContext(firefliesContext, {
  sandbox: createFirefliesSandbox,
  credentials: { apiKey: 'sandbox-key' },
  records: {
    whole: ({ id, title, startedAt }) => ({
      ...minimal({ id, startedAt }),
      title,
      duration: 1.5,
      organizer_email: 'ann.lee@northwind.example',
      participants: [],
      meeting_attendees: [],
      meeting_info: { fred_joined: true, silent_meeting: false, summary_status: 'processed' },
      transcript_url: `https://app.fireflies.ai/view/x`,
      summary: { overview: 'They talked.' },
    }),
    sparse: minimal,
    broken: ({ id, startedAt }) => ({ ...minimal({ id, startedAt }), title: ['not', 'a', 'text'] }),
  },
  tamper: {
    emptyPage: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { data: { transcripts: [] } } : null;
    },
    missingField: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { data: {} } : null;
    },
    missingPath: 'data.transcripts',
  },
  faults: {
    repeatedCursor: 'repeated-page',
    expiredLinks: 'expired-links',
    lateTranscripts: 'late-transcripts',
    noTranscripts: 'no-transcripts',
  },
  skip: [
    {
      reason: 'Fireflies gives at most 50 meetings a page',
      tests: ['hands on at most 200 calls at a time, however many the platform sends'],
    },
    {
      reason: 'offsets have no cursor: an empty page ends its window',
      tests: ['goes on after an empty page with a cursor'],
    },
    {
      reason: 'Fireflies has no cursor; an offset that is ignored is tested below',
      tests: ['reports a repeated cursor as a broken contract'],
    },
    {
      reason: 'ids are GraphQL variables, never part of a path',
      tests: ['lets no id climb out of its path'],
    },
    {
      reason: 'the daily quota belongs to the plan, which the credentials name; tested below',
      tests: ['stops at the daily quota and says when it goes on'],
    },
    {
      reason: 'Fireflies has no total: counting costs as many requests of a daily quota as listing',
      tests: ['counts the calls in range as the platform has them'],
    },
  ],
});

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };
}

const SentBody = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()) });

/** Fireflies before a platform that gives these answers, the last one for ever. */
function createFireflies(...answers: readonly unknown[]) {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, { headers, body }) => {
    const answer = answers[Math.min(sent.length, answers.length - 1)];
    sent.push({ url, headers, body: SentBody.parse(JSON.parse(body ?? '')) });
    return Promise.resolve(Response.json(answer));
  };
  const at = '2026-07-01T12:00:00.000Z';
  const { context: fireflies, clock } = openContext(firefliesContext, { at, fetch });
  return { fireflies, sent, clock };
}

const credentials = { apiKey: 'fireflies-key' };

const demo = {
  id: '01KW0T18TQ0H1NQ3G0BH1PB7VQ',
  title: 'Acme demo',
  date: 1782438600000,
  dateString: '2026-06-26T01:52:12.000Z',
  duration: 31.5,
  organizer_email: 'bob@us.test',
  participants: ['bob@us.test', 'ann@acme.test', 'late@acme.test', null],
  meeting_attendees: [
    { displayName: 'Ann Lee', email: 'ann@acme.test', name: null, phoneNumber: null },
    { displayName: null, email: null, name: 'Guest', phoneNumber: '+14155550142' },
    { displayName: null, email: null, name: null, phoneNumber: null },
    null,
  ],
  is_live: false,
  transcript_url: 'https://app.fireflies.ai/view/01KW0T18TQ0H1NQ3G0BH1PB7VQ',
};

const listedDemo = {
  sourceCallId: '01KW0T18TQ0H1NQ3G0BH1PB7VQ',
  metadata: {
    title: 'Acme demo',
    startedAt: new Date('2026-06-26T01:52:12Z'),
    durationSeconds: 1890,
    participants: [
      {
        ...{ id: 'ann@acme.test', name: 'Ann Lee', email: 'ann@acme.test', phone: null },
        ...{ role: 'unknown', attended: null },
      },
      {
        ...{ id: 'Guest', name: 'Guest', email: null, phone: '+14155550142' },
        ...{ role: 'unknown', attended: null },
      },
      {
        ...{ id: 'bob@us.test', name: null, email: 'bob@us.test', phone: null },
        ...{ role: 'unknown', attended: null },
      },
      {
        ...{ id: 'late@acme.test', name: null, email: 'late@acme.test', phone: null },
        ...{ role: 'unknown', attended: null },
      },
    ],
    sourceUrl: 'https://app.fireflies.ai/view/01KW0T18TQ0H1NQ3G0BH1PB7VQ',
    direction: null,
    mediaKind: null,
    summary: null,
  },
} as const satisfies SourceCall;

const spoken = {
  id: '01KW0T18TQ0H1NQ3G0BH1PB7VQ',
  speakers: [
    { id: 0, name: 'ann  LEE' },
    { id: 1, name: 'Bob' },
    { id: 2, name: 'Speaker 3' },
    { id: 3, name: 'Zoë March' },
  ],
  meeting_attendance: [{ name: 'Guest', join_time: null, leave_time: null }],
  sentences: [
    {
      ...{ index: 0, speaker_id: 0, speaker_name: 'ann  LEE', text: 'Sam.', raw_text: 'sam' },
      ...{ start_time: 0.24, end_time: 31.91 },
    },
    { speaker_id: 1, speaker_name: null, text: 'Hi.', start_time: '32', end_time: '31.5' },
    { speaker_id: 2, speaker_name: 'Speaker 3', text: null, start_time: 33, end_time: 34 },
    { speaker_id: 9, speaker_name: null, text: 'Who?', start_time: 35, end_time: 36 },
    { speaker_id: 3, speaker_name: null, text: 'Me.', start_time: 36, end_time: 37 },
  ],
  meeting_info: { summary_status: 'processed', silent_meeting: false },
  summary: { overview: 'They agreed.', action_items: null, keywords: null },
};

const expires = (iso: string) => String(Date.parse(iso) / 1000);
const linkUntil = (iso: string) =>
  `https://cdn.fireflies.ai/01KW/audio.mp3?Expires=${expires(iso)}&Signature=s`;
const links = {
  id: '01KW0T18TQ0H1NQ3G0BH1PB7VQ',
  audio_url: linkUntil('2026-07-02T12:00:00Z'),
  video_url: null,
  meeting_info: { summary_status: 'processed' },
};

const one = (record: unknown) => ({ data: { transcript0: record } });

async function listOne(changes: Readonly<Record<string, unknown>> = {}) {
  const { fireflies } = createFireflies({ data: { transcripts: [{ ...demo, ...changes }] } });
  const first = await fireflies.listCalls(credentials, whole).next();
  const page: SourceCallPage | undefined = first.value;
  return page;
}

describe('a listed meeting of Fireflies', () => {
  it('is mapped', async () => {
    expect((await listOne())?.calls).toEqual([listedDemo]);
  });

  it.each([
    ['dateString, which is exact', {}, '2026-06-26T01:52:12.000Z'],
    ['the rounded date where it is missing', { dateString: null }, '2026-06-26T01:50:00.000Z'],
  ])('begins by %s', async (_what, changes, iso) => {
    expect((await listOne(changes))?.calls[0]?.metadata.startedAt?.toISOString()).toBe(iso);
  });

  it.each([
    ['minutes', 0.05, 3],
    ['nothing where it is missing', null, null],
  ])('lasts by %s', async (_what, duration, seconds) => {
    expect((await listOne({ duration }))?.calls[0]?.metadata.durationSeconds).toBe(seconds);
  });

  it('is left out while it goes on', async () => {
    expect(await listOne({ is_live: true })).toMatchObject({ calls: [] });
  });
});

describe('the listing of Fireflies', () => {
  it('asks for a day more at both ends, for times are rounded, and sends key and filters', async () => {
    const { fireflies, sent } = createFireflies({ data: { transcripts: [] } });
    const filters = fireflies.parseFilters({
      ...{ organizer: 'bob@us.test', participant: 'ann@acme.test' },
      ...{ keyword: 'demo', channel: 'c1' },
    });
    const dateRange = {
      start: new Date('2026-06-01T00:00:00Z'),
      end: new Date('2026-06-20T00:00:00Z'),
    };
    await fireflies.listCalls(credentials, { dateRange, filters, cursor: null }).next();
    expect(sent[0]?.url).toBe('https://api.fireflies.ai/graphql');
    expect(sent[0]?.headers).toEqual({
      accept: 'application/json',
      authorization: 'Bearer fireflies-key',
      'content-type': 'application/json',
    });
    expect(sent[0]?.body.variables).toEqual({
      from: '2026-05-30T23:59:59.000Z',
      to: '2026-06-21T00:00:01.000Z',
      limit: 50,
      skip: 0,
      organizers: ['bob@us.test'],
      participants: ['ann@acme.test'],
      keyword: 'demo',
      channel: 'c1',
    });
  });

  it('reaches back to 2016 in eight requests where there is nothing', async () => {
    const { fireflies, sent } = createFireflies({ data: { transcripts: [] } });
    for await (const page of fireflies.listCalls(credentials, whole))
      expect(page.calls).toEqual([]);
    expect(sent).toHaveLength(8);
    expect(sent[0]?.body.variables).toMatchObject({ to: '2026-07-01T12:00:01.000Z' });
    expect(sent.at(-1)?.body.variables).toMatchObject({ from: '2015-12-31T23:59:59.000Z' });
  });

  it('pins its end, so that what is new moves no page', async () => {
    const full = { data: { transcripts: Array.from({ length: 50 }, (_, i) => ({ id: `m${i}` })) } };
    const rest = { data: { transcripts: [{ id: 'm49' }] } };
    const { fireflies, sent, clock } = createFireflies(full, rest);
    const { value } = await fireflies.listCalls(credentials, whole).next();
    clock.advance(3_600_000);
    const cursor = value?.nextCursor ?? '';
    await fireflies.listCalls(credentials, { ...whole, cursor }).next();
    expect(sent.map(({ body }) => [body.variables['to'], body.variables['skip']])).toEqual([
      ['2026-07-01T12:00:01.000Z', 0],
      ['2026-07-01T12:00:01.000Z', 49],
    ]);
  });

  it('notices that skip is ignored', async () => {
    const { context } = openSandbox({ calls: 200, faults: ['repeated-page'] });
    await expect(listAndHydrate(context)).rejects.toMatchObject({
      kind: 'contract',
      source: 'fireflies',
      publicMessage: 'The listing would never end: the platform gave the same page twice.',
    });
  });
});

describe('a hydrated meeting of Fireflies', () => {
  it('has its summary, who came, and what was said by whom', async () => {
    const { fireflies, sent } = createFireflies(one(spoken), one(links));
    const [hydrated] = (await fireflies.hydrateCalls?.(credentials, [listedDemo])) ?? [];
    expect(sent).toHaveLength(2);
    expect(hydrated?.metadata.summary).toBe('They agreed.');
    expect(hydrated?.metadata.participants.map(({ id, attended }) => [id, attended])).toEqual([
      ['ann@acme.test', true],
      ['Guest', true],
      ['bob@us.test', true],
      ['late@acme.test', null],
      ['Zoë March', true],
    ]);
    expect(hydrated?.transcript).toEqual({
      transcript: {
        language: null,
        speakers: [
          { id: 'ann@acme.test', name: 'Ann Lee' },
          { id: 'bob@us.test', name: 'Bob' },
          { id: 'Speaker 3', name: 'Speaker 3' },
          { id: 'Speaker 9', name: null },
          { id: 'Zoë March', name: 'Zoë March' },
        ],
        segments: [
          { speakerId: 'ann@acme.test', startMs: 240, endMs: 31_910, text: 'Sam.' },
          { speakerId: 'bob@us.test', startMs: 32_000, endMs: 32_000, text: 'Hi.' },
          { speakerId: 'Speaker 3', startMs: 33_000, endMs: 34_000, text: '' },
          { speakerId: 'Speaker 9', startMs: 35_000, endMs: 36_000, text: 'Who?' },
          { speakerId: 'Zoë March', startMs: 36_000, endMs: 37_000, text: 'Me.' },
        ],
      },
      original: spoken,
    });
  });

  it('needs no more requests while its links last', async () => {
    const silent = { ...spoken, sentences: [] };
    const { fireflies, sent, clock } = createFireflies(one(silent), one(links));
    const [hydrated] = (await fireflies.hydrateCalls?.(credentials, [listedDemo])) ?? [];
    if (hydrated === undefined) throw new Error('It should be hydrated.');
    await expect(fireflies.getTranscript?.(credentials, hydrated)).resolves.toBeNull();
    await expect(fireflies.fetchCall(credentials, hydrated)).resolves.toEqual({
      metadata: { ...hydrated.metadata, mediaKind: 'audio' },
      media: { kind: 'url', url: links.audio_url, contentType: 'audio/mpeg' },
    });
    expect(sent).toHaveLength(2);
    clock.advance(23.9 * 3_600_000);
    await fireflies.fetchCall(credentials, hydrated);
    expect(sent).toHaveLength(3);
  });
});

describe('a recording of Fireflies', () => {
  it.each([
    ['the video, where there is one', { video_url: linkUntil('2026-07-03T00:00:00Z') }, 'video'],
    ['the sound', {}, 'audio'],
    ['none, where the plan has none', { audio_url: null }, 'none'],
  ])('is %s', async (_what, changes, mediaKind) => {
    const { fireflies } = createFireflies(one({ ...links, ...changes }));
    const fetched = await fireflies.fetchCall(credentials, listedDemo);
    expect(fetched.metadata.mediaKind).toBe(mediaKind);
    expect(fetched.media === null).toBe(mediaKind === 'none');
  });

  it('is taken to last a day where its link does not say', async () => {
    const bare = one({ ...links, audio_url: 'https://cdn.fireflies.ai/01KW/audio.mp3' });
    const { fireflies, sent, clock } = createFireflies(one(spoken), bare);
    const [hydrated] = (await fireflies.hydrateCalls?.(credentials, [listedDemo])) ?? [];
    clock.advance(23 * 3_600_000);
    await fireflies.fetchCall(credentials, hydrated ?? listedDemo);
    expect(sent).toHaveLength(2);
    clock.advance(3_600_000);
    await fireflies.fetchCall(credentials, hydrated ?? listedDemo);
    expect(sent).toHaveLength(3);
  });

  it('fails by name where its link had expired when it was given', async () => {
    const { fireflies } = createFireflies(
      one({ ...links, audio_url: linkUntil('2026-06-28T00:00:00Z') }),
    );
    await expect(fireflies.fetchCall(credentials, listedDemo)).rejects.toMatchObject({
      kind: 'contract',
      source: 'fireflies',
      publicMessage: 'Fireflies.ai gave a link to the recording that had expired.',
    });
  });

  it('is waited for while the meeting is processed, for two hours', async () => {
    const unfinished = {
      ...links,
      audio_url: null,
      meeting_info: { summary_status: 'processing' },
    };
    const { fireflies } = createFireflies(one(unfinished));
    const startedAt = new Date('2026-07-01T11:00:00Z');
    const fresh = { ...listedDemo, metadata: { ...listedDemo.metadata, startedAt } };
    await expect(fireflies.fetchCall(credentials, fresh)).rejects.toMatchObject({
      kind: 'not_ready',
    });
    await expect(fireflies.fetchCall(credentials, listedDemo)).resolves.toMatchObject({
      media: null,
    });
  });
});

describe('errors of Fireflies', () => {
  it.each([
    ['invalid_arguments', 400, 'bad_request'],
    ['args_required', 400, 'bad_request'],
    ['require_ai_credits', 402, 'payment_required'],
    ['forbidden', 403, 'permission_denied'],
    ['paid_required', 403, 'payment_required'],
    ['not_in_team', 403, 'permission_denied'],
    ['require_elevated_privilege', 403, 'permission_denied'],
    ['account_cancelled', 403, 'payment_required'],
    ['object_not_found', 404, 'not_found'],
    ['request_timeout', 408, 'timeout'],
    ['auth_failed', 500, 'auth_invalid'],
    ['invariant_violation', 500, 'unavailable'],
    ['a_code_of_tomorrow', 500, 'unavailable'],
    ['a_code_of_tomorrow', 403, 'permission_denied'],
  ])('mean by the code %s of status %p: %s', async (code, status, kind) => {
    const extensions = { code, status, metadata: {}, helpUrls: [] };
    const body = { errors: [{ message: 'x', code, friendly: true, extensions }], data: null };
    const { fireflies } = createFireflies(body);
    await expect(fireflies.listCalls(credentials, whole).next()).rejects.toMatchObject({
      kind,
      source: 'fireflies',
    });
  });

  it('say when a limit ends, under HTTP 200', async () => {
    const metadata = { retryAfter: Date.parse('2026-07-01T13:30:00Z') };
    const extensions = { code: 'too_many_requests', status: 429, metadata };
    const body = { errors: [{ code: 'too_many_requests', extensions }], data: null };
    const { fireflies, sent } = createFireflies(body);
    await expect(fireflies.listCalls(credentials, whole).next()).rejects.toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 5_400_000,
    });
    expect(sent).toHaveLength(1);
  });
});

function openSandbox(
  options: Omit<Parameters<typeof openOnSandbox>[2], 'calls'> & { readonly calls?: number } = {},
) {
  return openOnSandbox(firefliesContext, createFirefliesSandbox, { calls: 30, ...options });
}

const key = { apiKey: 'sandbox-key' };

/** Everything that an import asks for, recordings aside. */
async function listAndHydrate(context: CreatedContext): Promise<readonly HydratedCall[]> {
  const calls: HydratedCall[] = [];
  for await (const page of context.listCalls(key, whole)) {
    calls.push(...((await context.hydrateCalls?.(key, page.calls)) ?? []));
  }
  return calls;
}

describe('an import from Fireflies', () => {
  it('costs about a tenth of a request for each of 500 calls, downloads aside', async () => {
    const { sandbox, context } = openSandbox({ calls: 500 });
    const calls = await listAndHydrate(context);
    for (const call of calls) {
      await context.fetchCall(key, call);
      if (call.transcript === null) await context.getTranscript?.(key, call);
    }
    expect(calls).toHaveLength(500);
    expect(sandbox.requests).toHaveLength(52);
  });

  it('brings what is there beside a meeting that vanished, however Fireflies says so', async () => {
    for (const faults of [[], ['whole-failures'], ['status-codes', 'whole-failures']]) {
      const { sandbox, context } = openSandbox({ calls: 10, faults });
      const { value } = await context.listCalls(key, whole).next();
      const calls: readonly SourceCall[] = value?.calls ?? [];
      sandbox.removeCall(calls.at(-1)?.sourceCallId ?? '');
      const hydrated = (await context.hydrateCalls?.(key, calls)) ?? [];
      expect(hydrated.map((call) => call.sourceCallId)).toEqual(
        calls.map((call) => call.sourceCallId),
      );
      const gone = hydrated.at(-1);
      expect(gone?.transcript).toBeNull();
      expect(hydrated.filter((call) => call.transcript !== null).length).toBeGreaterThan(0);
      if (gone === undefined) throw new Error('It should be there.');
      await expect(context.getTranscript?.(key, gone)).rejects.toMatchObject({
        kind: 'not_found',
      });
    }
  });

  it('brings what the plan allows where it forbids videos and summaries', async () => {
    const { context } = openSandbox({ calls: 60, faults: ['paid-fields'] });
    const calls = await listAndHydrate(context);
    expect(calls.every((call) => call.metadata.summary === null)).toBe(true);
    expect(calls.some((call) => call.transcript !== null)).toBe(true);
    const kinds = await Promise.all(
      calls.map(async (call) => (await context.fetchCall(key, call)).metadata.mediaKind),
    );
    expect([...new Set(kinds)].toSorted()).toEqual(['audio', 'none']);
  });

  it('brings transcripts alone where the plan has no recordings', async () => {
    const { context } = openSandbox({ faults: ['free-plan'] });
    for (const call of await listAndHydrate(context)) {
      expect((await context.fetchCall(key, call)).media).toBeNull();
    }
  });

  it('keeps to the quota that the credentials name, and says when it goes on', async () => {
    const clock = createFakeClock();
    const createRateLimiter = createLocalRateLimiters({ clock, sleep: clock.sleep });
    const faults = ['daily-limit:2'];
    const { sandbox, context } = openSandbox({ faults, environment: { createRateLimiter } });
    const limited = { ...key, requestsPerDay: 2 };
    await context.validateCredentials(limited);
    await context.validateCredentials(limited);
    await expect(context.validateCredentials(limited)).rejects.toMatchObject({
      kind: 'rate_limited',
    });
    expect(sandbox.requests).toHaveLength(2);
    expect(sandbox.limitHits).toBe(0);
  });

  it('stops at a quota that nobody named when Fireflies says so', async () => {
    const { sandbox, context } = openSandbox({ faults: ['daily-limit:2'] });
    await context.validateCredentials(key);
    await context.validateCredentials(key);
    await expect(context.validateCredentials(key)).rejects.toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 86_400_000,
    });
    expect(sandbox.limitHits).toBe(1);
  });
});
