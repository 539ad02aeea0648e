import { createHash } from 'node:crypto';
import { appendFileSync, closeSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CRC32C } from '@google-cloud/storage';

export interface TableObject {
  readonly key: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly crc32c: string;
  readonly md5: string;
  readonly generation: string;
  readonly updatedAt: Date;
}

/** Bytes on their way to becoming an object. */
export interface Draft {
  readonly sizeBytes: () => number;
  append(data: Buffer): void;
  crc32c(): string;
  commit(key: string, contentType: string): TableObject;
  drop(): void;
}

export interface ObjectTable {
  begin(id: string): Draft;
  find(key: string): TableObject | undefined;
  keys(): string[];
  /** The first bytes of an object, to look at. */
  peek(key: string, length: number): Buffer;
  remove(key: string): void;
  corruptNext(): void;
  /** The JSON resource of an object. */
  describe(object: TableObject): Record<string, unknown>;
}

/** Objects as files in a folder, so that the server's memory is not mistaken for the client's. */
export function createObjectTable(options: { folder: string; now: () => Date }): ObjectTable {
  const objects = new Map<string, TableObject>();
  let generation = 1_700_000_000_000_000;
  let isCorrupting = false;

  return {
    begin(id) {
      const path = join(options.folder, id);
      const md5 = createHash('md5');
      const crc32c = new CRC32C();
      let sizeBytes = 0;
      appendFileSync(path, '');
      return {
        sizeBytes: () => sizeBytes,
        append(data) {
          const stored = isCorrupting ? Buffer.from(data.map((byte) => byte ^ 1)) : data;
          isCorrupting = false;
          appendFileSync(path, stored);
          md5.update(stored);
          crc32c.update(stored);
          sizeBytes += stored.length;
        },
        crc32c: () => crc32c.toString(),
        commit(key, contentType) {
          const object = {
            key,
            path: `${path}-${++generation}`,
            sizeBytes,
            contentType,
            crc32c: crc32c.toString(),
            md5: md5.digest('base64'),
            generation: String(generation),
            updatedAt: options.now(),
          };
          renameSync(path, object.path);
          objects.set(key, object);
          return object;
        },
        drop: () => rmSync(path, { force: true }),
      };
    },
    find: (key) => objects.get(key),
    keys: () => [...objects.keys()],
    peek(key, length) {
      const object = objects.get(key);
      const buffer = Buffer.alloc(length);
      if (!object) return buffer.subarray(0, 0);
      const descriptor = openSync(object.path, 'r');
      const read = readSync(descriptor, buffer, 0, length, 0);
      closeSync(descriptor);
      return buffer.subarray(0, read);
    },
    remove: (key) => void objects.delete(key),
    corruptNext: () => {
      isCorrupting = true;
    },
    describe: (object) => ({
      kind: 'storage#object',
      name: object.key,
      size: String(object.sizeBytes),
      contentType: object.contentType,
      crc32c: object.crc32c,
      md5Hash: object.md5,
      generation: object.generation,
      updated: object.updatedAt.toISOString(),
    }),
  };
}
