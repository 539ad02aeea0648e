import { cursorPages } from '../../kit/pages.ts';
import { defineContext } from '../define-context.ts';
import { createGrainClient } from './grain.client.ts';
import { grainErrors } from './grain.errors.ts';
import { toCalls, toTranscript } from './grain.mapping.ts';
import { GrainCredentials, GrainFilters } from './grain.schema.ts';

/** Grain, by its public API v2. @see https://developers.grain.com */
export const grainContext = defineContext({
  platform: 'grain',
  displayName: 'Grain',
  auth: 'api_key',
  capabilities: { transcriptReuse: true },
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
    price: 'Nothing besides the Grain plan; which plans have the API is not documented.',
  },
  baseUrl: 'https://api.grain.com/_/public-api',
  headers: { 'public-api-version': '2025-10-31' },
  authorize: ({ apiKey }) => ({ authorization: `Bearer ${apiKey}` }),
  // Recordings are downloaded from the API, which redirects to a file host that is not documented.
  media: { hosts: [], redirectHosts: 'any_public' },
  settlingMs: 2 * 3_600_000,
  client: createGrainClient,

  validateCredentials: async (grain) => {
    await grain.users();
  },
  listCalls: (grain, listing) =>
    cursorPages({
      ...listing,
      fetchPage: async (at) => {
        const page = await grain.recordings(listing, at);
        return { ...toCalls(page.recordings), next: page.cursor };
      },
    }),
  countCalls: 'by_listing',
  fetchRecording: async (grain, { sourceCallId }) => ({ url: grain.downloadUrl(sourceCallId) }),
  getTranscript: async (grain, listed) => {
    const found = await grain.transcript(listed.sourceCallId);
    return found === null ? null : toTranscript(found, listed);
  },
});
