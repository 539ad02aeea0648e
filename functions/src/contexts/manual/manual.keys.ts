/** Where an upload's bytes lie: the place for which the core signs links, in `create-uploads.ts`. */
export function toUploadKey(upload: {
  readonly customerId: string;
  readonly uploadId: string;
}): string {
  return `customers/${upload.customerId}/uploads/${upload.uploadId}`;
}

/** Where a batch's manifest lies. */
export function toBatchKey(batch: {
  readonly customerId: string;
  readonly batchId: string;
}): string {
  return `customers/${batch.customerId}/uploads/batches/${batch.batchId}.json`;
}

/** Where the listing notes which upload a call's id stands for, beside the batch's manifest. */
export function toListedUploadKey(
  batch: { readonly customerId: string; readonly batchId: string },
  sourceCallId: string,
): string {
  return `customers/${batch.customerId}/uploads/batches/${batch.batchId}/${sourceCallId}.json`;
}
