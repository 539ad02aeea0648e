import type { ImportError } from '../../core/errors.ts';
import { storageTimedOut, toStorageError } from './storage-errors.ts';
import type { StorageOperation } from './storage-errors.ts';

export interface AttemptLimits {
  /** How long one request may last. */
  readonly requestTimeoutMs: number;
  readonly maxRetries: number;
}

/**
 * Makes a request that may be repeated, with a deadline for each try and pauses between them. A
 * request that missed its deadline is left behind: the client can't be told to end it.
 * @throws what `toStorageError` makes of the last try, `timeout`
 */
export async function attempt<Result>(
  request: () => Promise<Result>,
  options: {
    readonly operation: StorageOperation;
    readonly limits: AttemptLimits;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Result> {
  const { operation, limits, signal } = options;
  for (let tries = 1; ; tries++) {
    try {
      return await within(limits.requestTimeoutMs, request(), signal);
    } catch (error) {
      const problem = toStorageError(error, operation);
      const isLast = tries > limits.maxRetries || signal?.aborted === true;
      if (isLast || !isTransient(problem)) throw problem;
      const pauseMs = Math.max(problem.retryAfterMs ?? 0, Math.min(250 * 2 ** tries, 8000));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function isTransient({ kind }: ImportError): boolean {
  return kind === 'unavailable' || kind === 'timeout' || kind === 'rate_limited';
}

async function within<Result>(
  timeoutMs: number,
  request: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(storageTimedOut()), timeoutMs);
  const onAbort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    return await Promise.race([request, interrupted]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
