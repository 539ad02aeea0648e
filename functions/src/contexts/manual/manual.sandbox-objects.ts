import { createHash } from 'node:crypto';
import { ImportError } from '../../core/errors.ts';
import type { ObjectStore, StoredObject } from '../../core/ports.ts';

/** An object store in memory that counts what was read, for the manual platform's sandbox. */
export interface SandboxObjects extends ObjectStore {
  readonly readBytes: number;
  /** Stores bytes; `isComposed` leaves them without MD5, as Cloud Storage leaves composed objects. */
  put(key: string, bytes: Uint8Array, options?: { readonly isComposed: boolean }): void;
}

/** Creates an empty store that signs nothing. */
export function createSandboxObjects(now: () => Date): SandboxObjects {
  const stored = new Map<string, { readonly bytes: Uint8Array; readonly object: StoredObject }>();
  let readBytes = 0;

  const put: SandboxObjects['put'] = (key, bytes, options) => {
    const md5 = createHash('md5').update(bytes).digest('base64');
    const object = {
      key,
      sizeBytes: bytes.length,
      contentType: 'application/octet-stream',
      crc32c: crc32c(bytes),
      md5: options?.isComposed ? null : md5,
      updatedAt: now(),
    };
    stored.set(key, { bytes, object });
  };
  const noLinks = async (): Promise<never> => {
    throw new ImportError({
      kind: 'internal',
      source: 'storage',
      publicMessage: 'The sandbox signs no links.',
    });
  };

  return {
    get readBytes() {
      return readBytes;
    },
    put,
    write: async ({ key, body }) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      put(key, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { key, sizeBytes: bytes.length, sha256, crc32c: crc32c(bytes) };
    },
    writeJson: async (key, value) => put(key, Buffer.from(JSON.stringify(value))),
    readJson: async (key) => {
      const found = stored.get(key);
      if (found === undefined) return null;
      const json: unknown = JSON.parse(Buffer.from(found.bytes).toString());
      return json;
    },
    find: async (key) => stored.get(key)?.object ?? null,
    read: async (key, range) => {
      const found = stored.get(key);
      if (found === undefined) {
        throw new ImportError({
          kind: 'not_found',
          source: 'storage',
          publicMessage: 'There is no such object.',
        });
      }
      const bytes = found.bytes.subarray(range?.start ?? 0, range?.end ?? undefined);
      readBytes += bytes.length;
      // In pieces, as a network gives them.
      return (async function* () {
        for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
      })();
    },
    remove: async (key) => void stored.delete(key),
    signRead: noLinks,
    signWrite: noLinks,
    uriOf: (key) => `gs://sandbox/${key}`,
  };
}

function crc32c(bytes: Uint8Array): string {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  const result = Buffer.alloc(4);
  result.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return result.toString('base64');
}
