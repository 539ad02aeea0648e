import { joinSpeakers } from '../core/engagements/join-speakers.ts';
import { toEngagement } from '../core/engagements/to-engagement.ts';
import type { Credentials, HydratedCall, Platform } from '../core/imports/import-context.ts';
import type { SourceCall, Transcript } from '../core/imports/source-call.ts';
import { sampleCall } from '../core/testing/sample-records.ts';
import { toSegments } from '../gcp/speech/speech-segments.ts';
import type { Fetch } from '../kit/fetch.ts';
import { definedContexts } from './registry.ts';
import { openContext, whole } from './testing/open-context.ts';

/**
 * One small conversation as each platform has it:
 *
 *   Ann  0:00.0  Shall we begin?
 *   Bob  0:02.0  Yes, please.
 *   Ann  0:03.5  Here is the plan.
 */
interface Row {
  readonly credentials: Credentials;
  /** What the platform answers to a request: JSON, or a file as text. */
  readonly answer: (url: URL, body: string) => unknown;
}

const rows: Readonly<Partial<Record<Platform, Row>>> = {
  gong: {
    credentials: { accessKey: 'key', accessKeySecret: 'secret' },
    answer: ({ pathname }) => ({
      records: { totalRecords: 1 },
      ...(pathname === '/v2/calls/extensive'
        ? {
            calls: [
              {
                metaData: { id: '7782', started: '2026-02-17T10:30:00Z', duration: 6 },
                parties: [
                  {
                    ...{ id: '1', speakerId: '643', userId: '9', affiliation: 'Internal' },
                    ...{ name: 'Ann Lee', emailAddress: 'ann@us.test' },
                  },
                  {
                    ...{ id: '2', speakerId: '644', affiliation: 'External' },
                    ...{ name: 'Bob Ray', emailAddress: 'bob@acme.test' },
                  },
                ],
              },
            ],
          }
        : {
            callTranscripts: [
              {
                callId: '7782',
                transcript: [
                  {
                    speakerId: '643',
                    sentences: [
                      { start: 0, end: 2000, text: 'Shall we begin?' },
                      { start: 3500, end: 6000, text: 'Here is the plan.' },
                    ],
                  },
                  {
                    speakerId: '644',
                    sentences: [{ start: 2000, end: 3500, text: 'Yes, please.' }],
                  },
                ],
              },
            ],
          }),
    }),
  },
  fireflies: {
    credentials: { apiKey: 'key' },
    answer: (_url, body) => {
      const sentence = (speaker: number, times: readonly [number, number], text: string) => ({
        ...{ speaker_id: speaker, speaker_name: null, text },
        ...{ start_time: times[0], end_time: times[1] },
      });
      const details = {
        speakers: [
          { id: 0, name: 'Ann Lee' },
          { id: 1, name: 'Bob Ray' },
        ],
        sentences: [
          sentence(0, [0, 2], 'Shall we begin?'),
          sentence(1, [2, 3.5], 'Yes, please.'),
          sentence(0, [3.5, 6], 'Here is the plan.'),
        ],
        meeting_info: { summary_status: 'processed' },
      };
      const meeting = {
        ...{ id: '01KW', dateString: '2026-02-17T10:30:00.000Z', duration: 0.1 },
        meeting_attendees: [
          { displayName: 'Ann Lee', email: 'ann@us.test' },
          { displayName: 'Bob Ray', email: 'bob@acme.test' },
        ],
      };
      const isListing = body.includes('query List');
      return { data: isListing ? { transcripts: [meeting] } : { transcript0: details } };
    },
  },
  grain: {
    credentials: { apiKey: 'key' },
    answer: ({ pathname }) => {
      const line = (person: 'p1' | 'p2', times: readonly [number, number], text: string) => ({
        ...{ participant_id: person, speaker: person === 'p1' ? 'Ann Lee' : 'Bob Ray' },
        ...{ start: times[0], end: times[1], text },
      });
      if (pathname.endsWith('/transcript')) {
        return [
          line('p1', [0, 2000], 'Shall we begin?'),
          line('p2', [2000, 3500], 'Yes, please.'),
          line('p1', [3500, 6000], 'Here is the plan.'),
        ];
      }
      const participants = [
        { id: 'p1', name: 'Ann Lee', email: 'ann@us.test', scope: 'internal' },
        { id: 'p2', name: 'Bob Ray', email: 'bob@acme.test', scope: 'external' },
      ];
      const times = { start_datetime: '2026-02-17T10:30:00Z', duration_ms: 6000 };
      return { cursor: null, recordings: [{ id: 'b518', ...times, participants }] };
    },
  },
  chorus: {
    credentials: { apiKey: 'key' },
    answer: ({ pathname, searchParams }) => {
      const people = [
        { person_id: 17, name: 'Ann Lee', email: 'ann@us.test', type: 'rep' },
        { person_id: 18, name: 'Bob Ray', email: 'bob@acme.test', type: 'cust' },
      ];
      const said = (participant: 0 | 1, times: readonly [number, number], text: string) => ({
        ...{ participant, speaker_name: people[participant]?.name, snippet: text },
        ...{ snippet_time: times[0], snippet_length: times[1] - times[0] },
      });
      const utterances = [
        said(0, [0, 2], 'Shall we begin?'),
        said(1, [2, 3.5], 'Yes, please.'),
        said(0, [3.5, 6], 'Here is the plan.'),
      ];
      if (pathname !== '/v3/engagements') {
        const recording = { duration: 6, utterances };
        return { data: { attributes: { status: 'done', participants: people, recording } } };
      }
      const type = searchParams.get('engagement_type');
      const engagement = {
        ...{ engagement_id: 'a1', engagement_type: type, date_time: 1_771_324_200, duration: 6 },
        participants: people,
      };
      return { engagements: type === 'meeting' ? [engagement] : [] };
    },
  },
  fathom: {
    credentials: { apiKey: 'key' },
    answer: ({ pathname }) => {
      if (pathname.endsWith('/download')) {
        const audio = { url: 'https://files.fathom.ai/recording', content_type: 'audio/mpeg' };
        return { download_id: 'd1', status: 'completed', audio };
      }
      const said = (who: 'Ann' | 'Bob', timestamp: string, text: string) => ({
        speaker: {
          display_name: who,
          matched_calendar_invitee_email: who === 'Ann' ? 'ann@us.test' : 'bob@acme.test',
        },
        ...{ timestamp, text },
      });
      const transcript = [
        said('Ann', '00:00:00', 'Shall we begin?'),
        said('Bob', '00:00:02', 'Yes, please.'),
        said('Ann', '00:00:03.5', 'Here is the plan.'),
      ];
      const meeting = {
        ...{ recording_id: 12, recording_start_time: '2026-02-17T10:30:00Z' },
        recording_end_time: '2026-02-17T10:30:06Z',
        calendar_invitees: [
          { name: 'Ann Lee', email: 'ann@us.test', is_external: false },
          { name: 'Bob Ray', email: 'bob@acme.test', is_external: true },
        ],
        transcript,
      };
      return { next_cursor: null, items: [meeting] };
    },
  },
  zoho_meeting: {
    credentials: { dataCentre: 'com', accessToken: 'token', organisationId: '600' },
    answer: ({ pathname }) => {
      if (pathname.endsWith('/recordings.json')) {
        const recording = {
          ...{ erecordingId: 'e1', meetingKey: '1065', startTimeinMs: 1_771_324_200_000 },
          ...{ duration: 6000, status: 'UPLOADED', isTranscriptGenerated: true },
          downloadUrl: 'https://files.zohopublic.com/recording',
          transcriptionDownloadUrl: 'https://files.zohopublic.com/transcript',
        };
        return { meta: { moreRecords: false }, recordings: [recording] };
      }
      if (pathname.includes('/participant/')) {
        const participants = [
          { name: 'Ann Lee', email: 'ann@us.test' },
          { name: 'Bob Ray', email: 'bob@acme.test' },
        ];
        return { participantsCount: 2, participants };
      }
      if (pathname.includes('/sessions/')) {
        return { session: { presenterName: 'Ann Lee', presenterEmail: 'ann@us.test' } };
      }
      return [
        ...['WEBVTT', '', '00:00.000 --> 00:02.000', '<v Ann Lee>Shall we begin?</v>', ''],
        ...['00:02.000 --> 00:03.500', '<v Bob Ray>Yes, please.</v>', ''],
        ...['00:03.500 --> 00:06.000', '<v Ann Lee>Here is the plan.</v>', ''],
      ].join('\n');
    },
  },
};

