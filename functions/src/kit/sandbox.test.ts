import { serveSandbox } from './sandbox.ts';

describe('serveSandbox', () => {
  it('serves a handler on a free port of loopback until it is closed', async () => {
    const fetchHandler = (request: Request) =>
      new Response(`${request.method} ${new URL(request.url).pathname}`, { status: 201 });
    const served = await serveSandbox({ fetch: fetchHandler }, { port: 0 });
    expect(served.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await fetch(`${served.origin}/v2/calls`, { method: 'POST' });
    expect(response.status).toBe(201);
    await expect(response.text()).resolves.toBe('POST /v2/calls');
    await served.close();
    await expect(fetch(`${served.origin}/v2/calls`)).rejects.toThrow('fetch failed');
  });

  it('says so when the port is taken', async () => {
    const handler = { fetch: () => new Response('') };
    const served = await serveSandbox(handler, { port: 0 });
    const port = Number(new URL(served.origin).port);
    await expect(serveSandbox(handler, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await served.close();
  });
});
