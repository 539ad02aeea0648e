import { widen } from '../../kit/date-range.ts';
import { findLoaded, loadOne } from '../../kit/load-each.ts';
import { offsetWindowPages } from '../../kit/offset-windows.ts';
import { defineContext } from '../define-context.ts';
import { createFirefliesClient } from './fireflies.client.ts';
import { firefliesErrors } from './fireflies.errors.ts';
import { addDetails, toCalls, toRecording, toTranscript } from './fireflies.mapping.ts';
import { FirefliesCredentials, FirefliesFilters, LiveMeeting } from './fireflies.schema.ts';

const dayMs = 24 * 3_600_000;

/** Fireflies, by its GraphQL API. @see https://docs.fireflies.ai */
export const firefliesContext = defineContext({
  platform: 'fireflies',
  displayName: 'Fireflies.ai',
  auth: 'api_key',
  capabilities: { transcriptReuse: true },
  // 60 a minute from the Business plan on; smaller plans have a daily quota, which they refuse by.
  // As measured: four requests for a page of 50 meetings, and windows that are not full.
  rateLimits: { requestsPerSecond: 1, requestsPerDay: null, requestsPerCall: 0.1 },
  rateLimitsOf: ({ requestsPerDay = null }) => ({ requestsPerDay }),
  limitWindowSeconds: 60,
  credentials: FirefliesCredentials,
  filters: FirefliesFilters,
  errors: firefliesErrors,
  listing: {
    status: 'beta',
    provenBy: 'sandbox',
    instructions: [
      'Sign in to Fireflies as an admin of the team: another user’s key sees only that user’s meetings.',
      'Open Integrations, Fireflies API (app.fireflies.ai/integrations/custom/fireflies).',
      'Copy the API key and send it to us by a safe way, and tell us the plan: recordings need Pro, videos Business.',
    ],
    scopes: [],
    docsUrl: 'https://docs.fireflies.ai',
    limits:
      '60 requests a minute from the Business plan on; Free has 50 a day, Pro 50 or 500 a day.',
    price: 'The API comes with every plan; recordings need Pro, videos Business.',
  },
  baseUrl: 'https://api.fireflies.ai',
  authorize: ({ apiKey }) => ({ authorization: `Bearer ${apiKey}` }),
  // The second is where recordings were before Fireflies had a host of its own for them.
  media: {
    hosts: ['*.fireflies.ai', 'rtmp-server-ff.s3.amazonaws.com'],
    redirectHosts: ['*.fireflies.ai'],
  },
  settlingMs: 2 * 3_600_000,
  // As documented; links that say when they expire were seen to last 60 hours.
  linkLifetimeMs: 24 * 3_600_000,
  accountOf: ({ apiKey }) => apiKey,
  client: createFirefliesClient,

  validateCredentials: async (fireflies) => {
    await fireflies.user();
  },
  listCalls: (fireflies, listing) =>
    offsetWindowPages({
      ...listing,
      // The listing knows meetings by a time that is rounded.
      dateRange: widen(listing.dateRange, { startMs: dayMs, endMs: dayMs }),
      // Fireflies began in 2016.
      earliest: new Date('2016-01-01T00:00:00Z'),
      windowMs: 30 * dayMs,
      // Documented for another listing of the same API.
      maxOffset: 5000,
      fetchPage: async (window, offset) => {
        const records = await fireflies.meetings(listing.filters, window, offset);
        // A meeting that goes on is listed again when it is over.
        const over = records.filter((record) => !LiveMeeting.safeParse(record).success);
        const hasMore = records.length >= fireflies.pageSize;
        return { ...toCalls(over), records: records.length, hasMore };
      },
    }),
  hydrateCalls: async (fireflies, calls) => {
    const ids = calls.map((call) => call.sourceCallId);
    const [details, links] = await Promise.all([fireflies.details(ids), fireflies.links(ids)]);
    return calls.map((call) => {
      const said = findLoaded(details, call.sourceCallId);
      const found = findLoaded(links, call.sourceCallId);
      return { ...(said ? addDetails(call, said) : call), recording: found && toRecording(found) };
    });
  },
  fetchRecording: async (fireflies, { sourceCallId }) =>
    toRecording(await loadOne(fireflies.links, sourceCallId)),
  getTranscript: async (fireflies, listed) =>
    toTranscript(await loadOne(fireflies.details, listed.sourceCallId), listed),
});
