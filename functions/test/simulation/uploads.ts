import { toBatchKey, toUploadKey } from '../../src/contexts/manual/manual.keys.ts';
import {
  createManualSandbox,
  manualSandboxCredentials,
} from '../../src/contexts/manual/manual.sandbox.ts';
import type { ObjectStore } from '../../src/core/ports.ts';
import { uploader } from './scenario.ts';
import type { CustomersTruth } from './invariants.ts';

/** Puts a batch of recordings into the bucket, as links to upload would have. */
export async function uploadRecordings(
  objects: ObjectStore,
  options: { readonly files: number; readonly seed: number; readonly now: () => Date },
): Promise<CustomersTruth> {
  const { files, seed, now } = options;
  const sandbox = createManualSandbox({ calls: files, seed, now });
  const batchKey = toBatchKey({ customerId: uploader, batchId: 'sandbox-batch' });
  await objects.writeJson(
    batchKey,
    await sandbox.objects.readJson(manualSandboxCredentials.batchKey),
  );
  for (let index = 0; index < files; index += 1) {
    const key = toUploadKey({ customerId: uploader, uploadId: `upload-${String(index)}` });
    await objects.write({
      ...{ key, contentType: 'audio/wav', maxBytes: 1_000_000, expectedBytes: null },
      body: await sandbox.objects.read(key),
    });
  }
  const calls = new Map(sandbox.truth().map((call) => [call.sourceCallId, call]));
  return { customerId: uploader, platform: 'manual', calls, removed: new Set() };
}
