import { widen } from '../../kit/date-range.ts';
import { path } from '../../kit/path.ts';
import type { Listing, Toolkit } from '../context.ts';
import type { ChorusCredentials, ChorusFilters, RecordedType } from './chorus.schema.ts';
import { ChorusConversation, ChorusStatus, ChorusUser, createPageSchema } from './chorus.schema.ts';

/** API v1 is JSON:API; v3 is not. */
const jsonApi = { accept: 'application/vnd.api+json' };
const spokenFields = 'status,language,participants,recording.duration,recording.utterances';
/** Whether the edges belong to a range is not documented: the framework keeps to it exactly. */
const marginMs = 1000;

/** The header of a token, with or without the word that Chorus' specification also allows. */
export function toAuthorization({ apiKey, scheme }: ChorusCredentials) {
  return { authorization: scheme === 'bearer' ? `Bearer ${apiKey}` : apiKey };
}

/** Chorus' two APIs, as far as an import needs them. @see https://chorus.ai/api/openapi.json */
export function createChorusClient({ http, credentials }: Toolkit<ChorusCredentials>) {
  const conversation = (id: string, fields: string) => ({
    path: path`/api/v1/conversations/${id}`,
    // A summary that has to be written first would take its time.
    query: { fields, skip_summary_generation: true },
    headers: jsonApi,
  });
  return {
    /** GET /api/v1/users/me: whose token it is. */
    me: (scheme = credentials.scheme) =>
      http.request(
        {
          path: '/api/v1/users/me',
          headers: { ...jsonApi, ...toAuthorization({ ...credentials, scheme }) },
        },
        ChorusUser,
      ),

    /** GET /v3/engagements, newest first. Unknown parameters are ignored: each is in the specification. */
    engagements: (
      type: RecordedType,
      { dateRange, filters }: Listing<ChorusFilters>,
      continuationKey: string | null,
    ) => {
      const { start, end } = widen(dateRange, { startMs: marginMs, endMs: marginMs });
      const query = {
        engagement_type: type,
        min_date: start?.toISOString(),
        max_date: end?.toISOString(),
        user_id: filters.userId,
        team_id: filters.teamId,
        participants_email: filters.participantEmail,
        continuation_key: continuationKey,
      };
      return http.request({ path: '/v3/engagements', query }, createPageSchema(type));
    },

    /** GET /api/v1/conversations/{id}: how far Chorus is with it. */
    status: async (id: string) =>
      (await http.request(conversation(id, 'status'), ChorusStatus)).data.attributes.status,

    /** GET /api/v1/conversations/{id}: what was said. */
    conversation: async (id: string) =>
      (await http.request(conversation(id, spokenFields), ChorusConversation)).data.attributes,

    /** GET /api/v1/conversations/{id}/media: redirects to the video, or to the sound alone. */
    mediaUrl: (id: string) => http.urlOf(path`/api/v1/conversations/${id}/media`),
  };
}
