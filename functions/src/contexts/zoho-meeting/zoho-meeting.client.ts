import type { z } from 'zod';
import { ImportError } from '../../core/errors.ts';
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
const maxParticipants = 2000;

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
  return {
    /** The organisation of the token's user, which is in every other path. */
    askOrganisation,

    /** By offset. Zoho's page shows no parameters; these two were seen to work. */
    recordings: async (index: number) => {
      const at = path`/meeting/api/v2/${await organisation()}/recordings.json`;
      return http.request({ path: at, query: { index, count } }, ZohoRecordingsPage);
    },

    /** With links as they are now; null: it is not there any more. */
    recording: async ({
      meetingKey,
      recordingId,
    }: Readonly<Record<'meetingKey' | 'recordingId', string>>) => {
      const at = path`/meeting/api/v2/${await organisation()}/recordings/${meetingKey}.json`;
      const found = await nullIfMissing(http.request({ path: at }, ZohoMeetingRecordings));
      return found?.recordings.find(({ erecordingId: id }) => id === recordingId) ?? null;
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
      return nullIfMissing(
        listParticipants((index) =>
          http.request({ path: at, query: { index, count: largestPage } }, ZohoParticipants),
        ),
      );
    },

    /** The transcript's file, whatever its format; null where its link has expired. */
    transcript: (url: string): Promise<string | null> => nullIfMissing(toolkit.readTextFile(url)),
  };
}

/**
 * Whether the first participant is number 1 or 0 is not documented: where 1 leaves somebody out, 0 is
 * asked for. @throws `contract` where neither brings as many as Zoho counts
 */
async function listParticipants(
  fetchFrom: (index: number) => Promise<z.output<typeof ZohoParticipants>>,
): Promise<readonly ZohoAttendee[]> {
  let found = '';
  for (const first of [1, 0]) {
    const people: ZohoAttendee[] = [];
    for (let isFull = true; isFull && people.length < maxParticipants;) {
      const { participants, participantsCount } = await fetchFrom(first + people.length);
      people.push(...participants);
      if (people.length >= participantsCount) return people;
      isFull = participants.length >= largestPage;
      found = `${String(people.length)} participants of ${String(participantsCount)}`;
    }
  }
  const publicMessage = `Zoho Meeting answered /participant/{meetingKey}.json with ${found} (participantsCount).`;
  throw new ImportError({ kind: 'contract', source, publicMessage });
}
