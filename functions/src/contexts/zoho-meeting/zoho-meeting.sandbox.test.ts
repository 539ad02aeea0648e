import { z } from 'zod';
import { sandboxOAuthApp } from '../testing/sandbox-tokens.ts';
import {
  createZohoMeetingSandbox,
  zohoMeetingSandboxGrant,
  zohoMeetingSandboxOrganisation as zsoid,
} from './zoho-meeting.sandbox.ts';
import type { ZohoMeetingSandboxOptions } from './zoho-meeting.sandbox.ts';

const origin = 'https://meeting.zoho.com';
const authorization = `Zoho-oauthtoken ${zohoMeetingSandboxGrant.accessToken}`;

function open(options: Partial<ZohoMeetingSandboxOptions> = {}) {
  const sandbox = createZohoMeetingSandbox({
    ...{ calls: 12, seed: 7, requestsPerMinute: 1_000_000 },
    now: () => new Date('2026-03-02T12:00:00Z'),
    ...options,
  });
  const ask = async (path: string, init: RequestInit = {}) => {
    const url = path.startsWith('https:') ? path : origin + path;
    const headers = { authorization, ...init.headers };
    const response = await sandbox.fetch(new Request(url, { ...init, headers }));
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const json: unknown = isJson ? JSON.parse(text) : null;
    return { status: response.status, text, json };
  };
  const list = async (query = 'index=0&count=20') =>
    Listing.parse((await ask(`/meeting/api/v2/${zsoid}/recordings.json?${query}`)).json);
  return { sandbox, ask, list };
}

const Listing = z.object({
  meta: z.object({ count: z.int(), moreRecords: z.boolean() }),
  recordings: z.array(
    z.looseObject({
      erecordingId: z.string(),
      meetingKey: z.string(),
      downloadUrl: z.url().optional(),
      transcriptionDownloadUrl: z.url(),
      isTranscriptGenerated: z.boolean(),
    }),
  ),
});

describe('the Zoho Meeting sandbox refuses as Zoho does', () => {
  const invalidToken = {
    status: 400,
    json: { error: { code: 2000, message: 'INVALID_OAUTHTOKEN' } },
  };
  it.each([
    ['no token', { authorization: '' }],
    ['another scheme', { authorization: authorization.replace('Zoho-oauthtoken', 'Bearer') }],
    ['another token', { authorization: 'Zoho-oauthtoken other' }],
  ])('%s, with a 400', async (_what, headers) => {
    expect(await open().ask('/api/v2/user.json', { headers })).toMatchObject(invalidToken);
  });

  it('a token of another data centre, in the same way', async () => {
    const path = 'https://meeting.zoho.eu/api/v2/user.json';
    expect(await open().ask(path)).toMatchObject(invalidToken);
  });

  it.each([
    ['another organisation', '/meeting/api/v2/1/recordings.json', 401],
    ['participants without index and count', `/api/v2/${zsoid}/participant/1.json`, 400],
    ['a meeting that does not exist', `/api/v2/${zsoid}/sessions/1.json`, 400],
    ['its recordings', `/meeting/api/v2/${zsoid}/recordings/1.json`, 400],
    ['an index that is none', `/meeting/api/v2/${zsoid}/recordings.json?index=a`, 400],
    ['a path that does not exist', '/api/v2/calls', 404],
  ])('%s', async (_what, path, status) => {
    expect(await open().ask(path)).toMatchObject({
      status,
      json: { error: { errorCode: expect.any(Number), key: expect.any(String) } },
    });
  });

  it('what comes too fast, and breaks what it is told to', async () => {
    const { ask, sandbox } = open({ requestsPerMinute: 2, faults: ['server-errors:2'] });
    const statuses = [];
    for (let asked = 0; asked < 3; asked += 1) {
      statuses.push((await ask('/api/v2/user.json')).status);
    }
    expect(statuses).toEqual([200, 500, 429]);
    expect(sandbox.limitHits).toBe(1);
  });
});

describe('the accounts server of the Zoho Meeting sandbox', () => {
  const { clientId, clientSecret } = sandboxOAuthApp;
  const good = {
    ...{ grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret },
    refresh_token: zohoMeetingSandboxGrant.refreshToken,
  };
  const exchange = (form: Readonly<Record<string, string>>) =>
    open().ask('/oauth/v2/token', { method: 'POST', body: new URLSearchParams(form) });

  it('gives an access token, and no other refresh token', async () => {
    const { status, json } = await exchange(good);
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        access_token: 'sandbox-access-token-1',
        api_domain: 'https://www.zohoapis.com',
        ...{ token_type: 'Bearer', expires_in: 3600 },
      },
    });
  });

  it.each([
    [{ ...good, client_secret: 'other' }, 'invalid_client'],
    [{ ...good, grant_type: 'password' }, 'invalid_request'],
    [{ ...good, refresh_token: 'other' }, 'invalid_code'],
  ])('refuses under a status of success: %j', async (form, error) => {
    expect(await exchange(form)).toMatchObject({ status: 200, json: { error } });
  });

  it('reads forms alone', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    const answer = await open().ask('/oauth/v2/token', init);
    expect(answer.json).toEqual({ error: 'invalid_request' });
  });
});

