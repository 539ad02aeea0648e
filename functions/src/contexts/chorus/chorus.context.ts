import { ImportError } from '../../core/errors.ts';
import type { SourceCall, SourceCallPage } from '../../core/imports/source-call.ts';
import { badCursor, cursorPages } from '../../kit/pages.ts';
import { mapRecords } from '../../kit/records.ts';
import { notReadyYet, requireSettled } from '../../kit/settling.ts';
import type { DefinedListOptions } from '../context.ts';
import { defineContext } from '../define-context.ts';
import { createChorusClient, toAuthorization } from './chorus.client.ts';
import type { ChorusClient } from './chorus.client.ts';
import { chorusErrors } from './chorus.errors.ts';
import { toSourceCall, toTranscript, unfinished } from './chorus.mapping.ts';
import {
  ChorusCredentials,
  ChorusEngagement,
  ChorusFilters,
  recordedTypes,
} from './chorus.schema.ts';
import type { RecordedType } from './chorus.schema.ts';

const source = 'chorus';
const displayName = 'Chorus by ZoomInfo';
const settlingMs = 6 * 60 * 60 * 1000;
const settling = { source, displayName, settlingMs };
/** Where Chorus keeps recordings is not documented: another host is refused by name, to be added. */
const fileHosts = ['*.chorus.ai', '*.amazonaws.com', '*.cloudfront.net', 'storage.googleapis.com'];

/** Chorus, by its APIs v3 (lists) and v1 (details). @see https://chorus.ai/api/openapi.json */
export const chorusContext = defineContext({
  platform: source,
  displayName,
  auth: 'api_key',
  capabilities: { transcriptReuse: true },
  // No limit is documented. A 429 halves the pace; one client was told to wait ten minutes.
  rateLimits: { requestsPerSecond: 1, requestsPerDay: null },
  rateLimitsOf: ({ requestsPerMinute = 60 }) => ({
    ...{ requestsPerSecond: requestsPerMinute / 60, requestsPerDay: null },
  }),
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
  settlingMs,
  client: createChorusClient,

  /** Without the word Bearer, as Chorus' own example has it; with it where that is rejected. */
  validateCredentials: async (chorus) => {
    try {
      await chorus.me();
      return undefined;
    } catch (error) {
      const isRejected = error instanceof ImportError && error.kind === 'auth_invalid';
      if (!isRejected || chorus.credentials.scheme !== undefined) throw error;
    }
    const scheme = 'bearer' as const;
    await chorus.me(scheme);
    return { scheme };
  },
  listCalls: listPages,
  fetchCall: async (chorus, listed) => {
    const { sourceCallId, metadata, hint } = listed;
    if (hint === unfinished) await requireFinished(chorus, listed);
    return { metadata, media: { kind: 'url', url: chorus.mediaUrl(sourceCallId) } };
  },
  getTranscript: async (chorus, listed) => {
    try {
      const conversation = await chorus.conversation(listed.sourceCallId);
      // Before it is done, only a part of what was said may be there.
      if (conversation.status !== 'done') return null;
      return toTranscript(conversation, listed) ?? 'none';
    } catch (error) {
      const isMissing = error instanceof ImportError && error.kind === 'not_found';
      const now = chorus.clock.now();
      if (isMissing) requireSettled(listed, { ...settling, now, what: 'transcript', cause: error });
      throw error;
    }
  },
});

/** Meetings, then dialled calls; the cursor says which, and what Chorus continues by. */
function listPages(
  chorus: ChorusClient,
  { cursor, ...listing }: DefinedListOptions<ChorusFilters>,
): AsyncGenerator<SourceCallPage> {
  return cursorPages({
    ...{ source, cursor },
    fetchPage: async (text) => {
      const { type, key } = text === null ? { type: recordedTypes[0], key: null } : toPlace(text);
      const page = await chorus.engagements(type, listing, key);
      const mapped = mapRecords({
        ...{ records: page.engagements, at: 'engagements', idField: 'engagement_id' },
        ...{ schema: ChorusEngagement, toSourceCall },
      });
      // An empty page is the last, whatever it says.
      const more = page.engagements.length === 0 ? null : (page.continuation_key ?? null);
      if (more !== null) return { ...mapped, next: `${type}|${more}` };
      const following = recordedTypes[recordedTypes.indexOf(type) + 1];
      return { ...mapped, next: following === undefined ? null : `${following}|` };
    },
  });
}

function toPlace(text: string): { readonly type: RecordedType; readonly key: string | null } {
  const at = text.indexOf('|');
  const type = recordedTypes.find((each) => each === text.slice(0, at));
  if (type === undefined) throw badCursor(source);
  return { type, key: text.slice(at + 1) || null };
}

/** @throws `not_ready` until Chorus has finished the call, `not_found` when nobody came to it */
async function requireFinished(chorus: ChorusClient, listed: SourceCall): Promise<void> {
  const status = await chorus.status(listed.sourceCallId);
  if (status === 'done') return;
  if (status === 'no show') {
    const publicMessage = `Nobody came to this meeting: ${displayName} recorded nothing.`;
    throw new ImportError({ kind: 'not_found', source, publicMessage });
  }
  const now = chorus.clock.now();
  throw notReadyYet(listed, { source, displayName, now, what: 'recording' });
}