const at = '2026-03-02T12:00:00Z';

/** The listed call with all that hydrating adds, and its transcript. */
async function importOne(platform: Platform, { credentials, answer }: Row) {
  const defined = definedContexts.find((context) => context.platform === platform);
  if (defined === undefined) throw new Error(`There is no context ${platform}.`);
  const fetch: Fetch = async (url, { body }) => {
    const answered = answer(new URL(url), body ?? '');
    return typeof answered === 'string' ? new Response(answered) : Response.json(answered);
  };
  const { context } = openContext(defined, { at, fetch });
  for await (const { calls } of context.listCalls(credentials, whole)) {
    const hydratedCalls: readonly (SourceCall | HydratedCall)[] =
      (await context.hydrateCalls?.(credentials, calls)) ?? calls;
    const [call] = hydratedCalls;
    if (call === undefined) continue;
    const hydrated = 'transcript' in call ? call.transcript : null;
    const found = hydrated ?? (await context.getTranscript?.(credentials, call)) ?? null;
    if (found === null) throw new Error('The call has a transcript.');
    const { metadata } = await context.fetchCall(credentials, call);
    return { call: { ...call, metadata }, transcript: found.transcript };
  }
  throw new Error('The platform lists one call.');
}

/** What the engagement shows: who said what, and when. */
async function toConversation(call: SourceCall, found: Transcript) {
  const { metadata } = call;
  const transcript = joinSpeakers(found, metadata.participants);
  const { participants } = await toEngagement(
    { findCompanies: async () => [], findContacts: async () => [] },
    {
      ...{ call: sampleCall('downloading'), metadata, media: null, origin: 'platform' },
      ...{ importedAt: new Date(at), transcript: { key: '', sourceKey: '', transcript } },
    },
  );
  return transcript.segments.map(({ speakerId, startMs, endMs, text }) => {
    const speakers = participants.filter((person) => person.speakerId === speakerId);
    return { who: speakers.map(({ name, email }) => `${name} ${email}`), startMs, endMs, text };
  });
}

