import { ImportError } from '../core/errors.ts';

/** A recording that can be read anywhere: a file, an object in a bucket. */
export interface MediaBytes {
  readonly sizeBytes: number;
  /** Bytes `start` (inclusive) to `end` (exclusive), exactly that many. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** Random access with bounds: what the parsers of `media-probe*.ts` read through. */
export interface BoundedReader {
  readonly sizeBytes: number;
  /** Bytes `start` to `end` (exclusive), cut at the end of the file. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** What ended the reading for good (a limit, the store, an abort), as opposed to odd bytes. */
  readonly failure: () => unknown;
}

const pageBytes = 64 * 1024;
/** 2 MiB: parsers go back and forth near the start and near the end, hardly ever in between. */
const keptPages = 32;

const readLimits = {
  /** The largest one: a table of contents of a day-long video is below it. */
  maxReadBytes: 32 * 1024 * 1024,
  maxTotalBytes: 64 * 1024 * 1024,
  /** Each may be a request to the bucket. */
  maxReads: 2_000,
} as const;

/**
 * Wraps `source` so that a file, however hostile, costs at most `readLimits`; small reads share
 * pages of 64 KiB. @throws `bad_request` past a limit, `timeout` once the signal aborts, and
 * whatever the source throws
 */
export function createBoundedReader(source: MediaBytes, signal: AbortSignal): BoundedReader {
  const pages = new Map<number, Uint8Array>();
  let failure: unknown = null;
  let reads = 0;
  let totalBytes = 0;

  async function fetchBytes(start: number, end: number): Promise<Uint8Array> {
    reads += 1;
    totalBytes += end - start;
    if (reads > readLimits.maxReads || totalBytes > readLimits.maxTotalBytes) {
      throw damaged('its structure asks for far more than a recording needs');
    }
    const bytes = await untilAborted(source.read(start, end), signal);
    if (bytes.length === end - start) return bytes;
    throw new ImportError({
      kind: 'unavailable',
      source: 'media',
      publicMessage: 'The file could not be read in full.',
    });
  }

  async function readPage(index: number): Promise<Uint8Array> {
    const kept = pages.get(index);
    if (kept !== undefined) return kept;
    const start = index * pageBytes;
    const page = await fetchBytes(start, Math.min(start + pageBytes, source.sizeBytes));
    for (const oldest of pages.keys()) {
      if (pages.size < keptPages) break;
      pages.delete(oldest);
    }
    pages.set(index, page);
    return page;
  }

  async function readWithin(start: number, end: number): Promise<Uint8Array> {
    if (end <= start) return new Uint8Array(0);
    if (end - start > readLimits.maxReadBytes) {
      throw damaged('it declares a part that is larger than any recording has');
    }
    const first = Math.floor(start / pageBytes);
    const last = Math.floor((end - 1) / pageBytes);
    if (last - first > 1) return fetchBytes(start, end);
    const head = await readPage(first);
    const offset = first * pageBytes;
    if (first === last) return head.subarray(start - offset, end - offset);
    const tail = await readPage(last);
    return Buffer.concat([
      head.subarray(start - offset),
      tail.subarray(0, end - offset - pageBytes),
    ]);
  }

  return {
    sizeBytes: source.sizeBytes,
    failure: () => failure,
    async read(start, end) {
      try {
        return await readWithin(start, Math.min(end, source.sizeBytes));
      } catch (error) {
        failure ??= error;
        throw error;
      }
    },
  };
}

/** The refusal of a file that was recognised and cannot be used; `what` says why in a clause. */
export function damaged(what: string, cause?: unknown): ImportError {
  return new ImportError({
    kind: 'bad_request',
    source: 'media',
    publicMessage: `The file is damaged or incomplete: ${what}. Export it again and upload the new copy.`,
    cause,
  });
}

/** A source that never answers must not hold the probe: the abort wins. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () =>
    aborted.reject(
      new ImportError({
        kind: 'timeout',
        source: 'media',
        publicMessage: 'The file could not be examined in time.',
        cause: signal.reason,
      }),
    );
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** A view whose reads past the end throw `RangeError`, which the probe takes as damage. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `length` bytes at `offset` as Latin-1: four-character codes. */
export function asciiAt(bytes: Uint8Array, offset: number, length = 4): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('latin1', offset, offset + length);
}
