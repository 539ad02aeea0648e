import { widen } from '../../kit/date-range.ts';
import { createRecordLoader, queryGraphql } from '../../kit/graphql.ts';
import type { CallWindow } from '../../kit/offset-windows.ts';
import type { Toolkit } from '../context.ts';
import {
  FirefliesDetails,
  FirefliesLinks,
  FirefliesPage,
  FirefliesUser,
} from './fireflies.schema.ts';
import type { FirefliesCredentials, FirefliesFilters } from './fireflies.schema.ts';

const path = '/graphql';
/** As documented; also the default. */
const largestPage = 50;
/** An hour's talk is some 300 kB of sentences: more in one answer would be slow, and large in memory. */
const detailsPerRequest = 25;

const userQuery = '{ user { user_id name email is_admin } }';

const listQuery = `query List($from: DateTime, $to: DateTime, $limit: Int, $skip: Int, $organizers: [String!], $participants: [String!], $keyword: String, $channel: String) {
  transcripts(fromDate: $from, toDate: $to, limit: $limit, skip: $skip, organizers: $organizers, participants: $participants, keyword: $keyword, channel_id: $channel) {
    id title date dateString duration organizer_email participants is_live transcript_url
    meeting_attendees { displayName email name phoneNumber }
  }
}`;

const spoken = `id speakers { id name } meeting_attendance { name join_time leave_time }
  sentences { index speaker_id speaker_name text raw_text start_time end_time }
  meeting_info { summary_status silent_meeting }`;

/** Plans forbid fields: what is asked for, one after the other. */
const detailSelections = [`${spoken} summary { overview action_items keywords }`, spoken];
const state = 'id meeting_info { summary_status }';
const linkSelections = [`${state} audio_url video_url`, `${state} audio_url`, state];
const asking = { source: 'fireflies', path, field: 'transcript', idType: 'String!' };

/** Fireflies' GraphQL API, as far as an import needs it. @see https://docs.fireflies.ai/graphql-api */
export function createFirefliesClient({ http, pageSize }: Toolkit<FirefliesCredentials>) {
  const limit = pageSize(largestPage);
  return {
    pageSize: limit,

    /** @see https://docs.fireflies.ai/graphql-api/query/user: whom the key belongs to */
    user: () => queryGraphql(http, { path, query: userQuery }, FirefliesUser),

    /** @see https://docs.fireflies.ai/graphql-api/query/transcripts */
    meetings: (
      { organizer, participant, keyword, channel }: FirefliesFilters,
      window: CallWindow,
      skip: number,
    ) => {
      // Whether its edges belong to a window is not documented: a call that is listed twice is one.
      const { start, end } = widen(window, { startMs: 1000, endMs: 1000 });
      // What is undefined is not sent.
      const variables = {
        from: start?.toISOString(),
        to: end?.toISOString(),
        limit,
        skip,
        organizers: organizer && [organizer],
        participants: participant && [participant],
        keyword,
        channel,
      };
      return queryGraphql(http, { path, query: listQuery, variables }, FirefliesPage);
    },

    /** @see https://docs.fireflies.ai/graphql-api/query/transcript: what is said, and the summary */
    details: createRecordLoader(http, {
      ...asking,
      selections: detailSelections,
      maxKeys: detailsPerRequest,
      schema: FirefliesDetails,
    }),

    /** The links alone: a plan without them must not cost what is said. */
    links: createRecordLoader(http, {
      ...asking,
      selections: linkSelections,
      maxKeys: largestPage,
      schema: FirefliesLinks,
    }),
  };
}
