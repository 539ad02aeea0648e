import { z } from 'zod';
import type { SourceCall } from '../../core/imports/source-call.ts';
import type { Fetch } from '../../kit/fetch.ts';
import { createLocalRateLimiters, createUnlimitedRateLimiter } from '../../kit/rate-limiter.ts';
import { noteOf } from '../../kit/known-call.ts';
import { testContext } from '../testing/context.testsuite.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import {
  listCalls,
  listFirst,
  openContext,
  openOnSandbox,
  whole,
} from '../testing/open-context.ts';
import { chorusContext } from './chorus.context.ts';
import { createChorusSandbox } from './chorus.sandbox.ts';
import conversation from './fixtures/conversation.json' with { type: 'json' };
import engagements from './fixtures/engagements.json' with { type: 'json' };

const Page = z.looseObject({ engagements: z.array(z.unknown()) });

const minimal = ({ id, startedAt }: { id: string; startedAt: Date }) => ({
  engagement_id: id,
  engagement_type: 'meeting',
  date_time: startedAt.getTime() / 1000,
});

testContext(chorusContext, {
  sandbox: createChorusSandbox,
  credentials: { apiKey: 'sandbox-key' },
  records: {
    whole: ({ id, title, startedAt }) => ({
      ...minimal({ id, startedAt }),
      ...{ subject: title, duration: 60, language: 'en', url: 'https://chorus.ai/meeting/x' },
      ...{ participants: [], no_show: false, processing_state: 'done' },
    }),
    sparse: minimal,
    broken: ({ id, startedAt }) => ({ ...minimal({ id, startedAt }), date_time: 'yesterday' }),
  },
  tamper: {
    emptyPage: () => null,
    missingField: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { continuation_key: null } : null;
    },
    missingPath: 'engagements',
  },
  faults: {
    repeatedCursor: 'repeated-cursor',
    expiredLinks: 'expired-links',
    lateTranscripts: 'late-transcripts',
    noTranscripts: 'no-transcripts',
  },
  skip: [
    {
      reason: 'an empty page ends the listing of Chorus, whatever it says; tested below',
      tests: ['goes on after an empty page with a cursor'],
    },
    {
      reason: 'what Chorus lists as meeting or dialled call was recorded; others are other types',
      tests: ['says of a call without a recording that it has none'],
    },
    {
      reason: 'Chorus documents no daily quota',
      tests: ['stops at the daily quota and says when it goes on'],
    },
    {
      reason: 'Chorus has no total: counting costs as many requests as listing',
      tests: ['counts the calls in range as the platform has them'],
    },
  ],
});

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const at = '2026-07-01T12:00:00.000Z';

/** Chorus before a platform that gives these answers, the last one for ever. */
function createChorus(...answers: readonly unknown[]) {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, { headers }) => {
    const answer = answers[Math.min(sent.length, answers.length - 1)];
    sent.push({ url, headers });
    return Promise.resolve(answer instanceof Response ? answer.clone() : Response.json(answer));
  };
  const { context: chorus, clock } = openContext(chorusContext, { at, fetch });
  return { chorus, sent, clock };
}

const nothing = { engagements: [] };
const credentials = { apiKey: 'chorus-token' };
const [demo] = engagements.engagements;

async function listOne(changes: Readonly<Record<string, unknown>> = {}): Promise<SourceCall> {
  const { chorus } = createChorus({ engagements: [{ ...demo, ...changes }] });
  return listFirst(chorus, credentials);
}

function openSandbox({ calls = 12, faults }: { calls?: number; faults?: readonly string[] } = {}) {
  const opened = openOnSandbox(chorusContext, createChorusSandbox, { at, calls, faults });
  const { context: chorus, sandbox } = opened;
  const key = { apiKey: 'sandbox-key' };
  return { chorus, sandbox, key, list: () => listCalls(chorus, key) };
}

