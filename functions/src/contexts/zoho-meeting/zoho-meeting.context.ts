import { noteOf } from '../../kit/known-call.ts';
import { toGrantKey } from '../../kit/oauth2.ts';
import { offsetPages } from '../../kit/pages.ts';
import { defineContext } from '../define-context.ts';
import { createZohoMeetingClient } from './zoho-meeting.client.ts';
import { zohoMeetingErrors, zohoMeetingScopes } from './zoho-meeting.errors.ts';
import {
  parseId,
  toCalls,
  toMissingTranscript,
  toParticipants,
  toRecording,
  toTranscript,
  toTranscriptUrl,
  uploaded,
} from './zoho-meeting.mapping.ts';
import {
  ZohoMeetingCredentials,
  ZohoMeetingFilters,
  dataCentres,
  toDomain,
} from './zoho-meeting.schema.ts';

const domains = dataCentres.map(toDomain);

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
    of: ({ dataCentre }) => `https://meeting.${toDomain(dataCentre)}`,
    hosts: domains.map((domain) => `meeting.${domain}`),
  },
  authorize: ({ accessToken = '' }) => ({ authorization: `Zoho-oauthtoken ${accessToken}` }),
  oauth2: {
    tokenUrl: ({ dataCentre }) => `https://accounts.${toDomain(dataCentre)}/oauth/v2/token`,
    clientAuthentication: 'form',
  },
  accountOf: (credentials) => credentials.organisationId ?? toGrantKey(credentials),
  media: { hosts: domains.flatMap(fileHostsOf) },
  // Files want the token, too; it is of no other data centre's concern.
  mediaCredentialHosts: ({ dataCentre }) => fileHostsOf(toDomain(dataCentre)),
  settlingMs: 6 * 3_600_000,
  client: createZohoMeetingClient,

  validateCredentials: async (zoho, { credentials }) => {
    const organisationId = await zoho.askOrganisation();
    return organisationId === credentials.organisationId ? undefined : { organisationId };
  },
  listCalls: (zoho, listing) =>
    offsetPages({
      ...listing,
      fetchPage: async (index) => {
        const { recordings, meta } = await zoho.recordings(index);
        return { ...toCalls(recordings), hasMore: meta?.moreRecords === true };
      },
    }),
  fetchRecording: async (zoho, { sourceCallId }) => {
    const recording = await zoho.recording(parseId(sourceCallId));
    if (recording === null) return 'not_found';
    return recording.processingState === uploaded ? toRecording(recording) : 'not_ready';
  },
  fetchDetails: async (zoho, { sourceCallId }) => {
    const { meetingKey } = parseId(sourceCallId);
    const asked = [zoho.participants(meetingKey), zoho.session(meetingKey)] as const;
    return { participants: toParticipants(...(await Promise.all(asked))) };
  },
  getTranscript: async (zoho, listed) => {
    const noted = noteOf(listed);
    const file = noted === null ? null : await zoho.transcript(noted);
    if (file !== null) return toTranscript(file, listed);
    // Links expire, nobody says when; and what was in the making may be there by now.
    const recording = await zoho.recording(parseId(listed.sourceCallId));
    const url = recording && toTranscriptUrl(recording);
    if (url === null) return recording && toMissingTranscript(recording);
    const renewed = await zoho.transcript(url);
    return renewed === null ? null : toTranscript(renewed, listed);
  },
});

/** Where recordings of a data centre are: below its own domain, and one for what is shared. */
function fileHostsOf(domain: string): readonly string[] {
  return [`*.${domain}`, `*.${domain.replace(/^zoho/, 'zohopublic')}`];
}
