import { createHash } from 'node:crypto';
import { ImportError } from '../../core/errors.ts';
import { createCrc32c } from './crc32c.ts';

export interface BodyMeasure {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Base64 of the big-endian CRC32C. */
  readonly crc32c: string;
}

export interface MeasuredBody {
  /** Ends only when the whole body came through and had the size that was promised. */
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** Null until `chunks` has ended well. */
  measure(): BodyMeasure | null;
}

export interface MeasureOptions {
  readonly body: AsyncIterable<Uint8Array>;
  readonly maxBytes: number;
  readonly expectedBytes: number | null;
  readonly signal: AbortSignal;
}

/**
 * Passes a body through and measures it on the way, without a copy. The chunks go on by reference:
 * a source must not write into a buffer that it has yielded.
 * `chunks` @throws `contract` above `maxBytes`, `unavailable` when the body breaks off or has
 * another size than expected, `timeout` when the signal aborts; an `ImportError` of the source's
 * own passes through.
 */
export function measureBody(options: MeasureOptions): MeasuredBody {
  const sha256 = createHash('sha256');
  const crc32c = createCrc32c();
  let result: BodyMeasure | null = null;

  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    let sizeBytes = 0;
    for await (const chunk of untilAborted(options.body, options.signal)) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > options.maxBytes) throw tooLarge(options.maxBytes);
      if (options.expectedBytes !== null && sizeBytes > options.expectedBytes)
        throw wrongSize(options.expectedBytes, 'more');
      if (chunk.byteLength === 0) continue;
      sha256.update(chunk);
      crc32c.update(chunk);
      yield chunk;
    }
    if (options.expectedBytes !== null && sizeBytes < options.expectedBytes)
      throw wrongSize(options.expectedBytes, 'fewer');
    result = { sizeBytes, sha256: sha256.digest('hex'), crc32c: crc32c.toString() };
  }
  return { chunks: chunks(), measure: () => result };
}

/** A stalled source can't be asked to stop, so its pending read is left behind when `signal` aborts. */
async function* untilAborted(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = body[Symbol.asyncIterator]();
  let interrupt = (_reason: unknown): void => {};
  const onAbort = (): void => interrupt(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let isEnded = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        interrupt = reject;
        iterator.next().then(resolve, reject);
      });
      isEnded = next.done === true;
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    throw signal.aborted ? aborted(error) : brokenOff(error);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: behind a read that never ends, this would never end either.
    if (!isEnded) iterator.return?.().catch(() => {});
  }
}

function tooLarge(maxBytes: number): ImportError {
  return new ImportError({
    kind: 'contract',
    source: 'storage',
    publicMessage: `The file is larger than ${maxBytes} bytes, the most that is accepted.`,
  });
}

function wrongSize(expectedBytes: number, difference: 'more' | 'fewer'): ImportError {
  return new ImportError({
    kind: 'unavailable',
    source: 'storage',
    publicMessage: `The download had ${difference} bytes than the ${expectedBytes} announced.`,
  });
}

function aborted(cause: unknown): ImportError {
  return new ImportError({
    kind: 'timeout',
    source: 'storage',
    publicMessage: 'The file was not written in time.',
    cause,
  });
}

function brokenOff(error: unknown): ImportError {
  if (error instanceof ImportError) return error;
  return new ImportError({
    kind: 'unavailable',
    source: 'storage',
    publicMessage: 'The download broke off.',
    cause: error,
  });
}
