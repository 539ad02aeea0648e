import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fetch, FetchInit } from './fetch.ts';
import { readText } from './fetch.ts';
import { createNetworkFetch, guardedGet, requireSafeUrl } from './guarded-fetch.ts';
import type { GuardedRequest } from './guarded-fetch.ts';

const init: FetchInit = {
  method: 'GET',
  headers: {},
  redirect: 'manual',
  signal: new AbortController().signal,
};

describe('createNetworkFetch', () => {
  it.each([
    ['a private address', [{ address: '127.0.0.1', family: 4 }]],
    ['the metadata service', [{ address: '169.254.169.254', family: 4 }]],
    ['a private address in IPv6 clothes', [{ address: '::ffff:10.0.0.1', family: 6 }]],
    [
      'a private address beside a public one',
      [
        { address: '8.8.8.8', family: 4 },
        { address: '10.0.0.1', family: 4 },
      ],
    ],
    ['no address', []],
  ] satisfies [string, LookupAddress[]][])(
    'connects to no host that resolves to %s',
    async (_what, addresses) => {
      const network = createNetworkFetch({ lookup: () => Promise.resolve(addresses) });
      const fetching = network.fetch('https://media.example.com/a.mp3', init);
      await expect(fetching).rejects.toMatchObject({ kind: 'contract' });
      await network.close();
    },
  );

  it('says so when a host does not resolve', async () => {
    const network = createNetworkFetch({ lookup: () => Promise.reject(new Error('ENOTFOUND')) });
    await expect(network.fetch('https://nowhere.example.com/', init)).rejects.toThrow('ENOTFOUND');
    await network.close();
  });

  it('refuses plain http and literal private addresses without a lookup', async () => {
    const looked: string[] = [];
    const network = createNetworkFetch({
      lookup: (hostname) => {
        looked.push(hostname);
        return Promise.resolve([]);
      },
    });
    for (const url of ['http://example.com/', 'https://127.0.0.1/', 'https://[::1]/']) {
      await expect(network.fetch(url, init)).rejects.toMatchObject({ kind: 'contract' });
    }
    expect(looked).toEqual([]);
    await network.close();
  });

  it('speaks to an allowed origin and to no other port of its host', async () => {
    const server = createServer((request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end(`${request.method ?? ''} ${request.url ?? ''}`);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    // A TCP server that listens has an address with a port.
    const { port } = server.address() as AddressInfo;
    const origin = `http://127.0.0.1:${String(port)}`;
    const network = createNetworkFetch({ allowedOrigins: [origin] });
    try {
      const response = await network.fetch(`${origin}/path?x=1`, init);
      expect(response.status).toBe(200);
      expect(response.headers.get('Set-Cookie')).toBe('a=1, b=2');
      expect(response.headers.get('etag')).toBeNull();
      const text = await readText(response.body, { maxBytes: 100, source: 'test' });
      expect(text).toBe('GET /path?x=1');
      const other = `http://127.0.0.1:${String(port === 65_535 ? 1 : port + 1)}/`;
      await expect(network.fetch(other, init)).rejects.toMatchObject({ kind: 'contract' });
    } finally {
      await network.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('requireSafeUrl', () => {
  const options = { allowedOrigins: new Set<string>(), source: 'acme' };

  it.each(['https://user:pass@example.com/', 'ftp://example.com/', 'https://0x7f.1/', '//x', ''])(
    'refuses %p and quotes nothing of it',
    (url) => {
      expect(() => requireSafeUrl(url, options)).toThrow(
        expect.objectContaining({
          kind: 'contract',
          message: expect.not.stringContaining('pass@'),
        }),
      );
    },
  );

  it('resolves what is relative', () => {
    const base = new URL('https://example.com/a/b');
    expect(requireSafeUrl('../c?d', { ...options, base }).href).toBe('https://example.com/c?d');
  });
});

describe('guardedGet', () => {
  const asked: string[] = [];
  const request: GuardedRequest = {
    url: 'https://api.acme.example/media/1',
    fetch: (url) => {
      asked.push(url);
      return Promise.resolve(new Response('bytes'));
    },
    allowedOrigins: [],
    hosts: ['api.acme.example', '*.acme-cdn.example'],
    redirectHosts: [],
    headers: {},
    credentialHeaders: { authorization: 'Bearer secret-token' },
    credentialOrigin: 'https://api.acme.example',
    signal: init.signal,
    source: 'acme',
  };

  it.each([
    'https://api.acme.example/a',
    'https://eu.acme-cdn.example/a',
    'https://EU.West.ACME-cdn.example/a',
  ])('gets %s', async (url) => {
    await expect(guardedGet({ ...request, url })).resolves.toMatchObject({ redirects: 0 });
  });

  it.each([
    'https://acme-cdn.example/a',
    'https://evilacme-cdn.example/a',
    'https://api.acme.example.evil.example/a',
    'https://api.acme.example:8443/a',
  ])('refuses %s', async (url) => {
    asked.length = 0;
    await expect(guardedGet({ ...request, url })).rejects.toMatchObject({ kind: 'contract' });
    expect(asked).toEqual([]);
  });

  it.each([
    ['a foreign host', 'https://evil.example/a', 'contract'],
    ['plain http', 'http://files.acme.example/a', 'contract'],
  ])('follows no redirect to %s', async (_what, location, kind) => {
    asked.length = 0;
    const fetch: Fetch = (url) => {
      asked.push(url);
      return Promise.resolve(new Response(null, { status: 302, headers: { location } }));
    };
    const redirectHosts = ['files.acme.example'];
    await expect(guardedGet({ ...request, fetch, redirectHosts })).rejects.toMatchObject({ kind });
    expect(asked).toEqual(['https://api.acme.example/media/1']);
  });

  it('takes a redirect without a target for an answer', async () => {
    const fetch = () => Promise.resolve(new Response(null, { status: 304 }));
    const { response } = await guardedGet({ ...request, fetch });
    expect(response.status).toBe(304);
  });
});
