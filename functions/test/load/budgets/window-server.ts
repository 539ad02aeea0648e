import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A platform that counts requests in sliding windows. */
export interface WindowServer {
  readonly url: string;
  /** When each request came, in milliseconds since an arbitrary start, also those refused. */
  readonly times: readonly number[];
  /** Requests refused because of their number. */
  readonly refusedCount: number;
  /** Refuses the next request, as if somebody else had used the account up. */
  refuseOnce(retryAfterSeconds: number): void;
  /** When that was, on the scale of `times`; null as long as no request came. */
  readonly refusedAtMs: number | null;
  close(): Promise<void>;
}

const windowMs = 1000;

/** Serves at most `requestsPerSecond` requests in any sliding second, over loopback. */
export async function startWindowServer(requestsPerSecond: number): Promise<WindowServer> {
  const times: number[] = [];
  const allowed: number[] = [];
  let refusedCount = 0;
  let refusedAtMs: number | null = null;
  let askToWaitSeconds: number | null = null;
  const toRetryAfter = (nowMs: number): number | null => {
    if (askToWaitSeconds !== null) {
      const seconds = askToWaitSeconds;
      askToWaitSeconds = null;
      refusedAtMs = nowMs;
      return seconds;
    }
    const first = allowed.at(-requestsPerSecond);
    if (first === undefined || nowMs - first >= windowMs) {
      allowed.push(nowMs);
      return null;
    }
    refusedCount += 1;
    return 1;
  };
  const server = createServer((_request, response) => {
    const nowMs = performance.now();
    times.push(nowMs);
    const retryAfter = toRetryAfter(nowMs);
    if (retryAfter === null) response.writeHead(200).end('{}');
    else response.writeHead(429, { 'retry-after': String(retryAfter) }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    times,
    get refusedCount() {
      return refusedCount;
    },
    get refusedAtMs() {
      return refusedAtMs;
    },
    refuseOnce: (seconds) => {
      askToWaitSeconds = seconds;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
