import type { SourceCall, SourceCallPage } from '../../core/imports/source-call.ts';
import { countPages } from '../../kit/count-pages.ts';
import { toGrantKey } from '../../kit/oauth2.ts';
import { pageTokenPages } from '../../kit/pages.ts';
import { mapRecords } from '../../kit/records.ts';
import { defineContext } from '../define-context.ts';
import { createFathomClient } from './fathom.client.ts';
import type { FathomClient, FathomListing } from './fathom.client.ts';
import { fetchRecording } from './fathom.download.ts';
import { fathomErrors } from './fathom.errors.ts';
import { toNote, toSourceCall, toTranscript } from './fathom.mapping.ts';
import { FathomCredentials, FathomFilters, FathomLine, FathomMeeting } from './fathom.schema.ts';

const hourMs = 3_600_000;
/** Transcripts and files are made within minutes of a call; nobody documents how many. */
const settlingMs = 2 * hourMs;
const mediaHosts = ['*.fathom.ai', '*.fathom.video', '*.amazonaws.com', '*.cloudfront.net'];

/** Transcripts that came with a listing, for the hydration of the very same calls. */
const transcripts = new WeakMap<SourceCall, readonly unknown[]>();

/** Fathom, by its external API v1. @see https://developers.fathom.ai */
export const fathomContext = defineContext({
  platform: 'fathom',
  displayName: 'Fathom',
  auth: 'api_key',
  capabilities: { transcriptReuse: true },
  // 60 requests in 60 seconds, as documented. A call takes a place for asking for its download, two as
  // such requests weigh, one or more for looking at it, and a fifth for its part of a page.
  rateLimits: { requestsPerSecond: 1, requestsPerDay: null, requestsPerCall: 3.5 },
  credentials: FathomCredentials,
  filters: FathomFilters,
  errors: fathomErrors,
  listing: {
    status: 'beta',
    provenBy: 'sandbox',
    instructions: [
      'Sign in to Fathom as the user whose calls are to be imported: a key sees the calls that its owner recorded or was given.',
      'Open User settings, API access, and generate an API key.',
      'Copy the key and send it to us by a safe way.',
      'For a whole company, do so for each user who records; calls that several keys see are imported once.',
    ],
    scopes: [],
    docsUrl: 'https://developers.fathom.ai',
    limits:
      '60 requests a minute for each account, half of them for transcripts or downloads; Fathom may lower that to 5.',
    price: 'Nothing: every Fathom plan has the API.',
  },
  baseUrl: 'https://api.fathom.ai/external/v1',
  authorize: ({ apiKey, accessToken }) =>
    apiKey === undefined
      ? { authorization: `Bearer ${accessToken ?? ''}` }
      : { 'x-api-key': apiKey },
  oauth2: {
    tokenUrl: 'https://fathom.video/external/v1/oauth2/token',
    clientAuthentication: 'form',
  },
  accountOf: (credentials) => credentials.apiKey ?? toGrantKey(credentials),
  // Not documented beyond an example. A link elsewhere is refused by its host's name, to be added here.
  media: { hosts: mediaHosts, redirectHosts: mediaHosts },
  settlingMs,
  client: createFathomClient,

  validateCredentials: async (fathom) => {
    const start = new Date(fathom.clock.now().getTime() - hourMs);
    const lastHour = { dateRange: { start, end: null }, filters: {} };
    await fathom.meetings(lastHour, { cursor: null, include: 'nothing' });
  },
  listCalls: (fathom, { cursor, ...listing }) =>
    listPages(fathom, { listing, cursor, include: 'all' }),
  /** There is no total: the listing is read through, ten calls a request. */
  countCalls: (fathom, listing) => {
    const pages = listPages(fathom, { listing, cursor: null, include: 'nothing' });
    return countPages(pages, listing.dateRange);
  },
  hydrateCalls: (_fathom, calls) =>
    Promise.resolve(
      calls.map((call) => {
        const original = { transcript: transcripts.get(call) };
        // One that broke our schema is asked for again with its call, and fails there by name.
        const lines = FathomLine.array().min(1).safeParse(original.transcript).data;
        return {
          ...call,
          transcript: lines ? toTranscript(lines, { listed: call, original }) : null,
        };
      }),
    ),
  fetchCall: async (fathom, listed) => {
    const media = await fetchRecording(fathom, listed);
    const { metadata } = listed;
    return { metadata: media === null ? { ...metadata, mediaKind: 'none' } : metadata, media };
  },
  getTranscript: async (fathom, listed) => {
    if (toNote(listed).hasNoTranscript) return 'none';
    // Whether there is none, or none yet, is not said: how long ago the call ended decides.
    const found = await fathom.transcript(listed.sourceCallId);
    if (found === null || found.transcript.length === 0) return null;
    return toTranscript(found.transcript, { listed, original: found });
  },
});

function listPages(
  fathom: FathomClient,
  options: {
    readonly listing: FathomListing;
    readonly cursor: string | null;
    readonly include: 'all' | 'nothing';
  },
): AsyncGenerator<SourceCallPage> {
  const { listing, include } = options;
  return pageTokenPages({
    source: 'fathom',
    cursor: options.cursor,
    fetchPage: async (cursor) => {
      const { items: records, next_cursor: nextPageToken } = await fathom.meetings(listing, {
        cursor,
        include,
      });
      const settledMs = fathom.clock.now().getTime() - settlingMs;
      const settledBefore = fathom.mayInclude ? new Date(settledMs) : null;
      const mapped = mapRecords({
        ...{ records, at: 'items', idField: 'recording_id', schema: FathomMeeting },
        toSourceCall: (meeting) => {
          const call = toSourceCall(meeting, { settledBefore });
          if (meeting.transcript) transcripts.set(call, meeting.transcript);
          return call;
        },
      });
      return { ...mapped, nextPageToken };
    },
  });
}
