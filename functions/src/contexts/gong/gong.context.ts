import { ImportError } from '../../core/errors.ts';
import type { MediaSource, SourceCall } from '../../core/imports/source-call.ts';
import { loadEach } from '../../kit/load-each.ts';
import { mapRecords } from '../../kit/records.ts';
import { isSettling, requireSettled } from '../../kit/settling.ts';
import { sizedWindowPages, toTimeWindow } from '../../kit/sized-windows.ts';
import { defineContext } from '../define-context.ts';
import { createGongClient } from './gong.client.ts';
import type { GongClient } from './gong.client.ts';
import { gongErrors, gongScopes } from './gong.errors.ts';
import { readNote, toSourceCall, toTranscript, writeHint } from './gong.mapping.ts';
import { GongCall, GongCredentials, GongFilters, GongTranscript } from './gong.schema.ts';

const hourMs = 3_600_000;
/** Parties, recordings and transcripts appear up to about a day after the call. */
const settlingMs = 24 * hourMs;
const settling = { source: 'gong', displayName: 'Gong', settlingMs };
/** Links work for 8 hours; the rest is for the download. */
const freshMs = 7 * hourMs;
/** What an expired cursor costs at most: to list five pages again. */
const maxWindowCalls = 500;
/** Before any call that Gong can have; the first window is halved only where it is too full. */
const earliest = new Date('2000-01-01T00:00:00Z');

/** Gong, by its public API v2. @see https://help.gong.io/docs/receive-access-to-the-api */
export const gongContext = defineContext({
  platform: 'gong',
  displayName: 'Gong',
  auth: 'api_key',
  capabilities: {
    historicalImport: true,
    ongoingSync: false,
    transcriptReuse: true,
    exactCount: true,
    uploads: false,
  },
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
    redirectHosts: ['*.gong.io', '*.amazonaws.com', '*.cloudfront.net', 'storage.googleapis.com'],
  },
  settlingMs,
  client: createGongClient,

  validateCredentials: async (gong) => {
    const end = gong.clock.now();
    await gong.calls({ start: new Date(end.getTime() - hourMs), end }, {}, null);
  },
  listCalls: (gong, { cursor, dateRange, filters }) =>
    sizedWindowPages({
      ...{ source: 'gong', cursor, dateRange, earliest, latest: gong.clock.now() },
      maxCalls: maxWindowCalls,
      isCursorExpired: (error) => error instanceof ImportError && error.kind === 'conflict',
      fetchPage: async (window, at) => {
        const { records, calls } = await gong.calls(window, filters, at);
        const listing = { listedAt: gong.clock.now(), includePrivate: filters.includePrivate };
        const mapped = mapRecords({
          ...{ records: calls, at: 'calls', idField: 'metaData.id', schema: GongCall },
          toSourceCall: (call) => toSourceCall(call, listing),
        });
        return { ...mapped, next: records.cursor, total: records.totalRecords };
      },
    }),
  countCalls: (gong, { dateRange, filters }) =>
    gong.count(toTimeWindow({ dateRange, earliest, latest: gong.clock.now() }), filters),

  /** Transcripts of a page in one request; who is old enough and has none is not asked for again. */
  hydrateCalls: async (gong, calls) => {
    const loaded = await loadEach({
      ...{ source: 'gong', maxKeys: 100, load: gong.transcripts },
      keys: calls.map((call) => call.sourceCallId),
      wholeKinds: ['permission_denied', 'not_found'],
    });
    return calls.map((call) => {
      const found = loaded.get(call.sourceCallId);
      const hint = readNote(call);
      const isMissing = found === null && hint !== null && !isYoung(call, gong.clock.now());
      // One that broke our schema is asked for again with its call, and fails there by name.
      const { data } = GongTranscript.safeParse(found);
      return {
        ...call,
        ...(isMissing && { hint: writeHint({ ...hint, hasNoTranscript: true }) }),
        transcript: data === undefined ? null : toTranscript(data, call),
      };
    });
  },

  /** By the link that came with the listing while it is fresh, else by a new one. */
  fetchCall: async (gong, listed) => {
    const now = gong.clock.now();
    const hint = readNote(listed);
    const isFresh = hint !== null && now.getTime() - hint.listedAt.getTime() < freshMs;
    if (isFresh && (hint.mediaUrl !== null || !isYoung(listed, hint.listedAt))) {
      return { metadata: listed.metadata, media: toMedia(hint.mediaUrl) };
    }
    const call = toSourceCall(await requireCall(gong, listed), { listedAt: now });
    const media = toMedia(readNote(call)?.mediaUrl);
    if (media === null) requireSettled(call, { ...settling, now, what: 'recording' });
    return { metadata: call.metadata, media };
  },

  getTranscript: async (gong, listed) => {
    if (readNote(listed)?.hasNoTranscript === true) return null;
    const found = await gong.transcript(listed.sourceCallId);
    if (found !== null) return toTranscript(found, listed);
    // Gong says the same of "none" and "not yet": how long ago the call ended decides.
    requireSettled(listed, {
      ...settling,
      now: gong.clock.now(),
      what: 'transcript',
    });
    return null;
  },
});

function isYoung(call: SourceCall, now: Date): boolean {
  return isSettling(call, { now, settlingMs });
}

function toMedia(url: string | null | undefined): MediaSource | null {
  return typeof url === 'string' ? { kind: 'url', url } : null;
}

async function requireCall(gong: GongClient, { sourceCallId }: SourceCall): Promise<GongCall> {
  const call = await gong.call(sourceCallId);
  if (call !== null) return call;
  const publicMessage = 'Gong no longer has this call, or the credentials may not see it.';
  throw new ImportError({ kind: 'not_found', source: 'gong', publicMessage });
}
