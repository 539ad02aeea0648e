import { z } from 'zod';
import type { Fetch } from '../../kit/fetch.ts';
import { testContext } from '../testing/context.testsuite.ts';
import { listFirst, openContext, whole } from '../testing/open-context.ts';
import { grainContext } from './grain.context.ts';
import { createGrainSandbox } from './grain.sandbox.ts';

const Page = z.looseObject({ recordings: z.array(z.unknown()) });

const minimal = ({ id, startedAt }: { id: string; startedAt: Date }) => ({
  id,
  start_datetime: startedAt.toISOString(),
});

testContext(grainContext, {
  sandbox: createGrainSandbox,
  credentials: { apiKey: 'sandbox-key' },
  records: {
    whole: ({ id, title, startedAt }) => ({
      ...minimal({ id, startedAt }),
      title,
      end_datetime: new Date(startedAt.getTime() + 60_000).toISOString(),
      duration_ms: 60_000,
      media_type: 'video',
      url: 'https://grain.com/share/recording/x',
      participants: [],
      ai_summary: { text: 'They talked.' },
    }),
    sparse: minimal,
    broken: ({ id }) => ({ id, start_datetime: 17, title: ['not', 'a', 'text'] }),
  },
  tamper: {
    emptyPage: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { ...page.data, recordings: [] } : null;
    },
    missingField: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { cursor: null } : null;
    },
    missingPath: 'recordings',
  },
  faults: {
    repeatedCursor: 'repeated-cursor',
    expiredLinks: 'expired-links',
    lateTranscripts: 'late-transcripts',
    noTranscripts: 'no-transcripts',
  },
  skip: [
    {
      reason: 'Grain documents no daily quota',
      tests: ['stops at the daily quota and says when it goes on'],
    },
  ],
});

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Grain before a platform that always answers the same. */
function createGrain(answer: unknown) {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, { headers, body }) => {
    sent.push({ url, headers, body: body === undefined ? null : JSON.parse(body) });
    return Promise.resolve(Response.json(answer));
  };
  const { context: grain } = openContext(grainContext, { fetch });
  return { grain, sent };
}

const credentials = { apiKey: 'grain-token' };

async function listOne(recording: Readonly<Record<string, unknown>>) {
  const { grain } = createGrain({ cursor: null, recordings: [recording] });
  return listFirst(grain, credentials);
}

const demo = {
  id: 'b5185ccb-9a08-458c-9be1-db17a03fb14c',
  title: 'Acme demo',
  start_datetime: '2025-01-14T17:00:00+01:00',
  end_datetime: '2025-01-14T16:31:10Z',
  duration_ms: 1_870_500,
  media_type: 'video',
  source: 'zoom',
  url: 'https://grain.com/share/recording/b5185ccb',
  participants: [
    {
      id: 'p1',
      name: 'Ann Lee',
      email: 'ann@acme.test',
      scope: 'external',
      confirmed_attendee: true,
    },
    { id: 'p2', name: 'Bob Ray', email: null, scope: 'internal', confirmed_attendee: false },
    { id: null, name: null, scope: 'a scope of tomorrow' },
  ],
  calendar_event: null,
  ai_summary: { text: 'They agreed.' },
};

