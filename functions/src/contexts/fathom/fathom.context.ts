import type { SourceCall } from '../../core/imports/source-call.ts';
import { toGrantKey } from '../../kit/oauth2.ts';
import { pageTokenPages } from '../../kit/pages.ts';
import { mapRecords } from '../../kit/records.ts';
import { defineContext } from '../define-context.ts';
import { createFathomClient } from './fathom.client.ts';
import { fetchRecording } from './fathom.download.ts';
import { fathomErrors } from './fathom.errors.ts';
import { toSourceCall, toTranscript } from './fathom.mapping.ts';
import {
  FathomCredentials,
  FathomFilters,
  FathomHint,
  FathomLine,
  FathomMeeting,
} from './fathom.schema.ts';

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
  // Transcripts and files are made within minutes of a call; nobody documents how many.
  settlingMs: 2 * 3_600_000,
  client: createFathomClient,

  validateCredentials: async (fathom, { clock }) => {
    const start = new Date(clock.now().getTime() - 3_600_000);
    const lastHour = { dateRange: { start, end: null }, filters: {}, isCount: true };
    await fathom.meetings(lastHour, null);
  },
  listCalls: (fathom, { cursor, ...listing }) =>
    pageTokenPages({
      source: 'fathom',
      cursor,
      fetchPage: async (at) => {
        const { items: records, next_cursor: nextPageToken } = await fathom.meetings(listing, at);
        const mapping = { at: 'items', idField: 'recording_id', schema: FathomMeeting };
        const mapped = mapRecords({
          records,
          ...mapping,
          toSourceCall: (meeting) => {
            const call = toSourceCall(meeting);
            if (fathom.mayInclude) transcripts.set(call, meeting.transcript ?? []);
            return call;
          },
        });
        return { ...mapped, nextPageToken };
      },
    }),
  countCalls: 'by_listing',

  /** By what came with the listing; who is old enough and came without is not asked for again. */
  hydrateCalls: async (_fathom, calls, { isSettling }) =>
    calls.map((call) => {
      const original = { transcript: transcripts.get(call) };
      const hasNoTranscript = original.transcript?.length === 0 && !isSettling(call);
      // One that broke our schema is asked for again with its call, and fails there by name.
      const lines = FathomLine.array().min(1).safeParse(original.transcript).data;
      return {
        ...call,
        hint: FathomHint.write({ hasNoTranscript }, call),
        transcript: lines ? toTranscript(lines, { listed: call, original }) : null,
      };
    }),
  fetchCall: async (fathom, listed) => {
    const media = await fetchRecording(fathom, listed);
    const { metadata } = listed;
    return { metadata: media === null ? { ...metadata, mediaKind: 'none' } : metadata, media };
  },
  getTranscript: async (fathom, listed) => {
    if (FathomHint.read(listed).hasNoTranscript) return 'none';
    // Whether there is none, or none yet, is not said: how long ago the call ended decides.
    const found = await fathom.transcript(listed.sourceCallId);
    if (found === null || found.transcript.length === 0) return null;
    return toTranscript(found.transcript, { listed, original: found });
  },
});