describe('a listed engagement of Chorus', () => {
  it('is mapped', async () => {
    await expect(listOne()).resolves.toEqual({
      sourceCallId: '20C7A1B2C3D4E5F60718293A4B5C6D7E',
      metadata: {
        title: 'Acme <> Us: pricing',
        startedAt: new Date('2020-06-02T15:00:20.250Z'),
        durationSeconds: 1834.5,
        participants: [
          {
            ...{ id: '881', name: 'Ann Lee', email: 'ann@acme.test', phone: null },
            ...{ role: 'external', attended: null },
          },
          {
            ...{ id: '12', name: 'Bob Ray', email: 'bob@us.test', phone: null },
            ...{ role: 'internal', attended: null },
          },
          {
            ...{ id: null, name: 'Room 4', email: null, phone: null },
            ...{ role: 'unknown', attended: null },
          },
        ],
        sourceUrl: 'https://chorus.ai/meeting/20C7A1B2C3D4E5F60718293A4B5C6D7E',
        direction: null,
        mediaKind: null,
        summary: null,
      },
    });
  });

  it('has the summary that others have seen there, and no other thing in its place', async () => {
    expect((await listOne({ meeting_summary: 'Agreed.' })).metadata.summary).toBe('Agreed.');
    expect((await listOne({ meeting_summary: ['Agreed.'] })).metadata.summary).toBeNull();
  });

  it('is not to be imported where nobody came', async () => {
    expect((await listOne({ no_show: true })).skip).toBe('filtered');
  });
});

describe('the listing of Chorus', () => {
  it('asks for meetings, then for dialled calls, a second wider than the range', async () => {
    const { chorus, sent } = createChorus(engagements, nothing);
    const filters = chorus.parseFilters({
      ...{ userId: '345', teamId: '7', participantEmail: 'ann@acme.test' },
    });
    const dateRange = {
      start: new Date('2020-06-01T00:00:00Z'),
      end: new Date('2020-07-01T00:00:00Z'),
    };
    const pages = [];
    for await (const page of chorus.listCalls(credentials, { ...whole, filters, dateRange })) {
      pages.push(page);
    }
    const query = {
      min_date: '2020-05-31T23:59:59.000Z',
      max_date: '2020-07-01T00:00:01.000Z',
      ...{ user_id: '345', team_id: '7', participants_email: 'ann@acme.test' },
    };
    const continuation = { continuation_key: '1591110020.0 20C7A1B2C3D4E5F60718293A4B5C6D7E' };
    expect(sent.map(({ url }) => Object.fromEntries(new URL(url).searchParams))).toEqual([
      { engagement_type: 'meeting', ...query },
      { engagement_type: 'meeting', ...query, ...continuation },
      { engagement_type: 'dialer', ...query },
    ]);
    expect(sent[0]?.headers).toEqual({ accept: 'application/json', authorization: 'chorus-token' });
    expect(pages.map(({ calls }) => calls.length)).toEqual([1, 0, 0]);
  });

  it('ends its type at an empty page, even one that has a key', async () => {
    const { chorus, sent } = createChorus({ ...nothing, continuation_key: '1.0 X' });
    for await (const page of chorus.listCalls(credentials, whole)) expect(page.calls).toEqual([]);
    expect(sent).toHaveLength(2);
  });

  it('is a broken contract where the filter by type is ignored', async () => {
    const { list } = openSandbox({ faults: ['ignored-filters'] });
    await expect(list()).rejects.toMatchObject({
      kind: 'contract',
      publicMessage:
        'Chorus by ZoomInfo answered /v3/engagements in another shape: engagements[0].engagement_type: is not "meeting", which was asked for: the filter was ignored.',
    });
  });

  it('takes no cursor of another type of engagement', async () => {
    const { chorus } = createChorus(nothing);
    const pages = chorus.listCalls(credentials, { ...whole, cursor: '0.:email|' });
    await expect(pages.next()).rejects.toMatchObject({ kind: 'bad_request' });
  });

  it('costs one request for each 100 calls, and few more', async () => {
    const { list, sandbox } = openSandbox({ calls: 1000 });
    expect(await list()).toHaveLength(1000);
    expect(sandbox.requests).toHaveLength(11);
  });
});

describe('the token of Chorus', () => {
  it('is sent as Bearer where it is rejected without, from then on', async () => {
    const { chorus, sandbox, key } = openSandbox({ faults: ['bearer-only'] });
    const kept = { ...key, scheme: 'bearer' };
    await expect(chorus.validateCredentials(key)).resolves.toEqual({
      ...{ valid: true, credentials: kept },
    });
    await expect(chorus.validateCredentials(kept)).resolves.toEqual({ valid: true });
    expect(sandbox.requests.map(({ status }) => status)).toEqual([401, 200, 200]);
  });

  it('is tried once where it is known how it is sent', async () => {
    const { chorus, sandbox } = openSandbox();
    const wrong = { apiKey: 'wrong-token', scheme: 'plain' };
    await expect(chorus.validateCredentials(wrong)).resolves.toMatchObject({ valid: false });
    expect(sandbox.requests).toHaveLength(1);
  });

  it('does not do where the role of its user may not use the API', async () => {
    const { chorus, key } = openSandbox({ faults: ['forbidden-role'] });
    await expect(chorus.validateCredentials(key)).resolves.toEqual({
      valid: false,
      error: expect.stringContaining('Roles & permissions'),
    });
  });

  it('makes a 409, which reading should not meet, a broken contract', async () => {
    const { chorus } = createChorus(Response.json({}, { status: 409 }));
    const listing = chorus.listCalls(credentials, whole).next();
    await expect(listing).rejects.toMatchObject({ kind: 'contract' });
  });
});

