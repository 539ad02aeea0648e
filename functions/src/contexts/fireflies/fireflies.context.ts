import { ImportError } from '../../core/errors.ts';
import type { HydratedCall } from '../../core/imports/import-context.ts';
import type { DateRange, SourceCall } from '../../core/imports/source-call.ts';
import type { LoadedEach } from '../../kit/load-each.ts';
import { loadOne } from '../../kit/load-each.ts';
import { offsetWindowPages } from '../../kit/offset-windows.ts';
import { mapRecords } from '../../kit/records.ts';
import { requireSettled } from '../../kit/settling.ts';
import { defineContext } from '../define-context.ts';
import { createFirefliesClient } from './fireflies.client.ts';
import { firefliesErrors } from './fireflies.errors.ts';
import { addDetails, toSourceCall, toTranscript } from './fireflies.mapping.ts';
import { readHint, requireFresh, toFetched, toHint, toRecording } from './fireflies.recording.ts';
import {
  FirefliesCredentials,
  FirefliesFilters,
  FirefliesMeeting,
  LiveMeeting,
} from './fireflies.schema.ts';
import type { FirefliesDetails, FirefliesLinks } from './fireflies.schema.ts';

const source = 'fireflies';
const displayName = 'Fireflies.ai';
const settlingMs = 2 * 60 * 60 * 1000;
const dayMs = 24 * 60 * 60 * 1000;
const requestsPerSecond = 1;
/** As measured: four requests for a page of 50 meetings, and windows that are not full. */
const requestsPerCall = 0.1;
const settling = { settlingMs, source, displayName };

/** Fireflies, by its GraphQL API. @see https://docs.fireflies.ai */
export const firefliesContext = defineContext({
  platform: source,
  displayName,
  auth: 'api_key',
  capabilities: {
    historicalImport: true,
    ongoingSync: false,
    transcriptReuse: true,
    exactCount: false,
    uploads: false,
  },
  // 60 a minute from the Business plan on; smaller plans have a daily quota, which they refuse by.
  rateLimits: { requestsPerSecond, requestsPerDay: null, requestsPerCall },
  rateLimitsOf: ({ requestsPerDay = null }) => ({
    ...{ requestsPerSecond, requestsPerDay, requestsPerCall },
  }),
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
  },
  baseUrl: 'https://api.fireflies.ai',
  authorize: ({ apiKey }) => ({ authorization: `Bearer ${apiKey}` }),
  // The second is where recordings were before Fireflies had a host of its own for them.
  media: {
    hosts: ['*.fireflies.ai', 'rtmp-server-ff.s3.amazonaws.com'],
    redirectHosts: ['*.fireflies.ai'],
  },
  settlingMs,
  accountOf: ({ apiKey }) => apiKey,
  client: createFirefliesClient,

  validateCredentials: async (fireflies) => {
    await fireflies.user();
  },
  listCalls: (fireflies, { cursor, dateRange, filters }) =>
    offsetWindowPages({
      ...{ source, cursor, dateRange: withMargin(dateRange, fireflies.clock.now()) },
      // Fireflies began in 2016.
      earliest: new Date('2016-01-01T00:00:00Z'),
      latest: fireflies.clock.now(),
      windowMs: 30 * dayMs,
      // Documented for another listing of the same API.
      maxOffset: 5000,
      fetchPage: async (window, offset) => {
        const records = await fireflies.meetings(filters, withOverlap(window), offset);
        // A meeting that goes on is listed again when it is over.
        const over = records.filter((record) => !LiveMeeting.safeParse(record).success);
        const mapping = { at: 'transcripts', schema: FirefliesMeeting, toSourceCall };
        const hasMore = records.length >= fireflies.pageSize;
        return { ...mapRecords({ records: over, ...mapping }), records: records.length, hasMore };
      },
    }),
  hydrateCalls: async (fireflies, calls) => {
    const ids = calls.map((call) => call.sourceCallId);
    const [details, links] = await Promise.all([fireflies.details(ids), fireflies.links(ids)]);
    return calls.map((call) => toHydrated(call, { details, links, now: fireflies.clock.now() }));
  },
  fetchCall: async (fireflies, listed) => {
    const now = fireflies.clock.now();
    const { recording } = readHint(listed.hint, now);
    if (recording !== null) return toFetched(listed.metadata, recording);
    const asked = toRecording(await loadOne(fireflies.links, listed.sourceCallId), now);
    if (asked !== null) return toFetched(listed.metadata, requireFresh(asked, now));
    requireSettled(listed, { ...settling, now, what: 'recording' });
    return { metadata: listed.metadata, media: null };
  },
  getTranscript: async (fireflies, listed) => {
    const now = fireflies.clock.now();
    if (readHint(listed.hint, now).isUntranscribed) return null;
    const details = await loadOne(fireflies.details, listed.sourceCallId);
    const transcript = toTranscript(listed, details);
    if (transcript === null && !isUntranscribed(details)) {
      requireSettled(listed, { ...settling, now, what: 'transcript' });
    }
    return transcript;
  },
});

/** The listing knows meetings by a time that is rounded; the framework keeps to the range itself. */
function withMargin({ start, end }: DateRange, now: Date): DateRange {
  return {
    start: start === null ? null : new Date(start.getTime() - dayMs),
    end: end === null ? null : new Date(Math.min(end.getTime() + dayMs, now.getTime())),
  };
}

/** Whether its edges belong to a window is not documented: a call that is listed twice is one. */
function withOverlap({ start, end }: { readonly start: Date; readonly end: Date }) {
  return { start: new Date(start.getTime() - 1000), end: new Date(end.getTime() + 1000) };
}

/** Nothing was said, or it was too short: Fireflies has finished, and there will be no transcript. */
function isUntranscribed({ sentences, meeting_info: info }: FirefliesDetails): boolean {
  const isOver = info?.silent_meeting === true || info?.summary_status !== 'processing';
  return Array.isArray(sentences) && sentences.length === 0 && isOver;
}

function toHydrated(
  call: SourceCall,
  loaded: {
    readonly details: LoadedEach<FirefliesDetails>;
    readonly links: LoadedEach<FirefliesLinks>;
    readonly now: Date;
  },
): HydratedCall {
  const details = loaded.details.get(call.sourceCallId);
  const links = loaded.links.get(call.sourceCallId);
  const recording =
    links === undefined || links instanceof ImportError ? null : toRecording(links, loaded.now);
  // What failed is asked for again when the call is imported, and fails there in its own name.
  if (details === undefined || details instanceof ImportError) {
    return { ...call, hint: toHint({ recording, isUntranscribed: false }), transcript: null };
  }
  return {
    ...addDetails(call, details),
    hint: toHint({ recording, isUntranscribed: isUntranscribed(details) }),
    transcript: toTranscript(call, details),
  };
}
