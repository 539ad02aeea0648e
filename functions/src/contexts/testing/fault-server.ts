import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A loopback server whose socket behaves as told, for what no fetch handler can fake. */
export interface FaultServer {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** Requests received so far. */
  readonly requests: readonly {
    readonly path: string;
    readonly headers: IncomingMessage['headers'];
  }[];
  close(): Promise<void>;
}

/** Starts a server on a free port; `answer` gets the number of the request, from 1. */
export async function startFaultServer(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<FaultServer> {
  const requests: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers });
    answer(request, response, requests.length);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${String(port)}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Runs the work before a server and closes it whatever happens. */
export async function withFaultServer(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
  work: (server: FaultServer) => Promise<void>,
): Promise<void> {
  const server = await startFaultServer(answer);
  try {
    await work(server);
  } finally {
    await server.close();
  }
}
