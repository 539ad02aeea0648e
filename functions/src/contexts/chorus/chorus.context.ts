import { ImportError } from '../../core/errors.ts';
import { noteOf } from '../../kit/known-call.ts';
import { sequencedPages } from '../../kit/pages.ts';
import { defineContext } from '../define-context.ts';
import { createChorusClient, toAuthorization } from './chorus.client.ts';
import { chorusErrors } from './chorus.errors.ts';
import { toCalls, toTranscript, unfinished } from './chorus.mapping.ts';
import { ChorusCredentials, ChorusFilters, recordedTypes } from './chorus.schema.ts';

/** Where Chorus keeps recordings is not documented: another host is refused by name, to be added. */
const fileHosts = ['*.chorus.ai', '*.amazonaws.com', '*.cloudfront.net', 'storage.googleapis.com'];

/** Chorus, by its APIs v3 (lists) and v1 (details). @see https://chorus.ai/api/openapi.json */
export const chorusContext = defineContext({
  platform: 'chorus',
  displayName: 'Chorus by ZoomInfo',
  auth: 'api_key',
  capabilities: { transcriptReuse: true },
  // No limit is documented. A 429 halves the pace; one client was told to wait ten minutes.
  rateLimits: { requestsPerSecond: 1, requestsPerDay: null },
  rateLimitsOf: ({ requestsPerMinute = 60 }) => ({ requestsPerSecond: requestsPerMinute / 60 }),
  firstWaitMs: 60_000,
  credentials: ChorusCredentials,
  filters: ChorusFilters,
  errors: chorusErrors,
  listing: {
    status: 'beta',
    provenBy: 'sandbox',
    instructions: [
      'Choose whose token it is to be: it sees what its user sees, never private recordings. An admin’s sees the most.',
      'In Chorus, under Roles & permissions, allow that user’s role to use the API.',
      'As that user, open Personal Settings and generate an API token.',
      'Copy the token and send it to us by a safe way. Keep the user active until the import is over.',
    ],
    scopes: [],
    docsUrl: 'https://chorus.ai/api-docs/index.html',
    limits: 'None are documented: we send one request a second, and fewer when Chorus refuses.',
    price: 'Part of a Chorus licence; which of them have the API is not documented.',
  },
  baseUrl: 'https://chorus.ai',
  authorize: toAuthorization,
  accountOf: ({ apiKey }) => apiKey,
  media: { hosts: [], redirectHosts: fileHosts },
  settlingMs: 6 * 3_600_000,
  client: createChorusClient,

  /** Without the word Bearer, as Chorus' own example has it; with it where that is rejected. */
  validateCredentials: async (chorus, { credentials }) => {
    try {
      await chorus.me();
      return undefined;
    } catch (error) {
      const isRejected = error instanceof ImportError && error.kind === 'auth_invalid';
      if (!isRejected || credentials.scheme !== undefined) throw error;
    }
    const scheme = 'bearer' as const;
    await chorus.me(scheme);
    return { scheme };
  },
  listCalls: (chorus, listing) =>
    sequencedPages({
      ...listing,
      parts: recordedTypes,
      fetchPage: async (type, key) => {
        const page = await chorus.engagements(type, listing, key);
        // An empty page is the last, whatever it says.
        const next = page.engagements.length === 0 ? null : page.continuation_key;
        return { ...toCalls(page.engagements), next };
      },
    }),
  fetchRecording: async (chorus, listed) => {
    if (noteOf(listed) === unfinished) {
      const status = await chorus.status(listed.sourceCallId);
      if (status === 'no show') throw nobodyCame();
      if (status !== 'done') return 'not_ready';
    }
    return { url: chorus.mediaUrl(listed.sourceCallId) };
  },
  getTranscript: async (chorus, listed) => {
    const conversation = await chorus.conversation(listed.sourceCallId);
    // Before it is done, only a part of what was said may be there.
    if (conversation.status !== 'done') return null;
    return toTranscript(conversation, listed) ?? 'none';
  },
});

function nobodyCame(): ImportError {
  const publicMessage = 'Nobody came to this meeting: Chorus by ZoomInfo recorded nothing.';
  return new ImportError({ kind: 'not_found', source: 'chorus', publicMessage });
}
