import { z } from 'zod';
import type { SourceCall } from '../../core/imports/source-call.ts';
import type { Fetch } from '../../kit/fetch.ts';
import { testContext } from '../testing/context.testsuite.ts';
import {
  listCalls,
  listFirst,
  openContext,
  openOnSandbox,
  whole,
} from '../testing/open-context.ts';
import { sandboxOAuthApp } from '../testing/sandbox-tokens.ts';
import meetingRecordings from './fixtures/meeting-recordings.json' with { type: 'json' };
import participants from './fixtures/participants.json' with { type: 'json' };
import recordings from './fixtures/recordings.json' with { type: 'json' };
import session from './fixtures/session.json' with { type: 'json' };
import { zohoMeetingContext } from './zoho-meeting.context.ts';
import {
  createZohoMeetingSandbox,
  zohoMeetingSandboxGrant,
  zohoMeetingSandboxOrganisation,
} from './zoho-meeting.sandbox.ts';

const Page = z.looseObject({ recordings: z.array(z.unknown()) });
const organisationId = zohoMeetingSandboxOrganisation;
const { dataCentre, accessToken } = zohoMeetingSandboxGrant;
const meetingKey = '1098765432';

const minimal = ({ id, startedAt }: { id: string; startedAt: Date }) => ({
  ...{ erecordingId: id, meetingKey, startTimeinMs: startedAt.getTime() },
});

testContext(zohoMeetingContext, {
  sandbox: createZohoMeetingSandbox,
  credentials: { accessToken, dataCentre, organisationId },
  grant: { ...zohoMeetingSandboxGrant, organisationId },
  sourceCallIdOf: (id) => `${meetingKey}:${id}`,
  records: {
    whole: ({ id, title, startedAt }) => ({
      ...minimal({ id, startedAt }),
      ...{ topic: title, duration: 60_000, status: 'UPLOADED', isMeeting: true },
      ...{ isTranscriptionEnabled: true, isTranscriptGenerated: true },
    }),
    sparse: minimal,
    broken: ({ id, startedAt }) => ({
      ...minimal({ id, startedAt }),
      startTimeinMs: 'Wed, 19 Jun',
    }),
  },
  tamper: {
    emptyPage: () => null,
    missingField: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { meta: { moreRecords: false } } : null;
    },
    missingPath: 'recordings',
  },
  faults: {
    expiredLinks: 'expired-links',
    lateTranscripts: 'late-transcripts',
    noTranscripts: 'no-transcripts',
  },
  skip: [
    {
      reason: 'Zoho Meeting gives at most 20 recordings a page',
      tests: [
        'hands on at most 200 calls at a time, however many the platform sends',
        'resumes in the middle of a large page, in another process',
      ],
    },
    {
      reason: 'offsets have no cursor: an empty page is the end',
      tests: ['goes on after an empty page with a cursor'],
    },
    {
      reason: 'Zoho Meeting has no cursor; an index that is ignored is tested below',
      tests: ['reports a repeated cursor as a broken contract'],
    },
    {
      reason: 'Zoho documents no daily quota',
      tests: ['stops at the daily quota and says when it goes on'],
    },
    {
      reason: 'Zoho Meeting has no total: counting costs as many requests as listing',
      tests: ['counts the calls in range as the platform has them'],
    },
    {
      reason: 'who took part is known when a call is fetched, not when it is listed; tested below',
      tests: ['joins transcript speakers to participants where the platform knows them'],
    },
  ],
});

interface Sent {
  readonly url: string;
  readonly authorization: string | undefined;
}

/** Zoho before a platform that answers by path, on a clock that stands still. */
function createZoho(answers: Readonly<Record<string, unknown>>) {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, { headers }) => {
    sent.push({ url, authorization: headers['authorization'] });
    const { pathname } = new URL(url);
    const answer = Object.entries(answers).find(([path]) => pathname.includes(path))?.[1];
    if (answer instanceof Response) return Promise.resolve(answer.clone());
    return Promise.resolve(Response.json(answer ?? missing, { status: answer ? 200 : 400 }));
  };
  const at = '2024-06-20T12:00:00.000Z';
  const { context: zoho, clock } = openContext(zohoMeetingContext, { at, fetch });
  return { zoho, sent, clock };
}