describe('a limit of Chorus', () => {
  it('is waited for a minute, then two, where Chorus does not say', async () => {
    const clock = createFakeClock();
    const fetch: Fetch = () => Promise.resolve(Response.json({}, { status: 429 }));
    const chorus = chorusContext.create({
      ...{ clock, sleep: clock.sleep, random: () => 0.5, fetch },
      createRateLimiter: (account) =>
        createLocalRateLimiters({ clock, sleep: () => Promise.resolve() })(account),
    });
    const list = () => chorus.listCalls(credentials, whole).next();
    await expect(list()).rejects.toMatchObject({ kind: 'rate_limited', retryAfterMs: 60_000 });
    clock.advance(60_000);
    await expect(list()).rejects.toMatchObject({ kind: 'rate_limited', retryAfterMs: 120_000 });
  });

  it('is a request a second, or what the credentials say', async () => {
    const rates: number[] = [];
    const { context: chorus } = openContext(chorusContext, {
      fetch: () => Promise.resolve(Response.json(nothing)),
      createRateLimiter: (account) => {
        rates.push(account.requestsPerSecond);
        return createUnlimitedRateLimiter(account);
      },
    });
    for (const given of [{ apiKey: 'a-token' }, { apiKey: 'b-token', requestsPerMinute: 30 }]) {
      await chorus.listCalls(chorus.parseCredentials(given), whole).next();
    }
    expect(rates).toEqual([1, 0.5]);
  });
});

describe('a call of Chorus', () => {
  it('is fetched without a request where it was finished when it was listed', async () => {
    const { chorus, sent } = createChorus({});
    const listed = await listOne();
    await expect(chorus.fetchCall(credentials, listed)).resolves.toEqual({
      metadata: listed.metadata,
      media: {
        kind: 'url',
        url: 'https://chorus.ai/api/v1/conversations/20C7A1B2C3D4E5F60718293A4B5C6D7E/media',
        contentType: null,
      },
    });
    expect(sent).toEqual([]);
  });

  it('is waited for where it was not', async () => {
    const { chorus, key, list } = openSandbox({ calls: 4, faults: ['unfinished:4'] });
    const listed = (await list()).find((call) => noteOf(call) === 'unfinished');
    if (listed === undefined) throw new Error('There should be one.');
    const fetching = chorus.fetchCall(key, listed);
    await expect(fetching).rejects.toMatchObject({ kind: 'not_ready', retryable: true });
    await expect(chorus.fetchCall(key, listed)).resolves.toMatchObject({ media: { kind: 'url' } });
  });

  it('is gone where it turns out that nobody came', async () => {
    const attributes = { status: 'no show' };
    const { chorus } = createChorus({ data: { attributes } });
    const listed = await listOne({ processing_state: 'scheduled' });
    await expect(chorus.fetchCall(credentials, listed)).rejects.toMatchObject({
      kind: 'not_found',
      publicMessage: 'Nobody came to this meeting: Chorus by ZoomInfo recorded nothing.',
    });
  });

  it('is a broken contract in a state that is not documented', async () => {
    const { chorus } = createChorus({ data: { attributes: { status: 'archived' } } });
    const listed = await listOne({ processing_state: 'archived' });
    await expect(chorus.fetchCall(credentials, listed)).rejects.toMatchObject({
      kind: 'contract',
      publicMessage: expect.stringContaining('data.attributes.status'),
    });
  });

  it('is refused by name where its recording is on an unknown host', async () => {
    const location = 'https://files.example.com/a.mp4';
    const { chorus } = createChorus(new Response(null, { status: 302, headers: { location } }));
    const { media } = await chorus.fetchCall(credentials, await listOne());
    if (media === null) throw new Error('There should be one.');
    await expect(chorus.openMedia(credentials, media)).rejects.toMatchObject({
      kind: 'contract',
      publicMessage: expect.stringContaining('files.example.com'),
    });
  });
});