describe('the recordings of the Zoho Meeting sandbox', () => {
  it('are listed by index, whatever was asked for before', async () => {
    const { list, sandbox } = open({ calls: 45 });
    const pages = [await list('index=0&count=20'), await list('index=20'), await list('index=40')];
    expect(pages.map(({ meta }) => meta)).toEqual([
      { count: 20, moreRecords: true },
      { count: 20, moreRecords: true },
      { count: 5, moreRecords: false },
    ]);
    const ids = pages.flatMap(({ recordings }) =>
      recordings.map(({ meetingKey, erecordingId }) => `${meetingKey}:${erecordingId}`),
    );
    expect(ids).toEqual(sandbox.truth().map((call) => call.sourceCallId));
    expect((await list('index=3&count=2')).recordings).toHaveLength(2);
    expect((await list('index=45')).recordings).toEqual([]);
  });

  it('are given by meeting under other names', async () => {
    const { list, ask } = open();
    const [first] = (await list()).recordings;
    const path = `/meeting/api/v2/${zsoid}/recordings/${first?.meetingKey ?? ''}.json`;
    expect((await ask(path)).json).toMatchObject({
      count: 1,
      recordings: [
        {
          erecordingId: first?.erecordingId,
          startTimeMillis: expect.stringMatching(/^\d+$/),
          processingState: 'UPLOADED',
          fileSize: expect.any(Number),
        },
      ],
    });
  });

  it('lie behind links that want the token, too', async () => {
    const { list, ask } = open();
    const recording = (await list()).recordings.find((each) => each.downloadUrl !== undefined);
    const url = recording?.downloadUrl ?? '';
    expect((await ask(url)).status).toBe(200);
    expect((await ask(url, { headers: { authorization: '' } })).status).toBe(401);
    expect((await ask(`${url}x`)).status).toBe(403);
    const transcript = await ask(recording?.transcriptionDownloadUrl ?? '');
    expect(transcript.text).toMatch(/^WEBVTT\n\n00:00:\d\d\.\d{3} --> .*\n<v [^>]+>/);
  });

  it('are gone when they are removed, their files with them', async () => {
    const { list, ask, sandbox } = open();
    const [first] = (await list()).recordings;
    const id = `${first?.meetingKey ?? ''}:${first?.erecordingId ?? ''}`;
    sandbox.removeCall(id);
    expect((await ask(first?.downloadUrl ?? '')).status).toBe(404);
    expect((await list()).recordings).toHaveLength(11);
  });

  it('are as many as are silent, unfinished or without a transcript as was asked for', async () => {
    const faults = ['silent:3', 'unfinished:4', 'no-transcripts:6'];
    const { recordings } = await open({ faults }).list();
    const count = (name: string, value: unknown) =>
      recordings.filter((recording) => recording[name] === value).length;
    expect(count('noAudioRecording', true)).toBe(4);
    expect(count('status', 'PROCESSING')).toBe(3);
    expect(count('isTranscriptionEnabled', false)).toBeGreaterThanOrEqual(2);
  });
});

describe('the reports of the Zoho Meeting sandbox', () => {
  it('say who came and who was invited, or are gone', async () => {
    const { list, ask } = open({ faults: ['no-reports:12'] });
    const { recordings } = await list();
    const [first, last] = [recordings[0], recordings.at(-1)];
    const reportOf = (key: string | undefined) =>
      ask(`/api/v2/${zsoid}/participant/${key ?? ''}.json?index=1&count=1`);
    expect((await reportOf(first?.meetingKey)).json).toMatchObject({
      participantsCount: expect.any(Number),
      participants: [{ role: 'Presenter', memberId: '1' }],
    });
    expect((await reportOf(last?.meetingKey)).status).toBe(400);
    const session = await ask(`/api/v2/${zsoid}/sessions/${first?.meetingKey ?? ''}.json`);
    expect(session.json).toMatchObject({
      session: { presenterEmail: expect.stringContaining('@northwind.example') },
    });
  });
});
