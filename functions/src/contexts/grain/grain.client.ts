import type { Listing, Toolkit } from '../context.ts';
import { nullIfMissing } from '../../kit/http.ts';
import { path } from '../../kit/path.ts';
import type { GrainCredentials, GrainFilters } from './grain.schema.ts';
import { GrainRecordingsPage, GrainTranscript, GrainUsers } from './grain.schema.ts';

const fullInclude = { participants: true, calendar_event: true, ai_summary: true };

/** Grain's public API v2, as far as an import needs it. */
export function createGrainClient({ http }: Toolkit<GrainCredentials>) {
  return {
    /** @see https://developers.grain.com (POST /v2/users): the cheapest request that needs a token */
    users: () =>
      http.request({ method: 'POST', path: '/v2/users', json: {}, idempotent: true }, GrainUsers),

    /** @see https://developers.grain.com (POST /v2/recordings): reads, though it is a POST */
    recordings: (listing: Listing<GrainFilters>, cursor: string | null) =>
      http.request(
        {
          method: 'POST',
          path: '/v2/recordings',
          idempotent: true,
          json: {
            cursor,
            filter: toFilter(listing),
            ...(!listing.isCount && { include: fullInclude }),
          },
        },
        GrainRecordingsPage,
      ),

    /** @see https://developers.grain.com (GET /v2/recordings/{id}/transcript): a 404 for none, or none yet */
    transcript: (recordingId: string) =>
      nullIfMissing(
        http.request({ path: path`/v2/recordings/${recordingId}/transcript` }, GrainTranscript),
      ),

    /** @see https://developers.grain.com (GET /v2/recordings/{id}/download): redirects to the file */
    downloadUrl: (recordingId: string) => http.urlOf(path`/v2/recordings/${recordingId}/download`),
  };
}

/**
 * `after_datetime` includes its instant and `before_datetime` does not; the documentation has the two
 * descriptions swapped, which is why the framework's own range check stays the judge.
 */
function toFilter({ dateRange, filters }: Listing<GrainFilters>): Readonly<Record<string, string>> {
  return {
    ...(dateRange.start !== null && { after_datetime: dateRange.start.toISOString() }),
    ...(dateRange.end !== null && { before_datetime: dateRange.end.toISOString() }),
    ...(filters.participantScope !== undefined && { participant_scope: filters.participantScope }),
    ...(filters.titleSearch !== undefined && { title_search: filters.titleSearch }),
    ...(filters.team !== undefined && { team: filters.team }),
    ...(filters.meetingType !== undefined && { meeting_type: filters.meetingType }),
  };
}
