import { finished, pipeline } from 'node:stream/promises';
import type { File } from '@google-cloud/storage';
import { ImportError } from '../../core/errors.ts';
import type { WriteObjectOptions, WrittenObject } from '../../core/ports.ts';
import { attempt } from './attempt.ts';
import type { AttemptLimits } from './attempt.ts';
import { measureBody } from './measured-body.ts';
import type { BodyMeasure, MeasuredBody } from './measured-body.ts';
import { findObject, ObjectMetadata } from './object-metadata.ts';
import { toStorageError } from './storage-errors.ts';

/** Up to here a body is sent in one request, checksum included, instead of opening a session. */
const smallBodyBytes = 512 * 1024;

export interface Upload {
  readonly file: File;
  readonly request: WriteObjectOptions;
  readonly chunkBytes: number;
  readonly limits: AttemptLimits;
}

/**
 * Uploads a body as a whole or not at all, and checks what the service says it has.
 * @throws as `ObjectStore.write`
 */
export async function writeObject(upload: Upload): Promise<WrittenObject> {
  const { request } = upload;
  const stop = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, stop.signal]) : stop.signal;
  const body = measureBody({ ...request, signal });
  try {
    const head = await readHead(body);
    const whole = body.measure();
    if (whole !== null) await sendWhole({ ...upload, bytes: Buffer.concat(head), measure: whole });
    else await sendInChunks({ ...upload, head, body, stop, signal });
  } catch (error) {
    const sent = body.measure();
    const isKnownFailure = sent === null || request.signal?.aborted === true;
    if (isKnownFailure || !(await isStored(upload, sent))) throw toStorageError(error, 'write');
    return { key: request.key, ...sent };
  } finally {
    await body.chunks.return();
  }
  return { key: request.key, ...(await requireIntact(upload, body.measure())) };
}

/** The first bytes, by which a small body is told from a large one: after it, `measure` says. */
async function readHead(body: MeasuredBody): Promise<Uint8Array[]> {
  const head: Uint8Array[] = [];
  for (let sizeBytes = 0; sizeBytes <= smallBodyBytes;) {
    const next = await body.chunks.next();
    if (next.done === true) return head;
    sizeBytes += next.value.byteLength;
    head.push(next.value);
  }
  return head;
}

/** The service compares the checksum before it stores anything. */
async function sendWhole(upload: Upload & { bytes: Buffer; measure: BodyMeasure }): Promise<void> {
  const { file, request, bytes, measure, limits } = upload;
  const { contentType, signal } = request;
  const send = async (): Promise<void> => {
    const metadata = { contentType, crc32c: measure.crc32c };
    const sink = file.createWriteStream({ resumable: false, validation: false, metadata });
    sink.end(bytes);
    await finished(sink);
  };
  await attempt(send, { operation: 'write', limits, signal });
}

/**
 * Sends a body of any size with one chunk of it in memory. Without chunks the client could not
 * repeat what the service had not yet stored when a connection broke.
 */
async function sendInChunks(
  upload: Upload & {
    head: Uint8Array[];
    body: MeasuredBody;
    stop: AbortController;
    signal: AbortSignal;
  },
): Promise<void> {
  const { file, request, head, body, stop, signal } = upload;
  const sink = file.createWriteStream({
    resumable: true,
    chunkSize: upload.chunkBytes,
    validation: false,
    metadata: { contentType: request.contentType },
  });
  // A source that stalls would keep a failed upload waiting.
  sink.once('error', (error) => stop.abort(error));
  await pipeline(
    async function* () {
      yield* head;
      yield* body.chunks;
    },
    sink,
    { signal },
  ).catch((error: unknown) => {
    throw stop.signal.aborted ? stop.signal.reason : error;
  });
}

/** A session's checksum is known only at its end, so a damaged object is taken away afterwards. */
async function requireIntact(upload: Upload, sent: BodyMeasure | null): Promise<BodyMeasure> {
  const { file, limits } = upload;
  const stored = ObjectMetadata.safeParse(file.metadata);
  if (sent !== null && stored.success) {
    const { crc32c, size, generation } = stored.data;
    if (crc32c === sent.crc32c && size === sent.sizeBytes) return sent;
    // Exactly that generation: somebody may have written a good one since.
    const precondition = { ifGenerationMatch: generation, ignoreNotFound: true };
    await attempt(() => file.delete(precondition), { operation: 'remove', limits });
  }
  throw new ImportError({
    kind: 'unavailable',
    source: 'storage',
    publicMessage: 'The file was damaged on its way to storage.',
  });
}

/** An upload may have been stored although its answer was lost. */
async function isStored(upload: Upload, written: BodyMeasure): Promise<boolean> {
  try {
    const stored = await findObject(upload.file, upload.limits);
    return stored?.crc32c === written.crc32c && stored.sizeBytes === written.sizeBytes;
  } catch {
    // The upload's own error says more than this one.
    return false;
  }
}
