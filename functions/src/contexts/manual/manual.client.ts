import { createHash } from 'node:crypto';
import { ImportError } from '../../core/errors.ts';
import type { SourceCall } from '../../core/imports/source-call.ts';
import type { ObjectStore, StoredObject } from '../../core/ports.ts';
import { describeIssues } from '../../kit/issues.ts';
import type { Toolkit } from '../context.ts';
import { toBatchKey, toListedUploadKey, toUploadKey } from './manual.keys.ts';
import { ListedBatch, ListedUpload } from './manual.schema.ts';
import type { ManualCredentials, UploadedFile } from './manual.schema.ts';
import type { z } from 'zod';

/** Requests to the store at a time: a page of 100 takes some tenths of a second. */
const concurrency = 16;

/** A file of the manifest with the id of the call that its bytes are. */
export interface IdentifiedFile {
  readonly sourceCallId: string;
  readonly file: UploadedFile;
}

export interface ManualClient {
  readonly objects: ObjectStore;
  readonly signal: AbortSignal | undefined;
  /** @throws `auth_invalid` when there is no such batch, `contract` when its manifest is broken */
  batch(): Promise<ListedBatch>;
  /** Finds out what each file is, in order; `note` also leaves word for `find`. */
  identify(
    files: readonly UploadedFile[],
    options: { readonly note: boolean },
  ): Promise<readonly IdentifiedFile[]>;
  /** The upload that a listed call stands for. @throws `not_found`, `contract` for an odd id */
  find(call: SourceCall): Promise<{ readonly upload: ListedUpload; readonly key: string }>;
}

/**
 * Reads one batch of uploads.
 *
 * A call's id is what its bytes are, `md5-<hex>-<size>`: the same recording uploaded twice, under
 * whatever name and in whatever batch, is the same call and is imported once. Which upload holds
 * the bytes is noted in the store when the call is listed, one small object for each call, so that
 * fetching a call needs neither the manifest nor a search. A second listing writes the same notes.
 */
export function createManualClient(
  toolkit: Toolkit<z.output<typeof ManualCredentials>>,
): ManualClient {
  const { objects, signal } = toolkit;
  const { batchKey } = toolkit.credentials;
  let loading: Promise<ListedBatch> | null = null;
  const batch = () => (loading ??= loadBatch(objects, batchKey));

  async function identifyOne(file: UploadedFile, options: { note: boolean }) {
    signal?.throwIfAborted();
    const { customerId, batchId } = await batch();
    const key = toUploadKey({ customerId, uploadId: file.uploadId });
    const stored = await objects.find(key);
    const state = stored === null ? 'missing' : stored.sizeBytes === 0 ? 'empty' : 'uploaded';
    const sourceCallId =
      stored === null || stored.sizeBytes === 0
        ? `${state}-${file.uploadId}`
        : await toContentId(objects, stored);
    if (options.note) {
      const upload = { uploadId: file.uploadId, fileName: file.fileName, state };
      await objects.writeJson(toListedUploadKey({ customerId, batchId }, sourceCallId), upload);
    }
    return { sourceCallId, file };
  }

  return {
    objects,
    signal,
    batch,
    identify: (files, options) => mapInOrder(files, (file) => identifyOne(file, options)),
    find: async ({ sourceCallId }) => {
      if (!/^(?:md5-[0-9a-f]{32}-\d+|(?:missing|empty)-[A-Za-z0-9_-]+)$/.test(sourceCallId)) {
        throw new ImportError({
          kind: 'contract',
          source: 'manual',
          publicMessage: 'This is not the id of an uploaded recording.',
        });
      }
      const { customerId, batchId } = await batch();
      const note = await objects.readJson(toListedUploadKey({ customerId, batchId }, sourceCallId));
      if (note === null) throw gone();
      const upload = ListedUpload.parse(note);
      return { upload, key: toUploadKey({ customerId, uploadId: upload.uploadId }) };
    },
  };
}

/** The upload of a call is no longer there. */
export function gone(): ImportError {
  return new ImportError({
    kind: 'not_found',
    source: 'manual',
    publicMessage: 'The uploaded recording is no longer there: it was removed or has expired.',
  });
}

/**
 * The id that stands for an object's bytes, the same wherever they lie. MD5 because the store has
 * it for nothing; with the size it tells recordings apart, and nobody gains by forging one.
 */
export async function toContentId(objects: ObjectStore, stored: StoredObject): Promise<string> {
  const md5 =
    stored.md5 === null
      ? await digest(objects, stored.key)
      : Buffer.from(stored.md5, 'base64').toString('hex');
  return `md5-${md5}-${String(stored.sizeBytes)}`;
}

/** An object that was composed of parts has no MD5 of its own: it is made up for, streaming. */
async function digest(objects: ObjectStore, key: string): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of await objects.read(key)) hash.update(chunk);
  return hash.digest('hex');
}

async function loadBatch(objects: ObjectStore, batchKey: string): Promise<ListedBatch> {
  // The key comes from a request: what does not name a manifest is not even looked up.
  const isBatch = /^customers\/[A-Za-z0-9_-]+\/uploads\/batches\/[A-Za-z0-9_-]+\.json$/;
  const json = isBatch.test(batchKey) ? await objects.readJson(batchKey) : null;
  if (json === null) {
    throw new ImportError({
      kind: 'auth_invalid',
      source: 'manual',
      publicMessage:
        'Manual upload has no such batch: upload the files first, then import them with the batch that the upload answered with.',
    });
  }
  const parsed = ListedBatch.safeParse(json);
  if (!parsed.success) {
    throw new ImportError({
      kind: 'contract',
      source: 'manual',
      publicMessage: `The manifest of this Manual upload is broken: ${describeIssues(parsed.error)}.`,
    });
  }
  // A manifest speaks for its own customer and place only, whatever it says.
  if (toBatchKey(parsed.data) === batchKey) return parsed.data;
  throw new ImportError({
    kind: 'contract',
    source: 'manual',
    publicMessage: 'The manifest of this Manual upload belongs to another customer or batch.',
  });
}

async function mapInOrder<TItem, TResult>(
  items: readonly TItem[],
  map: (item: TItem) => Promise<TResult>,
): Promise<readonly TResult[]> {
  const results: TResult[] = [];
  for (let start = 0; start < items.length; start += concurrency) {
    results.push(...(await Promise.all(items.slice(start, start + concurrency).map(map))));
  }
  return results;
}