const missing = { error: { errorCode: 4000, message: 'x', key: 'INVALID_MEETING_KEY' } };
const credentials = { dataCentre: 'com', accessToken: 'zoho-token', organisationId: '77' };
const [demo] = recordings.recordings;
const reports = { '/participant/': participants, '/sessions/': session };

async function listOne(changes: Readonly<Record<string, unknown>> = {}): Promise<SourceCall> {
  const { zoho } = createZoho({ 'recordings.json': { recordings: [{ ...demo, ...changes }] } });
  return listFirst(zoho, credentials);
}

function openSandbox({ calls = 12, faults }: { calls?: number; faults?: readonly string[] } = {}) {
  const { context: zoho, ...opened } = openOnSandbox(zohoMeetingContext, createZohoMeetingSandbox, {
    calls,
    faults,
    at: '2026-07-01T12:00:00.000Z',
    environment: { oauthApp: sandboxOAuthApp },
  });
  const grant = { ...zohoMeetingSandboxGrant, organisationId };
  return { zoho, ...opened, grant, list: () => listCalls(zoho, grant) };
}

describe('a listed recording of Zoho Meeting', () => {
  it('is mapped, named by its meeting and itself', async () => {
    expect(await listOne()).toEqual({
      sourceCallId: '1098765432:8f4c0a1b2c3d4e5f',
      metadata: {
        title: 'Acme demo',
        startedAt: new Date('2024-06-19T13:30:00Z'),
        durationSeconds: 1834,
        participants: [],
        sourceUrl: 'https://meeting.zoho.com/meeting/share/8f4c',
        direction: null,
        mediaKind: 'video',
        summary: null,
      },
      hint: expect.any(String),
    });
  });

  it('takes numbers that come as texts, and texts that come as numbers', async () => {
    const changes = { meetingKey: 1098765432, startTimeinMs: '1718803800000', duration: '1834000' };
    const { sourceCallId, metadata } = await listOne(changes);
    expect(sourceCallId).toBe('1098765432:8f4c0a1b2c3d4e5f');
    expect(metadata).toMatchObject({
      startedAt: new Date('2024-06-19T13:30:00Z'),
      durationSeconds: 1834,
    });
  });

  it('is not to be imported where it has no sound', async () => {
    expect((await listOne({ noAudioRecording: true })).skip).toBe('filtered');
  });
});

describe('the listing of Zoho Meeting', () => {
  it('goes by index, twenty at a time, in the organisation’s path and data centre', async () => {
    const page = { recordings: [demo], meta: { moreRecords: true } };
    const { zoho, sent } = createZoho({ 'recordings.json': page });
    await zoho.listCalls({ ...credentials, dataCentre: 'com.au' }, whole).next();
    expect(sent).toEqual([
      {
        url: 'https://meeting.zoho.com.au/meeting/api/v2/77/recordings.json?index=0&count=20',
        authorization: 'Zoho-oauthtoken zoho-token',
      },
    ]);
  });

  it.each([
    ['eu', 'https://meeting.zoho.eu'],
    ['in', 'https://meeting.zoho.in'],
    ['ca', 'https://meeting.zohocloud.ca'],
    ['com.cn', 'https://meeting.zoho.com.cn'],
  ])('of %s is at %s', async (name, origin) => {
    const { zoho, sent } = createZoho({ 'recordings.json': recordings });
    await zoho.listCalls({ ...credentials, dataCentre: name }, whole).next();
    expect(new URL(sent[0]?.url ?? '').origin).toBe(origin);
  });

  it('ends where nothing says that there is more', async () => {
    const { zoho, sent } = createZoho({ 'recordings.json': { recordings: [demo] } });
    for await (const page of zoho.listCalls(credentials, whole)) expect(page.nextCursor).toBeNull();
    expect(sent).toHaveLength(1);
  });

  it('is a broken contract where the index is ignored', async () => {
    const { list } = openSandbox({ calls: 60, faults: ['repeated-page'] });
    await expect(list()).rejects.toMatchObject({
      kind: 'contract',
      source: 'zoho_meeting',
      publicMessage: 'The listing would never end: the platform gave the same page twice.',
    });
  });

  it('asks once for the organisation that its credentials do not name', async () => {
    const { zoho, sandbox } = openSandbox({ calls: 45 });
    for await (const page of zoho.listCalls(zohoMeetingSandboxGrant, whole)) {
      expect(page.calls.length).toBeLessThanOrEqual(20);
    }
    const paths = sandbox.requests.map(({ path }) => path);
    expect(paths.filter((path) => path === '/api/v2/user.json')).toHaveLength(1);
    expect(paths).toHaveLength(4);
  });
});

