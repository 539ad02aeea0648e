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
