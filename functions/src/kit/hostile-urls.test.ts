import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { ImportError } from '../core/errors.ts';
import type { Fetch } from './fetch.ts';
import { createNetworkFetch, guardedGet, type GuardedRequest } from './guarded-fetch.ts';
import { hostileAddresses, hostileNames, honestUrls, lookAlikes } from './testing/hostile-urls.ts';
import { watchNetwork, type WatchedNetwork } from './testing/watched-network.ts';

/*
 * URLs that somebody hostile would have us fetch. What counts is not the error but that no socket is
 * opened: one that is, whatever the checks think of it, ends at a listener of ours and is seen there.
 */

const publicAddress = '8.8.8.8';

/** What a resolver says of a name; of every other one, that it is public. */
const answers = new Map<string, readonly string[]>(
  Object.entries(hostileNames).map(([name, addresses]) => [toHostname(name), addresses]),
);

function toHostname(name: string): string {
  return new URL(`https://${name}/`).hostname;
}

function toLookup(addresses: readonly string[]): LookupAddress[] {
  return addresses.map((address) => ({ address, family: isIP(address) }));
}

const network = createNetworkFetch({
  lookup: async (hostname) => toLookup(answers.get(hostname) ?? [publicAddress]),
});

let watched: WatchedNetwork;

beforeAll(async () => {
  watched = await watchNetwork();
});

afterAll(async () => {
  await network.close();
  await watched.restore();
  process.stdout.write(
    `Counted: ${String(hostile.length)} hostile URLs, each first and by a redirect: ${String(leaked)} connections\n`,
  );
});

let leaked = 0;

beforeEach(() => {
  watched.attempts.length = 0;
});

const request: GuardedRequest = {
  url: '',
  fetch: network.fetch,
  allowedOrigins: [],
  hosts: 'any_public',
  redirectHosts: 'any_public',
  headers: {},
  credentialHeaders: { authorization: 'Bearer secret-token' },
  credentialOrigin: 'https://api.acme.example',
  signal: new AbortController().signal,
  source: 'acme',
};
const ownHosts = ['api.acme.example', '*.acme-cdn.example'];

/** An answer that only leads on, in place of what `from` would say. */
function redirecting(from: string, location: string): Fetch {
  return async (url, init) =>
    url === from
      ? { status: 302, headers: { get: () => location }, body: null }
      : network.fetch(url, init);
}

/** Fetches each, and says of those that were not refused as they should be what happened instead. */
async function findLeaks(requests: readonly GuardedRequest[]): Promise<unknown[]> {
  const before = watched.connections();
  const leaks: unknown[] = [];
  for (const each of requests) {
    const error: unknown = await guardedGet(each).catch((reason: unknown) => reason);
    const isRefused = error instanceof ImportError && error.kind === 'contract';
    if (!isRefused || error.message.includes('password')) leaks.push([each.url, error]);
  }
  leaks.push(...watched.attempts.map((address) => ['connected', address]));
  const connections = watched.connections() - before;
  leaked += connections;
  if (connections > 0) leaks.push('the listener was called');
  return leaks;
}

/** A page of the open internet that sends its readers on. */
const page = 'http://page.sandbox.example/media/1';
const viaPage = { url: page, allowedOrigins: ['http://page.sandbox.example'] };

const everyAddress = Object.values(hostileAddresses).flat();
const everyName = Object.keys(hostileNames).map((name) => `https://${name}/`);
const hostile = [...everyAddress, ...everyName, ...lookAlikes];

