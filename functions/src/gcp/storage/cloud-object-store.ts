import { Readable } from 'node:stream';
import type { Bucket, File } from '@google-cloud/storage';
import { ImportError } from '../../core/errors.ts';
import type {
  Clock,
  ObjectStore,
  SignedRequest,
  StoredObject,
  WriteObjectOptions,
  WrittenObject,
} from '../../core/ports.ts';
import { readObject } from './cloud-download.ts';
import { writeObject } from './cloud-upload.ts';
import { createCrc32c } from './crc32c.ts';
import { findObject } from './object-metadata.ts';
import {
  collectJson,
  requireContentType,
  requireLinkEnd,
  requireObjectKey,
  requireRange,
} from './object-rules.ts';
import { attempt } from './attempt.ts';
import type { AttemptLimits } from './attempt.ts';
import { isNetwork, toStorageError } from './storage-errors.ts';

export interface CloudObjectStoreOptions {
  readonly bucketName: string;
  readonly projectId: string;
  readonly clock: Clock;
  /** Null is Google's own; another one is asked without credentials, as emulators want it. */
  readonly apiEndpoint?: string | null;
  /** How much of an upload is sent, and kept for a repeat, at a time: a multiple of 256 KiB. */
  readonly chunkBytes?: number;
  /** How long one request, or one pause within a download, may last. */
  readonly requestTimeoutMs?: number;
  readonly maxRetries?: number;
}

const largestUploadSeconds = 1800;

/**
 * Keeps objects in a Cloud Storage bucket. The client library loads at the first use. Links are
 * signed by the runtime's service account through IAM, or with its key where it has one.
 * @see https://cloud.google.com/storage/docs/performing-resumable-uploads
 */
export function createCloudObjectStore(options: CloudObjectStoreOptions): ObjectStore {
  const limits = {
    requestTimeoutMs: options.requestTimeoutMs ?? 60_000,
    maxRetries: options.maxRetries ?? 4,
  };
  const chunkBytes = options.chunkBytes ?? 8 * 1024 * 1024;
  let bucket: Promise<Bucket> | null = null;
  const fileOf = async (key: string): Promise<File> => {
    requireObjectKey(key);
    bucket ??= openBucket({ ...options, ...limits });
    return (await bucket).file(key);
  };
  const find = async (key: string): Promise<StoredObject | null> =>
    findObject(await fileOf(key), limits);

  const write = async (request: WriteObjectOptions): Promise<WrittenObject> => {
    requireContentType(request.contentType);
    const file = await fileOf(request.key);
    return writeObject({ file, request, chunkBytes, limits });
  };
  const read: ObjectStore['read'] = async (key, range) => {
    if (range) requireRange(range);
    return readObject({ file: await fileOf(key), range: range ?? null, limits });
  };

  return {
    write,
    find,
    read,
    async writeJson(key, value) {
      const bytes = Buffer.from(JSON.stringify(value));
      await write({
        key,
        contentType: 'application/json',
        body: Readable.from([bytes]),
        maxBytes: bytes.byteLength,
        expectedBytes: bytes.byteLength,
      });
    },
    async readJson(key) {
      try {
        return await collectJson(await read(key));
      } catch (error) {
        if (error instanceof ImportError && error.kind === 'not_found') return null;
        throw error;
      }
    },
    async remove(key) {
      const file = await fileOf(key);
      await attempt(() => file.delete({ ignoreNotFound: true }), { operation: 'remove', limits });
    },
    signRead: async (key, expiresInMs) =>
      signLink(await fileOf(key), {
        method: 'GET',
        now: options.clock.now(),
        expiresInMs,
        headers: {},
      }),
    signWrite: async (key, { contentType, maxBytes, expiresInMs }) =>
      signLink(await fileOf(key), {
        method: 'PUT',
        now: options.clock.now(),
        expiresInMs,
        headers: {
          'content-type': requireContentType(contentType),
          'x-goog-content-length-range': `0,${maxBytes}`,
        },
      }),
    uriOf: (key) => `gs://${options.bucketName}/${requireObjectKey(key)}`,
  };
}

async function openBucket(options: CloudObjectStoreOptions & AttemptLimits): Promise<Bucket> {
  const { IdempotencyStrategy, RETRYABLE_ERR_FN_DEFAULT, Storage } =
    await import('@google-cloud/storage');
  const storage = new Storage({
    projectId: options.projectId,
    ...(options.apiEndpoint ? { apiEndpoint: options.apiEndpoint } : {}),
    crc32cGenerator: createCrc32c,
    retryOptions: {
      autoRetry: options.maxRetries > 0,
      maxRetries: options.maxRetries,
      maxRetryDelay: 16,
      totalTimeout: largestUploadSeconds,
      // A repeated write stores the same bytes again, so it is safe without a precondition.
      idempotencyStrategy: IdempotencyStrategy.RetryAlways,
      retryableErrorFn: (error) => RETRYABLE_ERR_FN_DEFAULT(error) || isNetwork(error),
    },
  });
  const bounded = {
    // A chunk's upload honours the timeout and repeats itself within its session. Everything else
    // is bounded and repeated by `attempt`: the client ignores the timeout there, and its own repeat
    // of a download ends the process by an unhandled ERR_STREAM_UNABLE_TO_PIPE (teeny-request
    // 11.1.1, seen 2026-11).
    request: <Request extends object>(request: Request) =>
      Object.assign(request, { timeout: options.requestTimeoutMs, maxRetries: 0 }),
  };
  // The types differ by explicit `undefined`s alone: the client gets its own object back.
  storage.interceptors.push(bounded as (typeof storage.interceptors)[number]);
  return storage.bucket(options.bucketName);
}

async function signLink(
  file: File,
  link: {
    method: 'GET' | 'PUT';
    now: Date;
    expiresInMs: number;
    headers: Readonly<Record<string, string>>;
  },
): Promise<SignedRequest> {
  const { method, now, headers } = link;
  const expiresAt = requireLinkEnd(now, link.expiresInMs);
  const { 'content-type': contentType, ...extensionHeaders } = headers;
  try {
    const [url] = await file.getSignedUrl({
      version: 'v4',
      action: method === 'GET' ? 'read' : 'write',
      accessibleAt: now,
      expires: expiresAt,
      ...(contentType === undefined ? {} : { contentType }),
      ...(method === 'GET' ? { responseDisposition: 'attachment' } : { extensionHeaders }),
    });
    return { url, method, headers, expiresAt };
  } catch (error) {
    throw toStorageError(error, 'sign');
  }
}
