import type { ObjectStore } from '../ports.ts';
import type { Credentials, ImportContext } from './import-context.ts';
import type { ImportedCall, StoredMedia } from './imported-call.ts';
import type { MediaSource } from './source-call.ts';
import { toCallFolder } from './store-transcript.ts';

const extensions: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'audio/mpeg': 'mp3',
    'audio/mp3': 'mp3',
    'audio/mp4': 'm4a',
    'audio/x-m4a': 'm4a',
    'audio/aac': 'aac',
    'audio/wav': 'wav',
    'audio/x-wav': 'wav',
    'audio/wave': 'wav',
    'audio/flac': 'flac',
    'audio/ogg': 'ogg',
    'audio/webm': 'webm',
    'video/mp4': 'mp4',
    'video/webm': 'webm',
    'video/quicktime': 'mov',
    'video/x-matroska': 'mkv',
  }),
);

/** What servers say of files that they know nothing of. */
const unknownTypes: ReadonlySet<string> = new Set([
  '',
  'application/octet-stream',
  'binary/octet-stream',
]);

/**
 * Streams a recording from its platform into the object store; nothing holds the whole. The key
 * follows from the call, so that a second execution replaces the same object.
 * @throws `contract` above `maxBytes`, `unavailable` for a torn download
 */
export async function storeMedia(options: {
  readonly context: ImportContext;
  readonly credentials: Credentials;
  readonly objects: ObjectStore;
  readonly call: ImportedCall;
  readonly media: MediaSource;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}): Promise<StoredMedia> {
  const { context, credentials, objects, call, media, maxBytes, signal } = options;
  const stream = await context.openMedia(credentials, media, signal);
  const contentType = toMediaType([stream.contentType, media.contentType]);
  const written = await objects.write({
    key: `${toCallFolder(call)}/media.${toExtension(contentType)}`,
    contentType,
    body: stream.body,
    maxBytes,
    expectedBytes: stream.sizeBytes,
    signal,
  });
  const { key, sizeBytes, sha256, crc32c } = written;
  return { key, contentType, sizeBytes, sha256, crc32c };
}

/** The first type that says something, without its parameters and in lower case. */
function toMediaType(contentTypes: readonly (string | null | undefined)[]): string {
  const types = contentTypes.map((type) => (type ?? '').replace(/;.*$/s, '').trim().toLowerCase());
  return types.find((type) => !unknownTypes.has(type)) ?? 'application/octet-stream';
}

function toExtension(contentType: string): string {
  return extensions.get(contentType) ?? 'bin';
}