describe('a transcript of Chorus', () => {
  const { attributes } = conversation.data;
  const withUtterances = (utterances: readonly object[], changes: object = {}) => ({
    data: { attributes: { ...attributes, recording: { duration: 60, utterances }, ...changes } },
  });

  it('is mapped, in order, by participants where place or name says who spoke', async () => {
    const { chorus, sent } = createChorus(conversation);
    await expect(chorus.getTranscript?.(credentials, await listOne())).resolves.toEqual({
      transcript: {
        language: 'en',
        speakers: [
          { id: '881', name: 'Ann Lee' },
          { id: '12', name: 'Bob Ray' },
          { id: 'Carl', name: 'Carl' },
          { id: 'Unknown speaker', name: null },
        ],
        segments: [
          { speakerId: '881', startMs: 4200, endMs: 5800, text: 'Thanks for joining.' },
          { speakerId: '12', startMs: 6100, endMs: 7300, text: 'With pleasure.' },
          { speakerId: '12', startMs: 8000, endMs: 8000, text: 'Hi.' },
          { speakerId: 'Carl', startMs: 9000, endMs: 9000, text: 'Me, too.' },
          { speakerId: 'Unknown speaker', startMs: 10_000, endMs: 10_000, text: '?' },
        ],
      },
      original: attributes,
    });
    expect(sent).toEqual([
      {
        url: 'https://chorus.ai/api/v1/conversations/20C7A1B2C3D4E5F60718293A4B5C6D7E?fields=status%2Clanguage%2Cparticipants%2Crecording.duration%2Crecording.utterances&skip_summary_generation=true',
        headers: { accept: 'application/vnd.api+json', authorization: 'chorus-token' },
      },
    ]);
  });

  it('is in milliseconds where seconds would end long after the call', async () => {
    const said = { snippet: 'Hi.', snippet_time: 4200, snippet_length: 1600, participant: 0 };
    const { chorus } = createChorus(withUtterances([said]));
    const found = await chorus.getTranscript?.(credentials, await listOne());
    expect(found?.transcript.segments).toEqual([
      { speakerId: '881', startMs: 4200, endMs: 5800, text: 'Hi.' },
    ]);
  });

  it('has the same times whatever their unit', async () => {
    const segmentsOf = async (faults: readonly string[]) => {
      const { chorus, key, list } = openSandbox({ calls: 3, faults });
      const [listed] = await list();
      if (listed === undefined) throw new Error('There should be one.');
      return (await chorus.getTranscript?.(key, listed))?.transcript.segments;
    };
    const segments = await segmentsOf([]);
    expect(segments?.length).toBeGreaterThan(0);
    expect(await segmentsOf(['milliseconds'])).toEqual(segments);
  });

  it('is none where nothing was said', async () => {
    const { chorus } = createChorus(withUtterances([]));
    await expect(chorus.getTranscript?.(credentials, await listOne())).resolves.toBeNull();
  });

  it('is waited for while Chorus works on it, for six hours', async () => {
    const { chorus } = createChorus(withUtterances([], { status: 'processing' }));
    const endedAt = (ms: number) => (Date.parse('2026-07-01T12:00:00Z') - ms) / 1000 - 1834.5;
    const fresh = await listOne({ date_time: endedAt(3_600_000) });
    const waiting = chorus.getTranscript?.(credentials, fresh);
    await expect(waiting).rejects.toMatchObject({ kind: 'not_ready', retryAfterMs: 3_600_000 });
    const old = await listOne({ date_time: endedAt(6 * 3_600_000) });
    await expect(chorus.getTranscript?.(credentials, old)).resolves.toBeNull();
  });

  it('is not there yet, or no more, or not ours to see', async () => {
    const { chorus, clock } = createChorus(Response.json({}, { status: 404 }));
    const fresh = await listOne({ date_time: clock.now().getTime() / 1000 - 1900 });
    const waiting = chorus.getTranscript?.(credentials, fresh);
    await expect(waiting).rejects.toMatchObject({ kind: 'not_ready' });
    const gone = chorus.getTranscript?.(credentials, await listOne());
    await expect(gone).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('an import from Chorus', () => {
  it('costs two requests a call and its part of the listing', async () => {
    const { chorus, sandbox, key, list } = openSandbox({ calls: 200 });
    for (const listed of await list()) {
      const { media } = await chorus.fetchCall(key, listed);
      if (media !== null) await chorus.openMedia(key, media);
      await chorus.getTranscript?.(key, listed);
    }
    expect(sandbox.requests.filter(({ path }) => path !== '/media')).toHaveLength(403);
    expect(sandbox.credentialLeaks).toBe(0);
  });
});
