import type { z } from 'zod';
import { ImportError } from '../../core/errors.ts';
import { readText } from '../../kit/fetch.ts';
import { nullIfMissing } from '../../kit/http.ts';
import { path } from '../../kit/path.ts';
import type { Toolkit } from '../context.ts';
import type { ZohoAttendee, ZohoMeetingCredentials } from './zoho-meeting.schema.ts';
import {
  ZohoMeetingRecordings,
  ZohoParticipants,
  ZohoRecordingsPage,
  ZohoSession,
  ZohoUser,
} from './zoho-meeting.schema.ts';

const source = 'zoho_meeting';
/** What Zoho gives by default; whether more can be asked for is not documented. */
const largestPage = 20;
const maxTranscriptBytes = 16 * 1024 * 1024;
const maxParticipants = 2000;

export type ZohoMeetingClient = ReturnType<typeof createZohoMeetingClient>;

/** Zoho Meeting's API v2, as far as an import needs it. @see https://www.zoho.com/meeting/api-integration/ */
export function createZohoMeetingClient(toolkit: Toolkit<ZohoMeetingCredentials>) {
  const { http, credentials } = toolkit;
  const count = toolkit.pageSize(largestPage);
  let asked: Promise<string> | null = null;
  const askOrganisation = async (): Promise<string> => {
    const user = await http.request({ path: '/api/v2/user.json' }, ZohoUser);
    return user.userDetails.zsoid;
  };
  /** Known from the check; it is asked for by credentials that were stored without. */
  const organisation = async (): Promise<string> =>
    credentials.organisationId ?? (asked ??= askOrganisation());

  const readFile = async (url: string): Promise<string> => {
    const { body } = await toolkit.openMedia({ kind: 'url', url });
    return readText(body, { maxBytes: maxTranscriptBytes, source });
  };
  return {
    /** The organisation of the token's user, which is in every other path. */
    askOrganisation,

    /** By offset. Zoho's page shows no parameters; these two were seen to work. */
    recordings: async (index: number) => {
      const at = path`/meeting/api/v2/${await organisation()}/recordings.json`;
      return http.request({ path: at, query: { index, count } }, ZohoRecordingsPage);
    },

    /** With links as they are now; null: there is no such meeting any more. */
    ofMeeting: async (meetingKey: string) => {
      const at = path`/meeting/api/v2/${await organisation()}/recordings/${meetingKey}.json`;
      const found = await nullIfMissing(http.request({ path: at }, ZohoMeetingRecordings));
      return found?.recordings ?? null;
    },

    /** Null where it is gone, as it may be of old meetings and webinars. */
    session: async (meetingKey: string) => {
      const at = path`/api/v2/${await organisation()}/sessions/${meetingKey}.json`;
      const found = await nullIfMissing(http.request({ path: at }, ZohoSession));
      return found?.session ?? null;
    },

    /** Everybody who came; null where the report is gone. */
    participants: async (meetingKey: string) => {
      const at = path`/api/v2/${await organisation()}/participant/${meetingKey}.json`;
      const fetchFrom = (index: number) =>
        http.request({ path: at, query: { index, count: largestPage } }, ZohoParticipants);
      return nullIfMissing(listParticipants(fetchFrom));
    },

    /** The transcript's file, whatever its format; null where its link has expired. */
    transcript: (url: string): Promise<string | null> => nullIfMissing(readFile(url)),
  };
}

/**
 * Whether the first participant is number 1 or 0 is not documented: where 1 leaves somebody out, 0 is
 * asked for. @throws `contract` where neither brings as many as Zoho counts
 */
async function listParticipants(
  fetchFrom: (index: number) => Promise<ParticipantsPage>,
): Promise<readonly ZohoAttendee[]> {
  let first = 1;
  let page = await fetchFrom(first);
  if (isShort(page)) {
    first = 0;
    page = await fetchFrom(first);
  }
  const total = page.participantsCount;
  let people = page.participants;
  for (let isOver = isShort(page); !isOver && people.length < total;) {
    const { participants } = await fetchFrom(first + people.length);
    people = [...people, ...participants];
    isOver = participants.length === 0 || people.length > maxParticipants;
  }
  if (people.length >= total) return people;
  const publicMessage = `Zoho Meeting answered /participant/{meetingKey}.json with ${String(people.length)} participants of ${String(total)} (participantsCount).`;
  throw new ImportError({ kind: 'contract', source, publicMessage });
}

type ParticipantsPage = z.output<typeof ZohoParticipants>;

/** Fewer than a page holds, and than there are. */
function isShort({ participants, participantsCount }: ParticipantsPage): boolean {
  return participants.length < Math.min(participantsCount, largestPage);
}
