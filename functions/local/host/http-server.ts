import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { toFrontPage } from './front-page.ts';
import type { FunctionHost } from './function-host.ts';
import type { HostLog } from './host-log.ts';
import type { HostingRewrite } from './hosting-rewrites.ts';

/** A fetch-style handler for a path and everything below; it sees the whole URL. */
export interface Mount {
  readonly path: string;
  /** What the front page says of it. */
  readonly title?: string;
  fetch(request: Request): Response | Promise<Response>;
}

export interface HttpServerOptions {
  readonly host: FunctionHost;
  readonly rewrites: readonly HostingRewrite[];
  readonly mounts: readonly Mount[];
  /** Taken: the next free one of the 20 after it. 0: any. */
  readonly port: number;
  readonly log: HostLog;
}

export interface HttpServer {
  /** `http://127.0.0.1:5001` */
  readonly url: string;
  readonly port: number;
  /** Accepts nothing more, waits at most `limitMs` for requests under way, then cuts them off. */
  close(limitMs?: number): Promise<void>;
}

const maxPortTries = 20;
const defaultCloseLimitMs = 10_000;

/** Serves the host's functions, Hosting's rewrites and the mounts on this machine only. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer(createRouter(options));
  // Uploads and long answers take as long as they take: functions have timeouts of their own.
  server.requestTimeout = 0;
  const port = await listenOnFreePort(server, options);
  const url = `http://127.0.0.1:${port}`;
  options.host.listensAt(url);
  return { url, port, close: (limitMs) => closeServer(server, limitMs ?? defaultCloseLimitMs) };
}

function createRouter(options: HttpServerOptions): RequestListener {
  const { host, rewrites, log } = options;
  const mounts = options.mounts.map(({ path, fetch }) => ({
    path,
    listener: getRequestListener(fetch, { overrideGlobalObjects: false }),
  }));
  const functions = host.functions.flatMap((hosted) => {
    const handler = host.findHandler(hosted.name);
    return handler === null ? [] : { path: host.pathOf(hosted), handler };
  });

  return (request, response) => {
    const path = pathnameOf(request);
    const mount = mounts.find((it) => isBelow(path, it.path));
    if (mount) {
      Promise.resolve(mount.listener(request, response)).catch((error: unknown) => {
        log.error(`The handler of ${mount.path} failed.`, error);
      });
      return;
    }
    const hosted = functions.find((it) => isBelow(path, it.path));
    if (hosted) {
      // A function sees the path below its own URL, as a deployed one does.
      request.url = (request.url ?? '').slice(hosted.path.length).replace(/^(?!\/)/, '/');
      hosted.handler(request, response);
      return;
    }
    const rewrite = rewrites.find((it) => it.matches(path));
    const handler = rewrite ? host.findHandler(rewrite.functionName) : null;
    if (handler) handler(request, response);
    else if (path === '/') sendPage(response, toFrontPage(options));
    else sendNotFound(response);
  };
}

function pathnameOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

function sendPage(response: ServerResponse, html: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
}

function sendNotFound(response: ServerResponse): void {
  const body = { title: 'Nothing is served here', status: 404 };
  response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
}

async function listenOnFreePort(server: Server, options: HttpServerOptions): Promise<number> {
  const last = options.port + maxPortTries;
  for (let port = options.port; port <= last; port += 1) {
    if (await tryListen(server, port)) {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    }
    options.log.warn(`Port ${port} is taken by another program; trying ${port + 1}.`);
  }
  throw new Error(`The ports ${options.port} to ${last} are all taken: name another with --port.`);
}

function tryListen(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      server.off('listening', onListening);
      if ('code' in error && error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    const onListening = (): void => {
      server.off('error', onError);
      resolve(true);
    };
    server.once('error', onError);
    server.once('listening', onListening);
    server.listen(port, '127.0.0.1');
  });
}

async function closeServer(server: Server, limitMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), limitMs);
  await closed;
  clearTimeout(timer);
}