const conversation = [
  { who: ['Ann Lee ann@us.test'], startMs: 0, endMs: 2000, text: 'Shall we begin?' },
  { who: ['Bob Ray bob@acme.test'], startMs: 2000, endMs: 3500, text: 'Yes, please.' },
  { who: ['Ann Lee ann@us.test'], startMs: 3500, endMs: 6000, text: 'Here is the plan.' },
];

describe('one conversation', () => {
  it.each(Object.entries(rows))('of %s becomes the same engagement', async (name, row) => {
    const platform = definedContexts.find((context) => context.platform === name)?.platform;
    const { call, transcript } = await importOne(platform ?? 'manual', row);
    expect(await toConversation(call, transcript)).toEqual(conversation);
  });

  it('has a row of each platform that has transcripts of its own', () => {
    const withTranscripts = definedContexts.filter(
      ({ capabilities }) => capabilities.transcriptReuse,
    );
    expect(Object.keys(rows).toSorted()).toEqual(
      withTranscripts.map(({ platform }) => platform).toSorted(),
    );
  });

  it('of an uploaded file, which speech-to-text hears, differs by the names alone', () => {
    const word = (speakerLabel: string, times: readonly [string, string], text: string) => ({
      ...{ speakerLabel, word: text, startOffset: times[0], endOffset: times[1] },
    });
    const words = [
      ...[word('4', ['0s', '1s'], 'Shall'), word('4', ['1s', '2s'], 'we begin?')],
      ...[word('2', ['2s', '3s'], 'Yes,'), word('2', ['3s', '3.5s'], 'please.')],
      ...[word('4', ['3.5s', '5s'], 'Here is'), word('4', ['5s', '6s'], 'the plan.')],
    ];
    expect(toSegments({ results: [{ alternatives: [{ words }] }] })).toEqual([
      { speakerId: 'Speaker 1', startMs: 0, endMs: 2000, text: 'Shall we begin?' },
      { speakerId: 'Speaker 2', startMs: 2000, endMs: 3500, text: 'Yes, please.' },
      { speakerId: 'Speaker 1', startMs: 3500, endMs: 6000, text: 'Here is the plan.' },
    ]);
  });
});
