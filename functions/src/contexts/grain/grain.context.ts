import { ImportError } from '../../core/errors.ts';
import type { SourceCallPage } from '../../core/imports/source-call.ts';
import { countPages } from '../../kit/count-pages.ts';
import { cursorPages } from '../../kit/pages.ts';
import { mapRecords } from '../../kit/records.ts';
import { requireSettled } from '../../kit/settling.ts';
import { defineContext } from '../define-context.ts';
import { createGrainClient } from './grain.client.ts';
import type { GrainClient, GrainListing } from './grain.client.ts';
import { grainErrors } from './grain.errors.ts';
import { toSourceCall, toTranscript } from './grain.mapping.ts';
import { GrainCredentials, GrainFilters, GrainRecording } from './grain.schema.ts';

const settlingMs = 2 * 60 * 60 * 1000;

/** Grain, by its public API v2. @see https://developers.grain.com */
export const grainContext = defineContext({
  platform: 'grain',
  displayName: 'Grain',
  auth: 'api_key',
  capabilities: {
    historicalImport: true,
    ongoingSync: false,
    transcriptReuse: true,
    exactCount: false,
    uploads: false,
  },
  // 300 requests a minute, as documented; answers say what an account really has.
  rateLimits: { requestsPerSecond: 5, requestsPerDay: null },
  limitWindowSeconds: 60,
  credentials: GrainCredentials,
  filters: GrainFilters,
  errors: grainErrors,
  listing: {
    status: 'beta',
    provenBy: 'sandbox',
    instructions: [
      'Sign in to Grain as a user whom your workspace lets make access tokens.',
      'Open Settings, Integrations, API (grain.com/app/settings/integrations?tab=api).',
      'Make a Workspace Access Token. A personal token works too, but sees only its owner’s recordings.',
      'Copy the token and send it to us by a safe way.',
    ],
    scopes: [],
    docsUrl: 'https://developers.grain.com',
    limits: '300 requests a minute for each workspace; no daily limit is documented.',
  },
  baseUrl: 'https://api.grain.com/_/public-api',
  headers: { 'public-api-version': '2025-10-31' },
  authorize: ({ apiKey }) => ({ authorization: `Bearer ${apiKey}` }),
  // Recordings are downloaded from the API, which redirects to a file host that is not documented.
  media: { hosts: [], redirectHosts: 'any_public' },
  settlingMs,
  client: createGrainClient,

  validateCredentials: async (grain) => {
    await grain.users();
  },
  listCalls: (grain, { cursor, ...listing }) =>
    listPages(grain, { listing, cursor, include: 'all' }),
  countCalls: (grain, listing) => {
    const pages = listPages(grain, { listing, cursor: null, include: 'nothing' });
    return countPages(pages, listing.dateRange);
  },
  fetchCall: (grain, { sourceCallId, metadata }) =>
    Promise.resolve({
      metadata,
      media:
        metadata.mediaKind === 'none'
          ? null
          : { kind: 'url', url: grain.downloadUrl(sourceCallId) },
    }),
  getTranscript: async (grain, listed) => {
    try {
      return toTranscript(await grain.transcript(listed.sourceCallId));
    } catch (error) {
      if (!(error instanceof ImportError) || error.kind !== 'not_found') throw error;
      // A 404 says "not yet" of a call that has just ended, and "none" of an older one.
      const missing = { what: 'transcript', now: grain.clock.now(), cause: error };
      requireSettled(listed, { ...missing, settlingMs, source: 'grain', displayName: 'Grain' });
      return null;
    }
  },
});

function listPages(
  grain: GrainClient,
  options: {
    readonly listing: GrainListing;
    readonly cursor: string | null;
    readonly include: 'all' | 'nothing';
  },
): AsyncGenerator<SourceCallPage> {
  return cursorPages({
    source: 'grain',
    cursor: options.cursor,
    fetchPage: async (cursor) => {
      const page = await grain.recordings(options.listing, { cursor, include: options.include });
      const { recordings: records, cursor: next } = page;
      const mapping = { at: 'recordings', schema: GrainRecording, toSourceCall };
      return { ...mapRecords({ records, ...mapping }), next };
    },
  });
}
