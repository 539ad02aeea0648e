import type { SourceCall } from '../../core/imports/source-call.ts';
import { toGrantKey } from '../../kit/oauth2.ts';
import { offsetPages } from '../../kit/pages.ts';
import { toMediaSource } from '../../kit/recording-note.ts';
import { mapRecords } from '../../kit/records.ts';
import { defineContext } from '../define-context.ts';
import { createZohoMeetingClient } from './zoho-meeting.client.ts';
import type { ZohoMeetingClient } from './zoho-meeting.client.ts';
import { zohoMeetingErrors, zohoMeetingScopes } from './zoho-meeting.errors.ts';
import {
  parseId,
  toNote,
  toParticipants,
  toSourceCall,
  toTranscript,
  uploaded,
} from './zoho-meeting.mapping.ts';
import {
  ZohoHint,
  ZohoMeetingCredentials,
  ZohoMeetingFilters,
  ZohoRecording,
  dataCentres,
} from './zoho-meeting.schema.ts';
import type { ZohoNote } from './zoho-meeting.schema.ts';

const domains = Object.values(dataCentres);
const fileHosts = domains.flatMap(fileHostsOf);

/** Zoho Meeting, by its API v2. @see https://www.zoho.com/meeting/api-integration/ */
export const zohoMeetingContext = defineContext({
  platform: 'zoho_meeting',
  displayName: 'Zoho Meeting',
  auth: 'oauth',
  capabilities: { transcriptReuse: true },
  // No limit is documented for Meeting.
  rateLimits: { requestsPerSecond: 2, requestsPerDay: null },
  credentials: ZohoMeetingCredentials,
  filters: ZohoMeetingFilters,
  errors: zohoMeetingErrors,
  listing: {
    status: 'beta',
    provenBy: 'sandbox',
    instructions: [
      'Look at the ending of your Zoho address (zoho.com, zoho.eu, zoho.in, …): that is your data centre.',
      'As an administrator of the organisation, open the API console of that data centre (api-console.zoho.com, api-console.zoho.eu, …) and make a Self Client.',
      'Under Generate Code, enter the scopes named here, separated by commas, and copy the code. It lasts for minutes: exchange it at once for an access token and a refresh token; we help with that.',
      'Send us data centre, client id, client secret and both tokens by a safe way.',
    ],
    scopes: zohoMeetingScopes,
    docsUrl: 'https://www.zoho.com/meeting/api-integration/',
    limits: 'None are documented: we send two requests a second, and fewer when Zoho refuses.',
    price: 'Nothing besides a Zoho Meeting plan with recordings; some plans have no API.',
  },
  baseUrl: 'https://meeting.zoho.com',
  customerBaseUrls: {
    field: 'dataCentre',
    of: ({ dataCentre }) => `https://meeting.${dataCentres[dataCentre]}`,
    hosts: domains.map((domain) => `meeting.${domain}`),
  },
  authorize: ({ accessToken = '' }) => ({ authorization: `Zoho-oauthtoken ${accessToken}` }),
  oauth2: {
    tokenUrl: ({ dataCentre }) => `https://accounts.${dataCentres[dataCentre]}/oauth/v2/token`,
    clientAuthentication: 'form',
  },
  accountOf: (credentials) => credentials.organisationId ?? toGrantKey(credentials),
  media: { hosts: fileHosts, redirectHosts: fileHosts },
  // Files want the token, too; it is of no other data centre's concern.
  mediaCredentialHosts: ({ dataCentre }) => fileHostsOf(dataCentres[dataCentre]),
  settlingMs: 6 * 3_600_000,
  client: createZohoMeetingClient,

  validateCredentials: async (zoho, { credentials }) => {
    const organisationId = await zoho.askOrganisation();
    return organisationId === credentials.organisationId ? undefined : { organisationId };
  },
  listCalls: (zoho, { cursor }) =>
    offsetPages({
      source: 'zoho_meeting',
      cursor,
      fetchPage: async (index) => {
        const { recordings: records, meta } = await zoho.recordings(index);
        const mapping = { at: 'recordings', idField: 'erecordingId', schema: ZohoRecording };
        const mapped = mapRecords({ records, ...mapping, toSourceCall });
        return { ...mapped, hasMore: meta?.moreRecords === true };
      },
    }),
  fetchCall: async (zoho, listed) => {
    const { meetingKey } = parseId(listed.sourceCallId);
    const noted = ZohoHint.read(listed);
    const note = noted.state === uploaded ? noted : await findNote(zoho, listed);
    if (note === null) return 'not_found';
    if (note.state !== uploaded) return 'not_ready';
    const [attendees, session] = await Promise.all([
      zoho.participants(meetingKey),
      zoho.session(meetingKey),
    ]);
    const participants = toParticipants(attendees, session);
    const media = toMediaSource(note.mediaUrl, 'video/mp4');
    const mediaKind = media === null ? 'none' : listed.metadata.mediaKind;
    return { metadata: { ...listed.metadata, participants, mediaKind }, media };
  },
  getTranscript: async (zoho, listed, { isSettling }) => {
    const noted = ZohoHint.read(listed);
    const isOpen = noted.transcriptUrl === null && !noted.isUntranscribed;
    const isOutdated = isOpen && (noted.state === null || isSettling(listed));
    const note = isOutdated ? await findNote(zoho, listed) : noted;
    if (note?.isUntranscribed === true) return 'none';
    if (note === null || note.transcriptUrl === null) return null;
    // Links expire, nobody says when: one that no longer works is asked for anew.
    const file = (await zoho.transcript(note.transcriptUrl)) ?? (await readAnew(zoho, listed));
    return file === null ? null : (toTranscript(file, listed) ?? 'none');
  },
});

/** Where recordings of a data centre are: below its own domain, and one for what is shared. */
function fileHostsOf(domain: string): readonly string[] {
  return [`*.${domain}`, `*.${domain.replace(/^zoho/, 'zohopublic')}`];
}

/** The recording as its meeting has it now; null where it is not there. */
async function findNote(zoho: ZohoMeetingClient, listed: SourceCall): Promise<ZohoNote | null> {
  const { meetingKey, recordingId } = parseId(listed.sourceCallId);
  const recordings = (await zoho.ofMeeting(meetingKey)) ?? [];
  const found = recordings.find(({ erecordingId }) => erecordingId === recordingId);
  return found === undefined ? null : toNote({ ...found, state: found.processingState ?? null });
}

async function readAnew(zoho: ZohoMeetingClient, listed: SourceCall): Promise<string | null> {
  const note = await findNote(zoho, listed);
  return typeof note?.transcriptUrl === 'string' ? zoho.transcript(note.transcriptUrl) : null;
}
