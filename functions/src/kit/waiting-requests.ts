import { abortReason } from './fetch.ts';

/** A request that waits for its slot. */
export interface WaitingRequest {
  /** Until when it may still start, in epoch milliseconds. */
  readonly deadlineMs: number;
  /** Resolves when it may start; rejects when it may not, or with its signal's reason. */
  readonly turn: Promise<void>;
  readonly isOver: boolean;
  start(): void;
  refuse(error: Error): void;
}

/** Requests in the order in which they came; who has started, was refused or aborted is gone. */
export interface WaitingRequests {
  readonly count: number;
  add(deadlineMs: number, signal: AbortSignal | undefined): WaitingRequest;
  /** All but the first `count`. */
  listAfter(count: number): readonly WaitingRequest[];
}

/** Creates an empty line of requests. */
export function createWaitingRequests(): WaitingRequests {
  const waiting = new Set<WaitingRequest>();
  return {
    get count() {
      return waiting.size;
    },
    listAfter: (count) => [...waiting].slice(count),
    add: (deadlineMs, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const request: WaitingRequest = {
        deadlineMs,
        turn: promise,
        get isOver() {
          return !waiting.has(request);
        },
        start: () => {
          leave();
          resolve();
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => {
        request.refuse(abortReason(signal));
      };
      const leave = (): void => {
        waiting.delete(request);
        signal?.removeEventListener('abort', onAbort);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.add(request);
      return request;
    },
  };
}
