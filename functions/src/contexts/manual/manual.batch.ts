import { createHash } from 'node:crypto';
import { ImportError } from '../../core/errors.ts';
import type { ObjectStore } from '../../core/ports.ts';
import { describeIssues } from '../../kit/issues.ts';
import { parseUploadMetadata, requireUploadRows } from '../../kit/upload-metadata.ts';
import type { UploadRow } from '../../kit/upload-metadata.ts';
import type { UploadBatch } from '../context.ts';
import { toBatchKey, toUploadKey } from './manual.keys.ts';
import { StoredBatch } from './manual.schema.ts';
import type { StoredBatchInput } from './manual.schema.ts';

/**
 * Stores the manifest of a batch of uploads with what was said about them, and returns the
 * credentials by which an import reads it. The batch's id is what its manifest says, so that the
 * same request sent twice stores the same batch.
 * @throws `bad_request` naming each wrong line or field, `unavailable`
 */
export async function acceptUploads(
  objects: ObjectStore,
  batch: UploadBatch,
): Promise<{ batchKey: string }> {
  const { customerId, uploads } = batch;
  const files = uploads.map(({ fileName }) => fileName);
  const rows = requireUploadRows(parseUploadMetadata(batch.metadata, { files }));
  const said = new Map(rows.map((row) => [row.file, row]));
  const entries = uploads.map((upload) => ({
    ...upload,
    key: toUploadKey({ customerId, uploadId: upload.uploadId }),
    ...toDescription(said.get(upload.fileName)),
  }));
  const digest = createHash('sha256').update(JSON.stringify(entries)).digest('hex');
  const batchId = digest.slice(0, 32);
  const stored: StoredBatchInput = { batchId, customerId, files: entries };
  const parsed = StoredBatch.safeParse(stored);
  if (!parsed.success) {
    throw new ImportError({
      kind: 'bad_request',
      source: 'manual',
      publicMessage: `The uploads cannot be imported like this: ${describeIssues(parsed.error)}.`,
    });
  }
  const batchKey = toBatchKey({ customerId, batchId });
  await objects.writeJson(batchKey, stored);
  return { batchKey };
}

/** Nothing was said about a file without a row. */
function toDescription(row: UploadRow | undefined) {
  return {
    title: row?.title ?? null,
    startedAt: row?.startedAt?.toISOString() ?? null,
    participants: [...(row?.participants ?? [])],
  };
}