describe('the credentials of Zoho Meeting', () => {
  it('are completed with the organisation', async () => {
    const { zoho } = openSandbox();
    await expect(zoho.validateCredentials(zohoMeetingSandboxGrant)).resolves.toEqual({
      ...{ valid: true, credentials: { ...zohoMeetingSandboxGrant, organisationId } },
    });
  });

  it('do not work in another data centre, which Zoho says as 400', async () => {
    const { zoho, sandbox, grant } = openSandbox();
    await expect(zoho.validateCredentials({ ...grant, dataCentre: 'eu' })).resolves.toEqual({
      valid: false,
      error: expect.stringContaining('another data centre'),
    });
    expect(sandbox.requests).toEqual([{ method: 'GET', path: '/api/v2/user.json', status: 400 }]);
  });

  it.each([
    ['no token', { dataCentre: 'com' }, 'accessToken: is missing'],
    ['another address', { dataCentre: 'evil.example', accessToken: 'x' }, 'dataCentre: '],
  ])('are refused with %s', (_what, input, why) => {
    expect(() => createZoho({}).zoho.parseCredentials(input)).toThrow(why);
  });

  it('are renewed at the accounts server of their data centre', async () => {
    const { zoho, sent } = createZoho({ '/oauth/v2/token': { error: 'invalid_code' } });
    const own = { refreshToken: 'r-token', clientId: 'own', clientSecret: 'own-secret' };
    const renewing = zoho.refreshCredentials?.({ dataCentre: 'ca', ...own });
    await expect(renewing).rejects.toMatchObject({ kind: 'auth_invalid' });
    expect(sent).toEqual([
      { url: 'https://accounts.zohocloud.ca/oauth/v2/token', authorization: undefined },
    ]);
  });
});

describe('errors of Zoho Meeting', () => {
  const denied = { kind: 'permission_denied' };
  it.each([
    [400, { code: 2000, message: 'INVALID_OAUTHTOKEN' }, { kind: 'auth_invalid' }],
    [400, { errorCode: '2000' }, { kind: 'auth_invalid' }],
    [400, { errorCode: 4000, key: 'INVALID_MEETING_KEY' }, { kind: 'not_found' }],
    [400, { errorCode: 4000, key: 'OTHER' }, { kind: 'bad_request' }],
    [401, { errorCode: 3001, key: 'UNAUTHORIZED_USER' }, denied],
    [401, { key: 'UNAUTHORIZED_USER' }, denied],
    [401, {}, { kind: 'auth_invalid' }],
    [403, { code: 1025 }, { ...denied, publicMessage: expect.stringContaining('1025') }],
    [403, {}, { ...denied, publicMessage: expect.stringContaining('ZohoMeeting.meeting.READ') }],
  ])('mean by %p and %j: %j', async (status, error, expected) => {
    const answer = Response.json({ error }, { status });
    const { zoho } = createZoho({ 'recordings.json': answer });
    await expect(zoho.listCalls(credentials, whole).next()).rejects.toMatchObject(expected);
  });
});

