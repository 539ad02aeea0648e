import type { ImportContext, Platform } from './imports/import-context.ts';
import type { TranscriptSegment } from './imports/source-call.ts';

/** Now, as the engine sees it. */
export interface Clock {
  now(): Date;
}

/** Unguessable, unique, safe in a document path: 20 characters of [a-z0-9]. */
export type CreateId = () => string;

export type QueueName = 'advanceJob' | 'processCall';

export interface NewTask {
  readonly queue: QueueName;
  /** Dedups while the queue remembers it; `[A-Za-z0-9_-]{1,400}`, one per legitimate run. */
  readonly name: string;
  /** Ids only, under 2 kB: task bodies are readable by operators. */
  readonly payload: Readonly<Record<string, string | number>>;
  /** Not before; null is at once. */
  readonly runAt: Date | null;
}

/** At-least-once delivery, in no order. */
export interface TaskQueue {
  /** `duplicate`: a task of that name was accepted before, which is as good. @throws `unavailable` */
  enqueue(task: NewTask): Promise<'created' | 'duplicate'>;
}

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly contentType: string | null;
  /** Base64 of the big-endian CRC32C, as Cloud Storage writes it. */
  readonly crc32c: string;
  /** Base64 MD5; null for objects that Cloud Storage composed. */
  readonly md5: string | null;
  readonly updatedAt: Date;
}

/** What was written, measured on the way through. */
export interface WrittenObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly crc32c: string;
}

export interface WriteObjectOptions {
  readonly key: string;
  readonly contentType: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** More bytes than this is `contract`: nothing is stored. */
  readonly maxBytes: number;
  /** When known, fewer or more is `unavailable` (a torn download): nothing is stored. */
  readonly expectedBytes: number | null;
  readonly signal?: AbortSignal;
}

export interface SignedRequest {
  readonly url: string;
  readonly method: 'GET' | 'PUT';
  /** Must be sent as they are: they are part of the signature. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
}

/**
 * The bucket. Keys are `/`-separated, never derived from a user's file name. A write replaces the
 * whole object or leaves the earlier one: there is no half-written state.
 */
export interface ObjectStore {
  /** Streams; memory does not grow with the size. @throws `contract`, `unavailable` */
  write(options: WriteObjectOptions): Promise<WrittenObject>;
  /** Small documents: transcripts, manifests. */
  writeJson(key: string, value: unknown): Promise<void>;
  /** Null when there is none. */
  readJson(key: string): Promise<unknown>;
  /** Null when there is none. */
  find(key: string): Promise<StoredObject | null>;
  /** Bytes `start` (inclusive) to `end` (exclusive; null: to the last). @throws `not_found` */
  read(
    key: string,
    range?: { start: number; end: number | null },
  ): Promise<AsyncIterable<Uint8Array>>;
  /** Idempotent: a missing object is as good. */
  remove(key: string): Promise<void>;
  /** A link to play or download `key` until `expiresInMs` from now; never logged. */
  signRead(key: string, expiresInMs: number): Promise<SignedRequest>;
  /** A link to upload `key` with exactly that type and at most that many bytes. */
  signWrite(
    key: string,
    options: { contentType: string; maxBytes: number; expiresInMs: number },
  ): Promise<SignedRequest>;
  /** What the transcriber reads: `gs://bucket/key`. */
  uriOf(key: string): string;
}

export type TranscriptionCheck =
  | { readonly status: 'running'; readonly checkAgainInMs: number }
  | {
      readonly status: 'done';
      readonly language: string | null;
      /** `speakerId` is `Speaker 1`… in order of the first word. Empty for silence. */
      readonly segments: readonly TranscriptSegment[];
      /** The service's own answer, kept beside the normalised one. */
      readonly original: unknown;
      readonly billedSeconds: number | null;
    };

/** Speech-to-text: started, not awaited. */
export interface Transcriber {
  /** The operation's name, to be stored before anything else: it is paid for once started. */
  start(request: {
    uri: string;
    languageCodes: readonly string[];
    channelCount: number | null;
  }): Promise<{
    operation: string;
    checkAgainInMs: number;
  }>;
  /** @throws `bad_request` when this file can't be transcribed, `not_found` when the operation is gone */
  check(operation: string, uri: string): Promise<TranscriptionCheck>;
}

/** Seals small secrets. `binding` is authenticated, not stored: another binding does not open it. */
export interface Sealer {
  seal(plaintext: string, binding: readonly string[]): Promise<SealedSecret>;
  /** @throws `internal` when the binding differs or the bytes were changed */
  open(sealed: SealedSecret, binding: readonly string[]): Promise<string>;
  /** The key version that seals now. */
  currentKey(): Promise<string>;
  /**
   * Makes a new key version where that is ours to do (a key file); in the cloud the operator or a
   * schedule does. Returns the version that seals from now on.
   */
  renewKey(): Promise<string>;
  /** Forgets every other version where that is ours to do: what they sealed opens no more. */
  retireKeys(keep: readonly string[]): Promise<void>;
}

export interface SealedSecret {
  /** The key-encryption key's name and version. */
  readonly keyVersion: string;
  /** All base64. The data key is wrapped by the key above. */
  readonly wrappedKey: string;
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
}

export interface ChatMessage {
  /** What notifications and screen readers show. */
  readonly text: string;
  /** Block Kit blocks. */
  readonly blocks: readonly Readonly<Record<string, unknown>>[];
}

/** A chat channel whose messages can be edited. */
export interface Messenger {
  /** @throws `rate_limited`, `unavailable` (it may have been posted), `auth_invalid`, `not_found` */
  post(
    message: ChatMessage & { threadId: string | null; reference: string },
  ): Promise<PostedMessage>;
  /** @throws as `post`; `not_found` when the message can no longer be edited */
  edit(posted: PostedMessage, message: ChatMessage): Promise<void>;
  /** Finds a message that `post` left under this reference, null when there is none or we may not look. */
  findPosted(reference: string): Promise<PostedMessage | null>;
}

export interface PostedMessage {
  readonly channelId: string;
  readonly messageId: string;
}

/** Looks a context up; null for a platform that has none yet. */
export type FindContext = (platform: Platform) => ImportContext | null;