describe('Grain', () => {
  it('maps a recording', async () => {
    await expect(listOne(demo)).resolves.toEqual({
      sourceCallId: 'b5185ccb-9a08-458c-9be1-db17a03fb14c',
      metadata: {
        title: 'Acme demo',
        startedAt: new Date('2025-01-14T16:00:00Z'),
        durationSeconds: 1870.5,
        participants: [
          {
            id: 'p1',
            name: 'Ann Lee',
            email: 'ann@acme.test',
            phone: null,
            role: 'external',
            attended: true,
          },
          {
            id: 'p2',
            name: 'Bob Ray',
            email: null,
            phone: null,
            role: 'internal',
            attended: false,
          },
          { id: null, name: null, email: null, phone: null, role: 'unknown', attended: null },
        ],
        sourceUrl: 'https://grain.com/share/recording/b5185ccb',
        direction: null,
        mediaKind: 'video',
        summary: 'They agreed.',
      },
    });
  });

  it.each([
    ['the length that Grain gives', { duration_ms: 0 }, 0],
    ['start and end where it gives none', { duration_ms: null }, 1870],
    [
      'nothing when the end is before the start',
      { duration_ms: null, end_datetime: '2025-01-14T15:00:00Z' },
      null,
    ],
    ['nothing when the end is missing', { duration_ms: null, end_datetime: null }, null],
    ['nothing when the end is nonsense', { duration_ms: null, end_datetime: 'later' }, null],
  ])('knows the duration by %s', async (_what, changes, seconds) => {
    expect((await listOne({ ...demo, ...changes })).metadata.durationSeconds).toBe(seconds);
  });

  it.each([
    ['audio', 'audio'],
    ['video', 'video'],
    ['transcript', 'none'],
    ['hologram', null],
    [null, null],
  ])('takes the media type %p for %p', async (mediaType, mediaKind) => {
    const listed = await listOne({ ...demo, media_type: mediaType });
    expect(listed.metadata.mediaKind).toBe(mediaKind);
  });

  it('sends version, token, range, filters and what to include', async () => {
    const { grain, sent } = createGrain({ cursor: null, recordings: [] });
    const filters = grain.parseFilters({
      participantScope: 'external',
      titleSearch: 'demo',
      team: '6a1f6a3c-58a2-4c0f-8a3c-0d8f0a4c5b11',
      meetingType: '0f0c9d5e-3f7b-4a57-9b8e-2f6f4a1c7d22',
    });
    const dateRange = {
      start: new Date('2025-01-01T00:00:00Z'),
      end: new Date('2025-02-01T00:00:00Z'),
    };
    await grain.listCalls(credentials, { dateRange, filters, cursor: null }).next();
    expect(sent).toEqual([
      {
        url: 'https://api.grain.com/_/public-api/v2/recordings',
        headers: {
          accept: 'application/json',
          authorization: 'Bearer grain-token',
          'content-type': 'application/json',
          'public-api-version': '2025-10-31',
        },
        body: {
          cursor: null,
          filter: {
            after_datetime: '2025-01-01T00:00:00.000Z',
            before_datetime: '2025-02-01T00:00:00.000Z',
            participant_scope: 'external',
            title_search: 'demo',
            team: '6a1f6a3c-58a2-4c0f-8a3c-0d8f0a4c5b11',
            meeting_type: '0f0c9d5e-3f7b-4a57-9b8e-2f6f4a1c7d22',
          },
          include: { participants: true, calendar_event: true, ai_summary: true },
        },
      },
    ]);
  });

  it('counts without asking for details', async () => {
    const { grain, sent } = createGrain({ cursor: null, recordings: [demo, { id: 'broken' }] });
    await expect(grain.countCalls?.(credentials, whole)).resolves.toBe(2);
    expect(sent.map(({ body }) => body)).toEqual([{ cursor: null, filter: {} }]);
  });

  it('asks for nothing to fetch a call that was listed', async () => {
    const { grain, sent } = createGrain({});
    const listed = await listOne(demo);
    await expect(grain.fetchCall(credentials, listed)).resolves.toEqual({
      metadata: listed.metadata,
      media: {
        kind: 'url',
        url: 'https://api.grain.com/_/public-api/v2/recordings/b5185ccb-9a08-458c-9be1-db17a03fb14c/download',
        contentType: null,
      },
    });
    const written = await listOne({ ...demo, media_type: 'transcript' });
    await expect(grain.fetchCall(credentials, written)).resolves.toMatchObject({ media: null });
    expect(sent).toEqual([]);
  });

  it('maps a transcript, whoever spoke', async () => {
    const lines = [
      { participant_id: 'p1', speaker: 'Ann Lee', start: 1200, end: 4800.4, text: 'Hello.' },
      { participant_id: null, speaker: 'Guest', start: 4800, end: 4700, text: 'Hi.', extra: 1 },
      { participant_id: 'p1', speaker: 'Ann Lee', start: 5000, end: 6000, text: 'So…' },
      { participant_id: null, speaker: null, start: 7000, end: 7010, text: '?' },
    ];
    const { grain } = createGrain(lines);
    await expect(grain.getTranscript?.(credentials, await listOne(demo))).resolves.toEqual({
      transcript: {
        language: null,
        speakers: [
          { id: 'p1', name: 'Ann Lee' },
          { id: 'Guest', name: 'Guest' },
          { id: 'Unknown speaker', name: null },
        ],
        segments: [
          { speakerId: 'p1', startMs: 1200, endMs: 4800, text: 'Hello.' },
          { speakerId: 'Guest', startMs: 4800, endMs: 4800, text: 'Hi.' },
          { speakerId: 'p1', startMs: 5000, endMs: 6000, text: 'So…' },
          { speakerId: 'Unknown speaker', startMs: 7000, endMs: 7010, text: '?' },
        ],
      },
      original: lines,
    });
  });
});