describe('a call of Zoho Meeting', () => {
  it('is joined with who came, and who was invited', async () => {
    const { zoho, sent } = createZoho(reports);
    const { metadata, media } = await zoho.fetchCall(credentials, await listOne());
    const person = { phone: null, role: 'unknown', attended: true };
    expect(metadata.participants).toEqual([
      { ...person, id: 'Bob Ray', name: 'Bob Ray', email: 'bob@us.test', role: 'internal' },
      { ...person, id: 'Ann Lee', name: 'Ann Lee', email: 'ann@acme.test' },
      { ...person, id: 'Guest', name: 'Guest', email: null },
      { ...person, id: null, name: null, email: 'late@acme.test', attended: false },
    ]);
    expect(media).toEqual({
      kind: 'url',
      url: 'https://files-accl.zohopublic.com/public/wms/8f4c',
      contentType: 'video/mp4',
    });
    expect(sent.map(({ url }) => url.replace('https://meeting.zoho.com', ''))).toEqual([
      '/api/v2/77/participant/1098765432.json?index=1&count=20',
      '/api/v2/77/sessions/1098765432.json',
    ]);
  });

  it('knows of nobody whether they came where the report is gone', async () => {
    const { zoho } = createZoho({ '/sessions/': session });
    const { metadata } = await zoho.fetchCall(credentials, await listOne());
    expect(metadata.participants.map(({ email, attended }) => [email, attended])).toEqual([
      ['Bob@us.test', null],
      ['ann@acme.test', null],
      ['late@acme.test', null],
    ]);
    const bare = await createZoho({}).zoho.fetchCall(credentials, await listOne());
    expect(bare.metadata.participants).toEqual([]);
  });

  it('joins no speaker to two people of one name', async () => {
    const [first, second] = participants.participants;
    const people = [first, { ...second, name: first?.name }];
    const { zoho } = createZoho({
      '/participant/': { participantsCount: 2, participants: people },
    });
    const { metadata } = await zoho.fetchCall(credentials, await listOne());
    expect(metadata.participants.map(({ id, name }) => [id, name])).toEqual([
      [null, 'Bob Ray'],
      [null, 'Bob Ray'],
    ]);
  });

  it('has all participants, wherever their numbers begin', async () => {
    const namesOf = async (faults: readonly string[]) => {
      const { zoho, grant, list } = openSandbox({ faults });
      const [listed] = await list();
      if (listed === undefined) throw new Error('There should be one.');
      const { metadata } = await zoho.fetchCall(grant, listed);
      return metadata.participants.map(({ name }) => name);
    };
    const names = await namesOf([]);
    expect(names.length).toBeGreaterThan(1);
    expect(await namesOf(['zero-based'])).toEqual(names);
  });

  it('has all of many participants', async () => {
    const all = Array.from({ length: 45 }, (_, seat) => ({ name: `Person ${String(seat)}` }));
    const asked: string[] = [];
    const fetch: Fetch = (url) => {
      const { pathname, searchParams } = new URL(url);
      if (!pathname.includes('/participant/')) {
        return Promise.resolve(Response.json(missing, { status: 400 }));
      }
      asked.push(searchParams.get('index') ?? '');
      const from = Number(searchParams.get('index')) - 1;
      const answer = { participantsCount: 45, participants: all.slice(from, from + 20) };
      return Promise.resolve(Response.json(answer));
    };
    const { context: zoho } = openContext(zohoMeetingContext, { fetch });
    const { metadata } = await zoho.fetchCall(credentials, await listOne());
    expect(metadata.participants).toHaveLength(45);
    expect(asked).toEqual(['1', '21', '41']);
  });

  it('is a broken contract where participants are missing that Zoho counts', async () => {
    const { zoho, grant, list } = openSandbox({ faults: ['missing-participants'] });
    const [listed] = await list();
    if (listed === undefined) throw new Error('There should be one.');
    await expect(zoho.fetchCall(grant, listed)).rejects.toMatchObject({
      kind: 'contract',
      publicMessage: expect.stringMatching(/participant\/\{meetingKey\}\.json .*participantsCount/),
    });
  });

  it('names the scopes where one is missing', async () => {
    const { zoho, grant, list } = openSandbox({ faults: ['missing-scope'] });
    const [listed] = await list();
    if (listed === undefined) throw new Error('There should be one.');
    await expect(zoho.fetchCall(grant, listed)).rejects.toMatchObject({
      kind: 'permission_denied',
      publicMessage: expect.stringContaining('ZohoMeeting.meeting.READ'),
    });
  });

  it('is asked for by its meeting where its note was lost, by other names', async () => {
    const { zoho, sent } = createZoho({ ...reports, '/recordings/': meetingRecordings });
    const listed = { ...(await listOne()), hint: null };
    await expect(zoho.fetchCall(credentials, listed)).resolves.toMatchObject({
      media: { url: 'https://download.zoho.com/webdownload?event-id=fresh' },
    });
    expect(sent[0]?.url).toBe(
      'https://meeting.zoho.com/meeting/api/v2/77/recordings/1098765432.json',
    );
  });

  it('is waited for until it is uploaded', async () => {
    const { zoho, grant, list } = openSandbox({ calls: 4, faults: ['unfinished:4'] });
    const listed = (await list()).at(3);
    if (listed === undefined) throw new Error('There should be one.');
    await expect(zoho.fetchCall(grant, listed)).rejects.toMatchObject({ kind: 'not_ready' });
    await expect(zoho.fetchCall(grant, listed)).resolves.toMatchObject({ media: { kind: 'url' } });
  });

  it('is gone where its meeting no longer has it', async () => {
    const { zoho } = createZoho({ ...reports, '/recordings/': { recordings: [] } });
    const listed = { ...(await listOne()), hint: null };
    await expect(zoho.fetchCall(credentials, listed)).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('a file of Zoho Meeting', () => {
  const open = async (url: string, dataCentreName = 'com') => {
    const { zoho, sent } = createZoho({ '/f': new Response('x', { headers: mp4 }) });
    const named = { ...credentials, dataCentre: dataCentreName };
    await zoho.openMedia(named, { kind: 'url', url });
    return sent.map(({ authorization }) => authorization);
  };
  const mp4 = { 'content-type': 'video/mp4' };

  it.each([
    ['https://download.zoho.com/f', 'com'],
    ['https://download-accl.zoho.com/f', 'com'],
    ['https://files-accl.zohopublic.com/f', 'com'],
    ['https://files.zoho.eu/f', 'eu'],
  ])('at %s gets the token of %s', async (url, name) => {
    expect(await open(url, name)).toEqual(['Zoho-oauthtoken zoho-token']);
  });

  it('gets no token in another data centre', async () => {
    expect(await open('https://files.zoho.eu/f', 'com')).toEqual([undefined]);
  });

  it('is refused by name on an unknown host', async () => {
    await expect(open('https://zoho.com.evil.example/f')).rejects.toMatchObject({
      kind: 'contract',
      publicMessage: expect.stringContaining('zoho.com.evil.example'),
    });
  });

  it('is refused where a page to sign in comes in its place', async () => {
    const { zoho, grant, list } = openSandbox({ faults: ['sign-in-pages'] });
    const [listed] = await list();
    if (listed === undefined) throw new Error('There should be one.');
    const { media } = await zoho.fetchCall(grant, listed);
    if (media === null) throw new Error('There should be one.');
    await expect(zoho.openMedia(grant, media)).rejects.toMatchObject({
      kind: 'contract',
      publicMessage: 'Zoho Meeting answered with a document in place of the recording.',
    });
  });

  it('says of an expired token what the API says', async () => {
    const { zoho, sandbox, grant, list } = openSandbox();
    const [listed] = await list();
    if (listed === undefined) throw new Error('There should be one.');
    const { media } = await zoho.fetchCall(grant, listed);
    if (media === null) throw new Error('There should be one.');
    sandbox.tokens?.expire();
    await expect(zoho.openMedia(grant, media)).rejects.toMatchObject({ kind: 'auth_invalid' });
    const renewed = await zoho.refreshCredentials?.(grant);
    expect((await zoho.openMedia(renewed ?? {}, media)).contentType).toBe('video/mp4');
  });
});

describe('a transcript of Zoho Meeting', () => {
  it('is read from WebVTT, by speakers who are participants when the call is fetched', async () => {
    const { zoho, grant, list, sandbox } = openSandbox();
    const wanted = sandbox.truth().find((call) => call.hasTranscript && call.hasMedia);
    const listed = (await list()).find((call) => call.sourceCallId === wanted?.sourceCallId);
    if (listed === undefined) throw new Error('There should be one.');
    const found = await zoho.getTranscript?.(grant, listed);
    const { metadata } = await zoho.fetchCall(grant, listed);
    const people = metadata.participants.map(({ id }) => id);
    expect(found?.transcript.speakers).toHaveLength(2);
    for (const { id, name } of found?.transcript.speakers ?? []) {
      expect(people).toContain(id);
      expect(name).toBe(id);
    }
    expect(found?.original).toEqual({ webvtt: expect.stringMatching(/^WEBVTT/) });
  });

  it('is asked for by a new link where that of the listing has expired', async () => {
    const wholes = openSandbox();
    const expired = openSandbox({ faults: ['expired-links'] });
    const [one, other] = await Promise.all([wholes.list(), expired.list()]);
    const textsOf = async ({ zoho, grant }: typeof wholes, calls: readonly SourceCall[]) => {
      const found = [];
      for (const call of calls) found.push(await zoho.getTranscript?.(grant, call));
      return found.map((each) => each?.transcript.segments.map(({ text }) => text) ?? null);
    };
    const texts = await textsOf(wholes, one);
    expect(texts.filter((each) => each !== null).length).toBeGreaterThan(6);
    expect(await textsOf(expired, other)).toEqual(texts);
  });

  it('is none where its file is gone, so that the recording is transcribed', async () => {
    const gone = new Response('Not found', { status: 404 });
    const { zoho } = createZoho({ '/download': gone, '/recordings/': meetingRecordings });
    await expect(zoho.getTranscript?.(credentials, await listOne())).resolves.toBeNull();
  });

  it('is none in any other format, so that the recording is transcribed', async () => {
    const { zoho, grant, list } = openSandbox({ faults: ['plain-transcripts'] });
    for (const listed of await list()) {
      await expect(zoho.getTranscript?.(grant, listed)).resolves.toBeNull();
    }
  });

  it('is none where it was not asked for, without a request', async () => {
    const { zoho, sent } = createZoho({});
    const flags = { isTranscriptionEnabled: false, isTranscriptGenerated: false };
    await expect(zoho.getTranscript?.(credentials, await listOne(flags))).resolves.toBeNull();
    expect(sent).toEqual([]);
  });

  it('is waited for while it may be made, for six hours', async () => {
    const unready = { ...meetingRecordings.recordings[0], isTranscriptGenerated: false };
    const { zoho, clock, sent } = createZoho({ '/recordings/': { recordings: [unready] } });
    const endedAt = (ms: number) => clock.now().getTime() - ms - 1_834_000;
    const listAt = (ms: number) =>
      listOne({ startTimeinMs: endedAt(ms), isTranscriptGenerated: false });
    const waiting = zoho.getTranscript?.(credentials, await listAt(3_600_000));
    await expect(waiting).rejects.toMatchObject({ kind: 'not_ready', retryAfterMs: 3_600_000 });
    expect(sent).toHaveLength(1);
    const old = zoho.getTranscript?.(credentials, await listAt(6 * 3_600_000));
    await expect(old).resolves.toBeNull();
    expect(sent).toHaveLength(1);
  });
});

describe('an import from Zoho Meeting', () => {
  it('costs two requests a call and its part of the listing, files aside', async () => {
    const { zoho, sandbox, grant, list } = openSandbox({ calls: 100 });
    for (const listed of await list()) {
      const { media } = await zoho.fetchCall(grant, listed);
      if (media !== null) await zoho.openMedia(grant, media);
      await zoho.getTranscript?.(grant, listed);
    }
    expect(sandbox.requests.filter(({ path }) => path !== '/media')).toHaveLength(206);
  });
});
