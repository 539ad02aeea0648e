import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onRequest } from 'firebase-functions/https';
import { createEmbeddedQueues } from '../queue/embedded-queues.ts';
import { createFunctionHost } from './function-host.ts';
import type { FunctionHost } from './function-host.ts';
import { readHostingRewrites } from './hosting-rewrites.ts';
import { startHttpServer } from './http-server.ts';
import type { HttpServer, HttpServerOptions } from './http-server.ts';

const projectId = 'demo-server';
const warnings: string[] = [];
const log = {
  info: () => undefined,
  warn: (message: string) => void warnings.push(message),
  error: () => undefined,
};

let host: FunctionHost;
let server: HttpServer | null = null;
let release: () => void = () => undefined;

beforeAll(async () => {
  const slow = new Promise<void>((resolve) => (release = resolve));
  host = await createFunctionHost({
    functions: {
      admin: onRequest((request, response) => void response.json({ admin: request.url })),
      slow: onRequest(async (_request, response) => {
        await slow;
        response.send('done');
      }),
    },
    projectId,
    store: { onDocumentWritten: () => () => undefined },
    queues: createEmbeddedQueues(),
    clock: { now: () => new Date() },
    random: Math.random,
    folder: null,
    log,
  });
});

afterEach(async () => {
  await server?.close(100);
  server = null;
  warnings.length = 0;
});

async function serve(options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  server = await startHttpServer({ host, rewrites: [], mounts: [], port: 0, log, ...options });
  return server;
}

describe('the server', () => {
  it('takes the next free port when the wanted one is taken, and says so', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    // A server that listens on a TCP port has such an address.
    const { port } = other.address() as AddressInfo;
    const { port: taken, url } = await serve({ port });
    expect(taken).toBeGreaterThan(port);
    expect(taken).toBeLessThanOrEqual(port + 20);
    expect(warnings[0]).toBe(`Port ${port} is taken by another program; trying ${port + 1}.`);
    expect((await fetch(url)).status).toBe(200);
    await new Promise((resolve) => other.close(resolve));
  });

  it('hands the paths of Hosting to their functions with the whole path', async () => {
    const rewrites = readHostingRewrites({
      hosting: {
        public: 'web',
        rewrites: [
          { source: '/admin/**', function: { functionId: 'admin', region: 'us-central1' } },
          { source: '**', destination: '/index.html' },
        ],
      },
    });
    const { url } = await serve({ rewrites });
    const bodyOf = async (path: string) => (await fetch(`${url}${path}`)).json();
    expect(await bodyOf('/admin/imports?x=1')).toEqual({ admin: '/admin/imports?x=1' });
    expect(await bodyOf('/admin')).toEqual({ admin: '/admin' });
    expect(await bodyOf('/administer')).toEqual({ title: 'Nothing is served here', status: 404 });
  });

  it('serves a function below its own URL, which it does not see', async () => {
    const { url } = await serve();
    const own = `${url}/${projectId}/us-central1/admin`;
    expect(await (await fetch(`${own}/imports?x=1`)).json()).toEqual({ admin: '/imports?x=1' });
    expect(await (await fetch(own)).json()).toEqual({ admin: '/' });
    expect(await (await fetch(`${own}?x=1`)).json()).toEqual({ admin: '/?x=1' });
  });

  it('hands a mount its requests whole, streaming both ways', async () => {
    const { url } = await serve({
      mounts: [
        {
          path: '/storage',
          fetch: async (request) => {
            const echoed = `${request.method} ${new URL(request.url).pathname} `;
            return new Response(echoed + (await request.text()), { status: 201 });
          },
        },
      ],
    });
    const response = await fetch(`${url}/storage/a%20b`, { method: 'PUT', body: 'bytes' });
    expect(response.status).toBe(201);
    expect(await response.text()).toBe('PUT /storage/a%20b bytes');
    expect((await fetch(`${url}/storages`)).status).toBe(404);
  });

  it('lists on its front page what it serves, escaped', async () => {
    const mounts = [{ path: '/storage', title: '<b>Files</b>', fetch: () => new Response('') }];
    const page = await fetch((await serve({ mounts })).url);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await page.text();
    expect(html).toContain('/demo-server/us-central1/admin');
    expect(html).toContain('/storage');
    expect(html).not.toContain('<b>');
  });

  it('answers what is under way before it closes, and nothing new', async () => {
    const { url, close } = await serve();
    const answer = fetch(`${url}/${projectId}/us-central1/slow`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const closed = close(5000);
    await expect(fetch(url)).rejects.toThrow();
    release();
    expect(await (await answer).text()).toBe('done');
    await closed;
    server = null;
  });
});

describe('the rewrites of firebase.json', () => {
  it('are those to functions, of all sites, in their order', () => {
    const rewrites = readHostingRewrites({
      hosting: [
        { rewrites: [{ source: '/a', function: 'one' }] },
        {
          rewrites: [
            { source: '/b/*', function: 'two' },
            { source: '**', destination: '/' },
          ],
        },
      ],
    });
    expect(rewrites.map(({ source, functionName }) => [source, functionName])).toEqual([
      ['/a', 'one'],
      ['/b/*', 'two'],
    ]);
    expect(rewrites.map((rewrite) => rewrite.matches('/b/c'))).toEqual([false, true]);
    expect(rewrites.map((rewrite) => rewrite.matches('/b/c/d'))).toEqual([false, false]);
  });

  it('are none without Hosting', () => {
    expect(readHostingRewrites({ functions: [] })).toEqual([]);
  });
});
