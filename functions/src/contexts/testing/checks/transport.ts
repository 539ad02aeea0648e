import type { IncomingMessage, ServerResponse } from 'node:http';
import { createNetworkFetch } from '../../../kit/guarded-fetch.ts';
import type { MediaSource } from '../../../core/imports/source-call.ts';
import type { Check, Opened, Suite } from '../check.ts';
import { failureOf, listAll, readAll, required } from '../check.ts';
import { createRecorder } from '../fault-fetch.ts';
import type { FaultServer } from '../fault-server.ts';
import { withFaultServer } from '../fault-server.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** Long for loopback, short for a test. */
const timeoutMs = 80;
const json = { 'content-type': 'application/json' };
const audio = { 'content-type': 'audio/mpeg', etag: '"v1"', 'accept-ranges': 'bytes' };

export const transportChecks: readonly Check[] = [
  {
    name: 'tries again after a connection that was reset',
    run: (suite) =>
      listing(suite, (request) => request.socket.resetAndDestroy(), {
        kind: 'unavailable',
        requests: 3,
      }),
  },
  {
    name: 'tries again when no answer comes in time',
    run: (suite) => listing(suite, () => undefined, { kind: 'timeout', requests: 3 }),
  },
  {
    name: 'tries again when the body stalls',
    run: (suite) =>
      listing(
        suite,
        (_request, response) => {
          response.writeHead(200, json).write('{"recordings":[');
        },
        { kind: 'timeout', requests: 3 },
      ),
  },
  {
    name: 'tries again when the body is cut short',
    run: (suite) =>
      listing(
        suite,
        (request, response) => {
          response.writeHead(200, { ...json, 'content-length': '1000' });
          response.write('{"recordings":[', () => request.socket.destroy());
        },
        { kind: 'unavailable', requests: 3 },
      ),
  },
  {
    name: 'resumes a download after a reset',
    run: (suite) =>
      downloading(
        suite,
        (request, response, count) => {
          if (count === 1) {
            response.writeHead(200, { ...audio, 'content-length': '10' });
            response.write('01234', () => request.socket.resetAndDestroy());
            return;
          }
          const headers = { ...audio, 'content-range': 'bytes 5-9/10', 'content-length': '5' };
          response.writeHead(206, headers).end('56789');
        },
        async ({ read, server }) => {
          expect(await read()).toBe('0123456789');
          expect(server.requests).toHaveLength(2);
          expect(server.requests[1]?.headers).toMatchObject({
            range: 'bytes=5-',
            'if-range': '"v1"',
          });
        },
      ),
  },
  {
    name: 'never joins two versions of a recording',
    run: (suite) =>
      downloading(
        suite,
        (request, response, count) => {
          const etag = `"v${String(count)}"`;
          response.writeHead(200, { ...audio, etag, 'content-length': '10' });
          if (count === 1) response.write('01234', () => request.socket.resetAndDestroy());
          else response.end('abcdefghij');
        },
        async ({ read, server }) => {
          expect(await failureOf(read())).toMatchObject({ kind: 'unavailable', retryable: true });
          expect(server.requests).toHaveLength(2);
        },
      ),
  },
  {
    name: 'gives a download up that says nothing for too long',
    run: (suite) =>
      downloading(
        suite,
        (_request, response) => {
          response.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': '10' });
          response.write('01234');
        },
        async ({ read }) => {
          expect(await failureOf(read())).toMatchObject({ kind: 'timeout', retryable: true });
        },
      ),
  },
  {
    name: 'closes the connection of a download that its consumer leaves',
    run: async (suite) => {
      let closed: () => void = () => undefined;
      const isClosed = new Promise<void>((resolve) => {
        closed = resolve;
      });
      await downloading(
        suite,
        (_request, response) => {
          response.on('close', closed);
          response.writeHead(200, audio);
          const fill = (): void => {
            while (!response.destroyed && response.write(Buffer.alloc(65_536)));
          };
          response.on('drain', fill);
          fill();
        },
        async ({ open }) => {
          for await (const chunk of (await open()).body) {
            expect(chunk.byteLength).toBeGreaterThan(0);
            break;
          }
          await isClosed;
        },
      );
    },
  },
  {
    name: 'ends a download when it is aborted',
    run: (suite) =>
      downloading(
        suite,
        (_request, response) => {
          response.writeHead(200, audio).write('01234');
        },
        async ({ open }) => {
          const controller = new AbortController();
          const { body } = await open(controller.signal);
          const reading = failureOf(readAll(body));
          controller.abort();
          expect((await reading).kind).toBe('timeout');
        },
      ),
  },
];

/** The adapter over real sockets, before a server in the platform's place. */
async function overSockets(
  suite: Suite,
  answer: Answer,
  work: (opened: Opened, server: FaultServer) => Promise<void>,
): Promise<void> {
  await withFaultServer(answer, async (server) => {
    const allowedOrigins = [server.origin];
    const network = createNetworkFetch({ allowedOrigins });
    // Loaded before the short timeouts start to count.
    await import('undici');
    const { fetch, seen } = createRecorder(network.fetch);
    const { pathname } = new URL(required(suite.definition.baseUrl, 'base URL'));
    const opened = suite.open({
      environment: {
        allowedOrigins,
        fetch,
        baseUrl: `${server.origin}${pathname}`,
        requestTimeoutMs: timeoutMs,
        idleTimeoutMs: timeoutMs,
      },
    });
    try {
      await work({ ...opened, seen }, server);
    } finally {
      await network.close();
    }
  });
}

function listing(
  suite: Suite,
  answer: Answer,
  expected: { readonly kind: string; readonly requests: number },
): Promise<void> {
  return overSockets(suite, answer, async (opened) => {
    const error = await failureOf(listAll(opened, suite.credentials));
    expect(error).toMatchObject({
      kind: expected.kind,
      retryable: true,
      source: suite.definition.platform,
    });
    expect(opened.seen).toHaveLength(expected.requests);
  });
}

interface Download {
  readonly server: FaultServer;
  open(signal?: AbortSignal): ReturnType<Opened['context']['openMedia']>;
  read(): Promise<string>;
}

function downloading(
  suite: Suite,
  answer: Answer,
  work: (download: Download) => Promise<void>,
): Promise<void> {
  return overSockets(suite, answer, (opened, server) => {
    const media: MediaSource = { kind: 'url', url: `${server.origin}/recording.mp3` };
    const open = (signal?: AbortSignal) =>
      opened.context.openMedia(suite.credentials, media, signal);
    const read = async () => (await readAll((await open()).body)).toString();
    return work({ server, open, read });
  });
}
