import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { StoredObject } from '../../src/core/ports.ts';
import { createCrc32c } from '../../src/gcp/storage/crc32c.ts';

/** What a file's bytes and its name don't say is kept beside it; what they say is read from them. */
export interface ObjectFacts {
  /** Whether the key's extension tells the content type, so that nothing is kept beside the file. */
  isToldByName(object: { readonly key: string; readonly contentType: string }): boolean;
  /** Remembers the content type of an unpublished file, unless the key's extension tells it. */
  keepType(
    object: { readonly key: string; readonly contentType: string },
    handle: FileHandle,
  ): Promise<void>;
  /** Checksums are taken from the bytes when first asked for, and kept while the file is the same. */
  read(key: string, handle: FileHandle): Promise<Omit<StoredObject, 'key'>>;
}

type Checksums = Pick<StoredObject, 'crc32c' | 'md5'>;

const maxCached = 10_000;
const readBytes = 64 * 1024;

const types: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.mp3': 'audio/mpeg',
  '.m4a': 'audio/mp4',
  '.wav': 'audio/wav',
  '.flac': 'audio/flac',
  '.ogg': 'audio/ogg',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
};

/**
 * Facts of files by their inode: a rename keeps it, so what is written beside an unpublished file
 * belongs to exactly the bytes that are published, however writers and crashes interleave.
 */
export function createObjectFacts(folder: string): ObjectFacts {
  const cache = new Map<string, Checksums>();
  const isToldByName: ObjectFacts['isToldByName'] = ({ key, contentType }) =>
    types[extname(key)] === contentType;
  return {
    isToldByName,
    async keepType({ key, contentType }, handle) {
      if (isToldByName({ key, contentType })) return;
      const { ino } = await handle.stat();
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, String(ino)), `${key}\n${contentType}`);
    },
    async read(key, handle) {
      const { ino, size, mtimeMs } = await handle.stat();
      const version = `${ino}-${size}-${mtimeMs}`;
      const checksums = cache.get(version) ?? (await sum(handle));
      if (cache.size >= maxCached) cache.clear();
      cache.set(version, checksums);
      const contentType = (await readType(join(folder, String(ino)), key)) ?? types[extname(key)];
      const updatedAt = new Date(mtimeMs);
      return { contentType: contentType ?? null, sizeBytes: size, ...checksums, updatedAt };
    },
  };
}

/** Null when nothing is kept, or what is kept belongs to an earlier file of that inode. */
async function readType(path: string, key: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [keptKey, contentType] = text.split('\n');
  return keptKey === key && contentType ? contentType : null;
}

async function sum(handle: FileHandle): Promise<Checksums> {
  const md5 = createHash('md5');
  const crc32c = createCrc32c();
  const buffer = Buffer.allocUnsafe(readBytes);
  for (let position = 0; ;) {
    const { bytesRead } = await handle.read(buffer, 0, readBytes, position);
    if (bytesRead === 0) return { crc32c: crc32c.toString(), md5: md5.digest('base64') };
    const chunk = buffer.subarray(0, bytesRead);
    md5.update(chunk);
    crc32c.update(chunk);
    position += bytesRead;
  }
}
