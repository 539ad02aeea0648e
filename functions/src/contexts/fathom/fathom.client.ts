import { widen } from '../../kit/date-range.ts';
import { nullIfMissing } from '../../kit/http.ts';
import { path } from '../../kit/path.ts';
import type { Listing, Toolkit } from '../context.ts';
import { toExpired, toNoMedia } from './fathom.errors.ts';
import type { FathomCredentials, FathomFilters } from './fathom.schema.ts';
import { FathomDownload, FathomMeetings, FathomTranscript } from './fathom.schema.ts';

const dayMs = 86_400_000;
/** Requests for transcripts and for downloads have half of the account's limit. */
const heavy = { weight: 2 } as const;

type Wanted = Pick<Listing<FathomFilters>, 'dateRange' | 'filters' | 'isCount'>;
export type FathomClient = ReturnType<typeof createFathomClient>;

/** Fathom's external API v1, as far as an import needs it. */
export function createFathomClient({ http, credentials }: Toolkit<FathomCredentials>) {
  // Documented: apps may not include transcripts and summaries, and ask for each by itself.
  const hasTranscripts = credentials.apiKey !== undefined;
  return {
    /** Whether listings, other than for a count, come with transcripts. */
    hasTranscripts,

    /** @see https://developers.fathom.ai/api-reference/meetings/list-meetings */
    meetings: (listing: Wanted, cursor: string | null) => {
      const isIncluding = hasTranscripts && !listing.isCount;
      const include = isIncluding ? { include_transcript: true, include_summary: true } : {};
      const query = { ...toQuery(listing), cursor, ...include };
      return http.request({ path: '/meetings', query, ...(isIncluding && heavy) }, FathomMeetings);
    },

    /** A 404 for none, or none yet. @see https://developers.fathom.ai/api-reference/recordings/get-transcript */
    transcript: (recordingId: string) =>
      nullIfMissing(
        http.request(
          { path: path`/recordings/${recordingId}/transcript`, ...heavy },
          FathomTranscript,
        ),
      ),

    /** Asks for a file to be made. @see https://developers.fathom.ai/api-reference/recordings/download */
    requestDownload: (recordingId: string) => {
      const request = { method: 'POST', path: path`/recordings/${recordingId}/download` } as const;
      return http.request({ ...request, json: {}, ...heavy, instead: toNoMedia }, FathomDownload);
    },

    /** Looks at one that was asked for. @see https://developers.fathom.ai/api-reference/recordings/get-download */
    download: (recordingId: string, downloadId: string) =>
      http.request(
        { path: path`/recordings/${recordingId}/downloads/${downloadId}`, instead: toExpired },
        FathomDownload,
      ),
  };
}

/**
 * The dates are compared with `created_at`, some time after the call began. Brackets are part of the
 * parameters' names.
 */
function toQuery({ dateRange, filters }: Wanted) {
  const { start, end } = widen(dateRange, { startMs: 0, endMs: 2 * dayMs });
  return {
    created_after: start?.toISOString(),
    created_before: end?.toISOString(),
    'recorded_by[]': filters.recordedBy,
    'teams[]': filters.team,
    'calendar_invitees_domains[]': filters.inviteeDomain,
    calendar_invitees_domains_type: filters.inviteeDomains,
  };
}