describe('a hostile URL', () => {
  it('is one of at least 150, each named once', () => {
    expect(new Set(hostile).size).toBe(hostile.length);
    expect(hostile.length).toBeGreaterThan(220);
  });

  it.each(Object.entries(hostileAddresses))('opens no connection: %s', async (_trick, urls) => {
    expect(await findLeaks(urls.map((url) => ({ ...request, url })))).toEqual([]);
  });

  it.each(Object.entries(hostileAddresses))(
    'opens no connection when a redirect names it: %s',
    async (_trick, urls) => {
      const requests = urls.map((url) => ({
        ...request,
        ...viaPage,
        fetch: redirecting(page, url),
      }));
      expect(await findLeaks(requests)).toEqual([]);
    },
  );

  it.each(Object.entries(hostileNames))(
    'opens no connection when %s resolves to %p, first or by a redirect',
    async (name) => {
      const url = `https://${name}/`;
      const requests = [
        { ...request, url },
        { ...request, ...viaPage, fetch: redirecting(page, url) },
      ];
      expect(await findLeaks(requests)).toEqual([]);
    },
  );

  it.each(lookAlikes)(
    'opens no connection where only the platform may be asked: %s',
    async (url) => {
      const requests = [
        { ...request, url, hosts: ownHosts },
        { ...request, ...viaPage, redirectHosts: ownHosts, fetch: redirecting(page, url) },
      ];
      expect(await findLeaks(requests)).toEqual([]);
    },
  );

  it.each(['//127.0.0.1/', '//[::1]/', '\\\\127.0.0.1\\', '/\\169.254.169.254/', '///127.0.0.1/'])(
    'opens no connection when a redirect without a scheme leads away: %s',
    async (location) => {
      const url = 'https://api.acme.example/media/1';
      const requests = [{ ...request, url, fetch: redirecting(url, location) }];
      expect(await findLeaks(requests)).toEqual([]);
    },
  );
});

describe('a chain of redirects', () => {
  const chain = (...urls: readonly string[]): Fetch => {
    const next = new Map(urls.slice(1).map((url, index) => [urls[index], url]));
    return async (url, init) => {
      const location = next.get(url);
      if (location === undefined) return network.fetch(url, init);
      return { status: 307, headers: { get: () => location }, body: null };
    };
  };
  const first = 'https://a.example/1';

  it.each([
    ['a private address', [first, 'https://b.example/2', 'https://10.0.0.1/']],
    ['plain http', [first, 'https://b.example/2', 'http://b.example/2']],
    ['a private name', [first, 'https://b.example/2', 'https://metadata.google.internal/']],
    ['itself, for ever', [first, 'https://b.example/2', first]],
  ])('that ends at %s opens no connection', async (_end, urls) => {
    expect(await findLeaks([{ ...request, url: first, fetch: chain(...urls) }])).toEqual([]);
  });
});

describe('a name that changes its mind', () => {
  it('is connected to at the address that was checked, and refused once it is private', async () => {
    const said: string[][] = [['8.8.8.8'], ['127.0.0.1'], ['8.8.4.4'], ['::1']];
    let asked = 0;
    const rebinding = createNetworkFetch({
      lookup: async () => toLookup(said[asked++ % said.length] ?? []),
    });
    const url = 'https://rebinding.evil.example/';
    const outcomes: unknown[] = [];
    for (let turn = 0; turn < said.length; turn += 1) {
      outcomes.push(
        await guardedGet({ ...request, url, fetch: rebinding.fetch }).catch((error: unknown) =>
          error instanceof ImportError ? error.kind : 'connected',
        ),
      );
    }
    await rebinding.close();
    expect(outcomes).toEqual(['connected', 'contract', 'connected', 'contract']);
    // Asked once for each connection: there is no second answer between check and use.
    expect(asked).toBe(4);
    expect(watched.attempts).toEqual(['8.8.8.8', '8.8.4.4']);
  });
});

describe('an honest URL', () => {
  it.each(honestUrls)('is connected to: %s', async (url) => {
    const before = watched.connections();
    // The listener hangs up, which is how we know that it was reached.
    await expect(guardedGet({ ...request, url })).rejects.not.toBeInstanceOf(ImportError);
    expect(watched.attempts).toHaveLength(1);
    expect(watched.connections()).toBe(before + 1);
  });

  it('is connected to where only the platform may be asked', async () => {
    for (const url of ['https://api.acme.example/a', 'https://eu.acme-cdn.example/a']) {
      const honest = { ...request, url, hosts: ownHosts };
      await expect(guardedGet(honest)).rejects.not.toBeInstanceOf(ImportError);
    }
    expect(watched.attempts).toEqual([publicAddress, publicAddress]);
  });
});
