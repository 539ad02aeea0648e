import { ImportError } from '../../core/errors.ts';

const maxKeyBytes = 1024;
const maxSegmentBytes = 200;
/** What Cloud Storage's V4 signatures allow. */
const maxLinkLifetimeMs = 7 * 24 * 3_600_000;
const largestJsonBytes = 64 * 1024 * 1024;

/**
 * Accepts a key that every store can hold and no file system or URL reads as another one.
 * @throws `bad_request`
 * @see https://cloud.google.com/storage/docs/objects#naming
 */
export function requireObjectKey(key: string): string {
  const segments = key.split('/');
  const isSafe =
    key.isWellFormed() &&
    Buffer.byteLength(key) <= maxKeyBytes &&
    segments.every((segment) => isSafeSegment(segment));
  if (isSafe) return key;
  throw refused('That is not a valid object key.');
}

function isSafeSegment(segment: string): boolean {
  // Encoded, because that is the length of the file name on disk.
  if (segment === '' || segment === '.' || segment === '..' || !segment.isWellFormed())
    return false;
  if (encodeURIComponent(segment).length > maxSegmentBytes) return false;
  return !/[\u0000-\u001f\u007f-\u009f\\]/u.test(segment);
}

/** Accepts a media type that fits in a header. @throws `bad_request` */
export function requireContentType(contentType: string): string {
  if (/^[\x21-\x7e][\x20-\x7e]{0,199}$/.test(contentType)) return contentType;
  throw refused('That is not a valid content type.');
}

/** When a link that lives for `expiresInMs` ends. @throws `bad_request` */
export function requireLinkEnd(now: Date, expiresInMs: number): Date {
  if (expiresInMs >= 1000 && expiresInMs <= maxLinkLifetimeMs)
    return new Date(now.getTime() + expiresInMs);
  throw refused('A link can live from one second to seven days.');
}

/** Accepts a range of bytes that is not reversed. @throws `bad_request` */
export function requireRange(range: { start: number; end: number | null }): void {
  const { start, end } = range;
  const isValid =
    Number.isSafeInteger(start) &&
    start >= 0 &&
    (end === null || (Number.isSafeInteger(end) && end >= start));
  if (!isValid) throw refused('That is not a range of bytes.');
}

/** The error for a range that begins after the object's last byte. */
export function rangeNotSatisfiable(): ImportError {
  return refused('The range begins after the end of the object.');
}

/**
 * Reads a small stored document.
 * @throws `internal` when it is not JSON, `contract` when it is larger than a document may be
 */
export async function collectJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > largestJsonBytes) {
      throw new ImportError({
        kind: 'contract',
        source: 'storage',
        publicMessage: 'A stored document is larger than 64 MiB.',
      });
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    // The parser's message quotes the document, which may be a transcript: no cause.
    throw new ImportError({
      kind: 'internal',
      source: 'storage',
      publicMessage: 'A stored document is not JSON.',
      retryable: false,
    });
  }
}

function refused(publicMessage: string): ImportError {
  return new ImportError({ kind: 'bad_request', source: 'storage', publicMessage });
}
