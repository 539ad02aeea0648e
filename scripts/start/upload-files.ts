import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { ApiClient } from './api-client.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.mp3': 'audio/mpeg',
  '.m4a': 'audio/mp4',
  '.wav': 'audio/wav',
  '.flac': 'audio/flac',
  '.ogg': 'audio/ogg',
  '.opus': 'audio/ogg',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
};
const metadataNames = ['metadata.csv', 'metadata.json'];
const batchSize = 100;

export interface UploadedFolder {
  readonly uploads: readonly { readonly uploadId: string; readonly fileName: string }[];
  /** Title, date and participants, from `metadata.csv` or `metadata.json` in the folder. */
  readonly metadata: unknown;
  /** Files that are no recordings by their name. */
  readonly leftOut: readonly string[];
}

/** Uploads every recording of a folder through signed links. @throws Error when there is none */
export async function uploadFolder(
  api: ApiClient,
  folder: { readonly path: string; readonly customerId: string },
): Promise<UploadedFolder> {
  const names = await listFiles(folder.path);
  const recordings = names.filter((name) => toContentType(name) !== null);
  const metadataName = metadataNames.find((name) => names.includes(name));
  const leftOut = names.filter((name) => !recordings.includes(name) && name !== metadataName);
  if (recordings.length === 0) {
    const known = Object.keys(contentTypes).join(' ');
    throw new Error(`There is no recording in ${folder.path}: files end in one of ${known}.`);
  }
  const uploads: { uploadId: string; fileName: string }[] = [];
  for (let start = 0; start < recordings.length; start += batchSize) {
    const batch = recordings.slice(start, start + batchSize);
    uploads.push(...(await uploadBatch(api, folder, batch)));
  }
  return { uploads, metadata: await readMetadata(folder.path, metadataName), leftOut };
}

async function listFiles(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => {
    throw new Error(`The folder ${path} can't be read.`);
  });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

async function uploadBatch(
  api: ApiClient,
  folder: { readonly path: string; readonly customerId: string },
  names: readonly string[],
) {
  const files = names.map((fileName) => ({ fileName, contentType: toContentType(fileName) }));
  const links = await api.createUploads({ customerId: folder.customerId, files });
  for (const link of links) {
    const path = join(folder.path, link.fileName);
    const { size } = await stat(path);
    const response = await fetch(link.url, {
      method: 'PUT',
      headers: { ...link.headers, 'content-length': String(size) },
      body: Readable.toWeb(createReadStream(path)),
      duplex: 'half',
    });
    if (!response.ok)
      throw new Error(`${link.fileName}: the upload ended with ${response.status}.`);
  }
  return links.map(({ uploadId, fileName }) => ({ uploadId, fileName }));
}

async function readMetadata(path: string, name: string | undefined): Promise<unknown> {
  if (name === undefined) return undefined;
  const text = await readFile(join(path, name), 'utf8');
  if (!name.endsWith('.json')) return text;
  const rows: unknown = JSON.parse(text);
  return rows;
}

function toContentType(name: string): string | null {
  return contentTypes[extname(name).toLowerCase()] ?? null;
}
