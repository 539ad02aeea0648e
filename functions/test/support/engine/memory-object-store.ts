import { createHash } from 'node:crypto';
import { ImportError } from '../../../src/core/errors.ts';
import type { ObjectStore, StoredObject } from '../../../src/core/ports.ts';

/** Objects in memory, with the same rules as the bucket: whole writes only, sizes checked. */
export interface MemoryObjectStore extends ObjectStore {
  /** Every key that there is, sorted. */
  keys(): readonly string[];
  /** How often recordings, not documents, were written whole. */
  readonly mediaWrites: number;
}

/** Creates an empty store. */
export function createMemoryObjectStore(): MemoryObjectStore {
  const objects = new Map<string, { readonly stored: StoredObject; readonly bytes: Buffer }>();
  let mediaWrites = 0;
  const put = (key: string, contentType: string, bytes: Buffer) => {
    const crc32c = createHash('md5').update(bytes).digest('base64').slice(0, 8);
    const stored = {
      ...{ key, contentType, crc32c, sizeBytes: bytes.byteLength },
      ...{ md5: null, updatedAt: new Date(0) },
    };
    objects.set(key, { stored, bytes });
    return stored;
  };
  const store: ObjectStore = {
    async write({ key, contentType, body, maxBytes, expectedBytes }) {
      const bytes = await collect(body, maxBytes);
      if (expectedBytes !== null && bytes.byteLength !== expectedBytes) throw torn();
      mediaWrites += 1;
      const { sizeBytes, crc32c } = put(key, contentType, bytes);
      return { key, sizeBytes, crc32c, sha256: createHash('sha256').update(bytes).digest('hex') };
    },
    writeJson: async (key, value) => {
      put(key, 'application/json', Buffer.from(JSON.stringify(value)));
    },
    readJson: async (key): Promise<unknown> => {
      const found = objects.get(key);
      return found ? JSON.parse(found.bytes.toString()) : null;
    },
    find: async (key) => objects.get(key)?.stored ?? null,
    read: async (key, range) => {
      const found = objects.get(key);
      if (!found) throw missing();
      return only(found.bytes.subarray(range?.start ?? 0, range?.end ?? undefined));
    },
    remove: async (key) => void objects.delete(key),
    signRead: () => Promise.reject(missing()),
    signWrite: () => Promise.reject(missing()),
    uriOf: (key) => `gs://memory/${key}`,
  };
  return {
    ...store,
    keys: () => [...objects.keys()].sort(),
    get mediaWrites() {
      return mediaWrites;
    },
  };
}

async function collect(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function torn(): ImportError {
  return new ImportError({
    kind: 'unavailable',
    source: 'storage',
    publicMessage: 'The download ended early.',
  });
}

function tooLarge(): ImportError {
  return new ImportError({
    kind: 'contract',
    source: 'storage',
    publicMessage: 'The recording is larger than allowed.',
  });
}

function missing(): ImportError {
  return new ImportError({
    kind: 'not_found',
    source: 'storage',
    publicMessage: 'There is no such object.',
  });
}
