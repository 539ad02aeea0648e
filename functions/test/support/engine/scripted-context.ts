import { ImportError } from '../../../src/core/errors.ts';
import type { Credentials, ImportContext } from '../../../src/core/imports/import-context.ts';
import type {
  CallMetadata,
  DateRange,
  RejectedRecord,
  SourceCall,
  SourceTranscript,
} from '../../../src/core/imports/source-call.ts';

/** Which of a platform's answers differ from the ordinary. Each may throw. */
export interface ContextScript {
  readonly calls: number;
  readonly pageSize?: number;
  readonly onPage?: (index: number) => void;
  /** Calls of a page in place of its own. */
  readonly page?: (index: number) => readonly SourceCall[] | null;
  readonly onFetch?: (sourceCallId: string, hint: string | null) => void | Promise<void>;
  readonly onTranscript?: (sourceCallId: string) => void;
  /** Default: every call has a transcript. */
  readonly hasTranscript?: (sourceCallId: string) => boolean;
  readonly onMedia?: (sourceCallId: string) => void;
  /** What the platform says that there is; default: it can't say. */
  readonly count?: (range: DateRange) => number | Promise<number>;
  readonly hydrates?: boolean;
  readonly auth?: 'api_key' | 'none';
  readonly accepts?: (credentials: Readonly<Record<string, unknown>>) => boolean;
  /** What every method does first with the credentials that it gets. */
  readonly onUse?: (credentials: Credentials) => void;
  readonly renewal?: Required<Pick<ImportContext, 'findRenewal' | 'refreshCredentials'>>;
  /** Records of a page that can't be read. */
  readonly rejected?: (index: number) => readonly RejectedRecord[];
}

/** The id of the call with this index. */
export function idOf(index: number): string {
  return `call-${String(index).padStart(4, '0')}`;
}

/** A call as the scripted platform lists it. */
export function listedCall(index: number): SourceCall {
  return { sourceCallId: idOf(index), metadata: toMetadata(index) };
}

/** A platform in a few lines, for what the real sandboxes can't be made to do. */
export function createScriptedContext(script: ContextScript): ImportContext {
  const pageSize = script.pageSize ?? 10;
  const pages = Math.max(Math.ceil(script.calls / pageSize), 1);
  const all = Array.from({ length: script.calls }, (_, index) => listedCall(index));
  return {
    platform: 'fathom',
    displayName: 'Scripted',
    auth: script.auth ?? 'api_key',
    capabilities: {
      ...{ historicalImport: true, ongoingSync: false, transcriptReuse: true, uploads: false },
      exactCount: script.count !== undefined,
    },
    rateLimits: { requestsPerSecond: 10, requestsPerDay: null },
    parseCredentials: (input) => ({ given: input }),
    accountOf: () => ({
      key: 'scripted-1',
      rateLimits: { requestsPerSecond: 10, requestsPerDay: null },
      quotaTimeZone: 'UTC',
    }),
    validateCredentials: async (credentials) =>
      script.accepts?.(credentials) === false
        ? { valid: false, error: 'The key was revoked.' }
        : { valid: true },
    ...script.renewal,
    async *listCalls(credentials, { cursor }) {
      for (let index = Number(cursor ?? 0); index < pages; index += 1) {
        script.onUse?.(credentials);
        script.onPage?.(index);
        const own = all.slice(index * pageSize, (index + 1) * pageSize);
        const nextCursor = index + 1 < pages ? String(index + 1) : null;
        const rejected = script.rejected?.(index) ?? [];
        const isRejected = (id: string) => rejected.some((record) => record.sourceCallId === id);
        const readable = own.filter((call) => !isRejected(call.sourceCallId));
        const found = script.page?.(index) ?? readable;
        yield { calls: found, nextCursor, ...(rejected.length > 0 && { rejected }) };
      }
    },
    ...(script.count && {
      countCalls: async (credentials, { dateRange }) => {
        script.onUse?.(credentials);
        return script.count?.(dateRange) ?? 0;
      },
    }),
    ...(script.hydrates && {
      hydrateCalls: async (credentials, calls) => {
        script.onUse?.(credentials);
        return calls.map((call, index) => ({
          ...call,
          transcript: index % 5 === 4 ? null : transcriptOf(call.sourceCallId),
        }));
      },
    }),
    fetchCall: async (credentials, listed) => {
      script.onUse?.(credentials);
      await script.onFetch?.(listed.sourceCallId, listed.hint ?? null);
      const url = `https://media.example/${listed.sourceCallId}`;
      return { metadata: listed.metadata, media: { kind: 'url', url } };
    },
    getTranscript: async (credentials, { sourceCallId }) => {
      script.onUse?.(credentials);
      script.onTranscript?.(sourceCallId);
      const hasTranscript = script.hasTranscript?.(sourceCallId) ?? true;
      return hasTranscript ? transcriptOf(sourceCallId) : null;
    },
    openMedia: async (_credentials, media) => {
      const sourceCallId = media.kind === 'url' ? media.url.slice(-9) : media.key;
      script.onMedia?.(sourceCallId);
      const bytes = Buffer.from(`recording of ${sourceCallId}`);
      return { contentType: 'audio/mpeg', sizeBytes: bytes.byteLength, body: once(bytes) };
    },
  };
}

/** What a platform throws. */
export function platformError(
  kind: ImportError['kind'],
  options: { readonly retryAfterMs?: number; readonly hint?: string } = {},
): ImportError {
  return new ImportError({
    kind,
    source: 'fathom',
    publicMessage: `The platform says ${kind}.`,
    ...options,
  });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function transcriptOf(sourceCallId: string): SourceTranscript {
  const text = `The words of ${sourceCallId}.`;
  return {
    transcript: {
      language: 'en',
      speakers: [{ id: 'a', name: 'Ann Lee' }],
      segments: [{ speakerId: 'a', startMs: 0, endMs: 1_000, text }],
    },
    original: { text },
  };
}

function toMetadata(index: number): CallMetadata {
  return {
    title: `Call ${index}`,
    startedAt: new Date(Date.UTC(2025, 9, 1, 0, index)),
    durationSeconds: 60,
    participants: [
      {
        ...{ id: 'a', name: 'Ann Lee', email: 'ann.lee@northwind.example', phone: null },
        ...{ role: 'internal', attended: true },
      },
      {
        ...{ id: 'b', name: 'Tom Baker', email: 'tom.baker@acme.example', phone: '+14155550142' },
        ...{ role: 'external', attended: true },
      },
    ],
    sourceUrl: null,
    direction: null,
    mediaKind: 'audio',
    summary: null,
  };
}
