import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { File } from '@google-cloud/storage';
import { z } from 'zod';
import { attempt } from './attempt.ts';
import type { AttemptLimits } from './attempt.ts';
import { findObject } from './object-metadata.ts';
import { objectNotFound, storageTimedOut, toStorageError } from './storage-errors.ts';

/**
 * Opens an object for reading; a whole one is checked against its checksum at the end. Tries again
 * until the first byte, and not after it: what was handed on can't be taken back.
 * @throws `not_found`, `bad_request` for a range after the end
 */
export async function readObject(download: {
  readonly file: File;
  readonly range: ByteRange | null;
  readonly limits: AttemptLimits;
}): Promise<AsyncIterable<Uint8Array>> {
  const { file, range, limits } = download;
  if (range !== null && range.start === range.end) {
    // An empty range can't be asked for; the object must exist all the same.
    if ((await findObject(file, limits)) === null) throw objectNotFound();
    return Readable.from([]);
  }
  const stream = await attempt(() => openStream(file, range), { operation: 'read', limits });
  return untilSilent(stream, limits.requestTimeoutMs);
}

interface ByteRange {
  readonly start: number;
  readonly end: number | null;
}

const Answer = z.object({ statusCode: z.number() });

async function openStream(file: File, range: ByteRange | null): Promise<Readable> {
  const stream = file.createReadStream({
    decompress: false,
    ...(range === null ? {} : { start: range.start, validation: false }),
    ...(range === null || range.end === null ? {} : { end: range.end - 1 }),
  });
  const failed = once(stream, 'error').then(([error]) => Promise.reject(error));
  const answered = once(stream, 'response').then(([response]) =>
    // The client emits an error with the answer's text right after a refusal.
    Answer.parse(response).statusCode < 400 ? null : failed,
  );
  // Without a first read nothing is asked.
  stream.read(0);
  try {
    await Promise.race([answered, failed]);
  } catch (error) {
    stream.destroy();
    throw error;
  }
  // From here on the reader of the stream meets its errors.
  failed.catch(() => {});
  return stream;
}

async function* untilSilent(stream: Readable, timeoutMs: number): AsyncGenerator<Uint8Array> {
  // A consumer may take its time; only the service must not.
  let isWaiting = true;
  const timer = setTimeout(() => {
    if (isWaiting) stream.destroy(storageTimedOut());
    else timer.refresh();
  }, timeoutMs);
  try {
    for await (const chunk of stream) {
      isWaiting = false;
      yield chunk;
      isWaiting = true;
      timer.refresh();
    }
  } catch (error) {
    throw toStorageError(error, 'read');
  } finally {
    clearTimeout(timer);
  }
}
