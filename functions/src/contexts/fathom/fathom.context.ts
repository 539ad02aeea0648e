import { toGrantKey } from '../../kit/oauth2.ts';
import { pageTokenPages } from '../../kit/pages.ts';
import { defineContext } from '../define-context.ts';
import { createFathomClient } from './fathom.client.ts';
import { fetchRecording } from './fathom.download.ts';
import { fathomErrors } from './fathom.errors.ts';
import { toCalls, toTranscript } from './fathom.mapping.ts';
import { FathomCredentials, FathomFilters } from './fathom.schema.ts';

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
  media: { hosts: ['*.fathom.ai', '*.fathom.video', '*.amazonaws.com', '*.cloudfront.net'] },
  // Transcripts and files are made within minutes of a call; nobody documents how many.
  settlingMs: 2 * 3_600_000,
  client: createFathomClient,

  validateCredentials: async (fathom, { clock }) => {
    const start = new Date(clock.now().getTime() - 3_600_000);
    const lastHour = { dateRange: { start, end: null }, filters: {}, isCount: true };
    await fathom.meetings(lastHour, null);
  },
  listCalls: (fathom, listing) =>
    pageTokenPages({
      ...listing,
      fetchPage: async (at) => {
        const { items, next_cursor: nextPageToken } = await fathom.meetings(listing, at);
        return { ...toCalls(fathom)(items), nextPageToken };
      },
    }),
  countCalls: 'by_listing',
  hydrateCalls: 'by_listing',
  fetchRecording,
  getTranscript: async (fathom, listed) => {
    const found = await fathom.transcript(listed.sourceCallId);
    return found === null ? null : toTranscript(found, listed);
  },
});
