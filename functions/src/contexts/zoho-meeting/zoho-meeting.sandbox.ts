import { Hono } from 'hono';
import type { CreateSandbox, SandboxOptions } from '../../kit/sandbox.ts';
import { parseFaults } from '../testing/sandbox-faults.ts';
import { createLinkSigner } from '../testing/sandbox-links.ts';
import { toMediaOrigin } from '../testing/sandbox-media-route.ts';
import { createMediaSandbox } from '../testing/sandbox-platform.ts';
import type { MediaSandbox } from '../testing/sandbox-platform.ts';
import { createTokenIssuer } from '../testing/sandbox-tokens.ts';
import { createZohoMeetingAccount } from './zoho-meeting.sandbox-account.ts';
import { addZohoMeetingApi } from './zoho-meeting.sandbox-api.ts';
import { zohoMeetingFaults } from './zoho-meeting.sandbox-faults.ts';

export interface ZohoMeetingSandboxOptions extends SandboxOptions {
  /** About this many bytes in each recording (valid mp3s, streamed); default: the clips as they are. */
  readonly mediaBytes?: number;
}

/** The organisation whose account it is. */
export const zohoMeetingSandboxOrganisation = '60012345678';

/** What the sandbox accepts of a customer who has just connected. */
export const zohoMeetingSandboxGrant = {
  dataCentre: 'com',
  accessToken: 'sandbox-access-token-0',
  refreshToken: 'sandbox-refresh-token-for-ever',
} as const;

/**
 * Zoho Meeting's API v2, its files and its accounts server, as far as they are documented or were
 * seen, with an account that follows from the seed.
 * @throws a RangeError for an unknown fault or an impossible number of calls
 * @see https://www.zoho.com/meeting/api-integration/
 */
export function createZohoMeetingSandbox(options: ZohoMeetingSandboxOptions): MediaSandbox {
  const { calls, seed, now, mediaBytes = null } = options;
  const faults = parseFaults(zohoMeetingFaults, options.faults ?? []);
  const account = createZohoMeetingAccount({
    ...{ calls, seed, mediaBytes, createdAt: options.createdAt ?? now() },
    untranscribedEvery: faults['no-transcripts'],
    unfinishedEvery: faults.unfinished,
    silentEvery: faults.silent,
    noReportEvery: faults['no-reports'],
  });
  const tokens = createTokenIssuer({ now, lifetimeSeconds: 3600, rotates: false });
  const counts = { limitHits: 0, credentialLeaks: 0 };
  const app = new Hono();
  addZohoMeetingApi(app, {
    ...{ account, faults, tokens, now, links: createLinkSigner({ seed, now }) },
    organisationId: zohoMeetingSandboxOrganisation,
    // No limit is documented: about what the adapter asks.
    requestsPerMinute: options.requestsPerMinute ?? 120,
    pageSize: options.pageSize ?? 20,
    mediaOriginOf: (request) => toMediaOrigin(options.origin?.() ?? new URL(request.url).origin),
    onLimitHit: () => {
      counts.limitHits += 1;
    },
  });
  return createMediaSandbox({ platform: 'zoho_meeting', app, account, counts, tokens });
}

createZohoMeetingSandbox satisfies CreateSandbox;
