import { ImportError } from '../../core/errors.ts';
import { loadEach } from '../../kit/load-each.ts';
import { sizedWindowPages, toTimeWindow } from '../../kit/sized-windows.ts';
import { defineContext } from '../define-context.ts';
import { createGongClient } from './gong.client.ts';
import { gongErrors, gongScopes } from './gong.errors.ts';
import { toCalls, toRecording, toTranscript } from './gong.mapping.ts';
import { GongCredentials, GongFilters, GongTranscript } from './gong.schema.ts';

/** What an expired cursor costs at most: to list five pages again. */
const maxWindowCalls = 500;
/** Before any call that Gong can have; the first window is halved only where it is too full. */
const earliest = new Date('2000-01-01T00:00:00Z');

/** Gong, by its public API v2. @see https://help.gong.io/docs/receive-access-to-the-api */
export const gongContext = defineContext({
  platform: 'gong',
  displayName: 'Gong',
  auth: 'api_key',
  capabilities: { transcriptReuse: true, exactCount: true },
  // As documented, for a whole company and everything that it has connected.
  // A call costs its part of a page and of a batch of transcripts; recordings come from elsewhere.
  rateLimits: { requestsPerSecond: 3, requestsPerDay: 10_000, requestsPerCall: 0.03 },
  credentials: GongCredentials,
  filters: GongFilters,
  errors: gongErrors,
  listing: {
    status: 'beta',
    provenBy: 'sandbox',
    instructions: [
      'Sign in to Gong as a technical administrator.',
      'Open Company settings, Ecosystem, API.',
      'Get an API key: copy the access key, its secret, which is shown once, and the API base URL.',
      'If the key is limited to trusted IPs, add ours. Send us all three by a safe way.',
    ],
    scopes: gongScopes,
    docsUrl: 'https://help.gong.io/docs/receive-access-to-the-api',
    limits:
      '3 requests a second and 10,000 a day for the whole company, shared with its other integrations.',
    price: 'Part of a Gong contract; a price for the API is not published.',
  },
  baseUrl: 'https://api.gong.io',
  customerBaseUrls: {
    field: 'apiBaseUrl',
    of: ({ apiBaseUrl }) => apiBaseUrl ?? null,
    hosts: ['api.gong.io', '*.api.gong.io'],
  },
  authorize: ({ accessKey, accessKeySecret, accessToken }) => ({
    authorization:
      accessToken === undefined
        ? `Basic ${Buffer.from(`${accessKey ?? ''}:${accessKeySecret ?? ''}`).toString('base64')}`
        : `Bearer ${accessToken}`,
  }),
  // The company's own address comes with its tokens.
  oauth2: {
    tokenUrl: 'https://app.gong.io/oauth2/generate-customer-token',
    clientAuthentication: 'basic',
    toFields: ({ api_base_url_for_customer: url }) =>
      typeof url === 'string' ? { apiBaseUrl: url } : {},
  },
  accountOf: ({ accessKey, apiBaseUrl }) => accessKey ?? apiBaseUrl ?? '',
  // Not documented. A link elsewhere is refused by its host's name, to be added here.
  media: {
    hosts: ['*.gong.io', '*.amazonaws.com', '*.cloudfront.net', 'storage.googleapis.com'],
  },
  // Parties, recordings and transcripts appear up to about a day after the call.
  settlingMs: 24 * 3_600_000,
  linkLifetimeMs: 8 * 3_600_000,
  client: createGongClient,

  validateCredentials: async (gong, { clock }) => {
    const end = clock.now();
    const lastHour = { start: new Date(end.getTime() - 3_600_000), end };
    await gong.calls(lastHour, {}, null);
  },
  listCalls: (gong, listing) =>
    sizedWindowPages({
      ...listing,
      earliest,
      maxCalls: maxWindowCalls,
      isCursorExpired: (error) => error instanceof ImportError && error.kind === 'conflict',
      fetchPage: async (window, at) => {
        const { records, calls } = await gong.calls(window, listing.filters, at);
        const mapped = toCalls(listing.filters)(calls);
        return { ...mapped, next: records.cursor, total: records.totalRecords };
      },
    }),
  countCalls: (gong, listing) =>
    gong.count(toTimeWindow({ ...listing, earliest }), listing.filters),

  /** Transcripts of a page in one request. */
  hydrateCalls: async (gong, calls) => {
    const found = await loadEach({
      source: 'gong',
      maxKeys: 100,
      load: gong.transcripts,
      keys: calls.map((call) => call.sourceCallId),
      wholeKinds: ['permission_denied', 'not_found'],
    });
    return calls.map((call) => {
      const { data } = GongTranscript.nullable().safeParse(found.get(call.sourceCallId));
      // One that broke our schema is asked for again with its call, and fails there by name.
      return { ...call, transcript: data && toTranscript(data, call) };
    });
  },
  fetchRecording: async (gong, { sourceCallId }) => {
    const call = await gong.call(sourceCallId);
    return call === null ? 'not_found' : toRecording(call);
  },
  getTranscript: async (gong, listed) => {
    const found = await gong.transcript(listed.sourceCallId);
    return found === null ? null : toTranscript(found, listed);
  },
});
