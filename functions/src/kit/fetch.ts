import { ImportError } from '../core/errors.ts';

/** The headers of an answer, case-insensitive. */
export interface ResponseHeaders {
  get(name: string): string | null;
}

/** What the kit uses of a response; the global `Response` is one. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: AsyncIterable<Uint8Array> | null;
}

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  /** Redirects are answers: whoever follows one checks it first. */
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

/** One HTTP exchange; the global `fetch` is one, a sandbox's handler too. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** Waits `ms` milliseconds. Rejects with the signal's reason when it aborts first. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** `Sleep` on the process's timers. */
export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });

/** What a signal was aborted with, as an `Error`. */
export function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException('Aborted', 'AbortError');
}

/** A signal that aborts with its parent or when its time runs out. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Starts the time again. */
  restart(timeoutMs: number): void;
  /** Stops the time; the parent still aborts. */
  stop(): void;
  /** Stops the time and lets go of the parent. */
  dispose(): void;
}

/** Creates a `Deadline`; the abort's reason is a `TimeoutError` when the time ran out. */
export function createDeadline(timeoutMs: number, parent: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const expire = (): void => {
    controller.abort(new DOMException('The time ran out.', 'TimeoutError'));
  };
  const onAbort = (): void => {
    controller.abort(abortReason(parent));
  };
  let timer = setTimeout(expire, timeoutMs);
  if (parent?.aborted === true) onAbort();
  parent?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    restart: (ms) => {
      clearTimeout(timer);
      timer = setTimeout(expire, ms);
    },
    stop: () => {
      clearTimeout(timer);
    },
    dispose: () => {
      clearTimeout(timer);
      parent?.removeEventListener('abort', onAbort);
    },
  };
}

/**
 * Reads a body to its end as text.
 * @throws `contract` beyond `maxBytes`; the rest is not read
 */
export async function readText(
  body: AsyncIterable<Uint8Array> | null,
  options: { readonly maxBytes: number; readonly source: string },
): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > options.maxBytes) {
      throw new ImportError({
        kind: 'contract',
        source: options.source,
        publicMessage: `The answer is larger than ${String(options.maxBytes)} bytes.`,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const discardAtMostBytes = 65_536;

/** Drains a short body so that its connection can be used again, and drops a long one. */
export async function discardBody(response: FetchResponse): Promise<void> {
  if (response.body === null) return;
  let sizeBytes = 0;
  try {
    for await (const chunk of response.body) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > discardAtMostBytes) break;
    }
  } catch {
    // Nobody wants these bytes: that they did not all arrive changes nothing.
  }
}
