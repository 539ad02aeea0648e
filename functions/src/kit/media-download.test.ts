import type { Fetch } from './fetch.ts';
import type { MediaDownload } from './media-download.ts';
import { openDownload } from './media-download.ts';

const clock = { now: () => new Date('2025-11-20T10:00:00Z') };
const audio = { 'content-type': 'audio/mpeg' };

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

function createDownload(
  answer: (count: number) => Response | Promise<Response>,
  changes: Partial<MediaDownload> = {},
) {
  const sent: Sent[] = [];
  const slept: number[] = [];
  const observed: number[] = [];
  let acquired = 0;
  const fetch: Fetch = async (url, { headers }) => {
    sent.push({ url, headers });
    return answer(sent.length);
  };
  const download: MediaDownload = {
    url: 'https://api.acme.example/v1/media/7',
    ...{ contentType: null, sizeBytes: null, fetch, allowedOrigins: [] },
    ...{ hosts: ['api.acme.example', 'cdn.acme.example'], redirectHosts: ['cdn.acme.example'] },
    credentialHeaders: { authorization: 'Bearer key' },
    apiUrl: 'https://api.acme.example/v1',
    voice: {
      ...{ platform: 'acme', displayName: 'Acme', errors: {}, scopes: [], secrets: [] },
      clock,
    },
    limiter: {
      acquire: () => {
        acquired += 1;
        return Promise.resolve();
      },
      observe: ({ status }) => {
        observed.push(status);
      },
    },
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
    random: () => 0.5,
    ...{ requestTimeoutMs: 1000, idleTimeoutMs: 1000, signal: undefined },
    ...changes,
  };
  return { download, sent, slept, observed, acquired: () => acquired };
}

/** A body that ends with a reset after these bytes. */
function breaking(text: string): ReadableStream<Uint8Array> {
  async function* bytes() {
    yield Buffer.from(text);
    throw new TypeError('terminated');
  }
  return ReadableStream.from(bytes());
}

async function readText(download: MediaDownload): Promise<string> {
  const { body } = await openDownload(download);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('openDownload', () => {
  it('says what it knows of the recording', async () => {
    const headers = { ...audio, 'content-length': '5' };
    const { download, sent, acquired } = createDownload(() => new Response('bytes', { headers }));
    const stream = await openDownload(download);
    expect(stream).toMatchObject({ contentType: 'audio/mpeg', sizeBytes: 5 });
    expect(sent).toEqual([
      {
        url: 'https://api.acme.example/v1/media/7',
        headers: { accept: '*/*', 'accept-encoding': 'identity', authorization: 'Bearer key' },
      },
    ]);
    expect(acquired()).toBe(1);
  });

  it('believes the platform where the file host says nothing', async () => {
    const { download } = createDownload(() => new Response(new Blob(['bytes'])), {
      ...{ contentType: 'audio/wav', sizeBytes: 5 },
    });
    await expect(openDownload(download)).resolves.toMatchObject({
      contentType: 'audio/wav',
      sizeBytes: 5,
    });
  });

  it('spends no request of the API on a file host, and gives it no credentials', async () => {
    const { download, sent, acquired } = createDownload(
      () => new Response('x', { headers: audio }),
      {
        url: 'https://cdn.acme.example/7?signature=1',
      },
    );
    await readText(download);
    expect(acquired()).toBe(0);
    expect(sent[0]?.headers).not.toHaveProperty('authorization');
  });

  it('tries to open again after failures that pass', async () => {
    const { download, sent, slept, observed } = createDownload((count) => {
      if (count === 1) throw new TypeError('fetch failed');
      if (count === 2) return new Response('', { status: 503, headers: { 'retry-after': '2' } });
      return new Response('bytes', { headers: audio });
    });
    await expect(readText(download)).resolves.toBe('bytes');
    expect(sent).toHaveLength(3);
    expect(slept).toEqual([250, 2000]);
    expect(observed).toEqual([503]);
  });

  it.each([
    ['a wait that is too long', 503, { 'retry-after': '60' }, 'unavailable', 1],
    ['no end of 503', 503, {}, 'unavailable', 3],
    ['no end of 429', 429, {}, 'rate_limited', 3],
    ['rejected credentials', 401, {}, 'auth_invalid', 1],
    ['a missing permission', 403, {}, 'permission_denied', 1],
    ['no such recording', 404, {}, 'not_found', 1],
  ])('gives up for %s of the API', async (_what, status, headers, kind, requests) => {
    const { download, sent } = createDownload(() => new Response('', { status, headers }));
    await expect(openDownload(download)).rejects.toMatchObject({ kind, source: 'acme', status });
    expect(sent).toHaveLength(requests);
  });

  it.each([400, 401, 403, 404, 410])(
    'takes a %d of a file host for an expired link, never for bad credentials',
    async (status) => {
      const { download } = createDownload(() => new Response('<Error/>', { status }), {
        url: 'https://cdn.acme.example/7?signature=1',
      });
      await expect(openDownload(download)).rejects.toMatchObject({ kind: 'not_found', status });
    },
  );

  it.each([
    ['a web page', { 'content-type': 'text/html; charset=utf-8' }],
    ['JSON', { 'content-type': 'application/json' }],
    ['compressed bytes', { 'content-type': 'audio/mpeg', 'content-encoding': 'gzip' }],
  ])('takes %s for no recording', async (_what, headers) => {
    const { download, sent } = createDownload(() => new Response('{}', { headers }));
    await expect(openDownload(download)).rejects.toMatchObject({ kind: 'contract' });
    expect(sent).toHaveLength(1);
  });

  it('resumes by date where there is no strong validator but a date', async () => {
    const date = 'Wed, 19 Nov 2025 08:00:00 GMT';
    const headers = { ...audio, etag: 'W/"v1"', 'last-modified': date, 'content-length': '6' };
    const { download, sent } = createDownload((count) =>
      count === 1
        ? new Response(breaking('012'), { headers })
        : new Response('345', { status: 206, headers: { 'content-range': 'bytes 3-5/6' } }),
    );
    await expect(readText(download)).resolves.toBe('012345');
    expect(sent[1]?.headers).toMatchObject({ range: 'bytes=3-', 'if-range': date });
  });

  it.each([
    ['nothing validates the bytes', { ...audio, 'content-length': '6' }],
    ['the host takes no ranges', { ...audio, etag: '"v1"', 'accept-ranges': 'none' }],
  ])('does not resume where %s', async (_what, headers) => {
    const { download, sent } = createDownload(() => new Response(breaking('012'), { headers }));
    await expect(readText(download)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(sent).toHaveLength(1);
  });

  it.each([
    [
      'another place',
      new Response('x', { status: 206, headers: { 'content-range': 'bytes 0-5/6' } }),
    ],
    ['the whole', new Response('abcdef', { headers: audio })],
    ['an expired link', new Response('', { status: 410 })],
  ])('does not join what it has with %s', async (_what, second) => {
    const headers = { ...audio, etag: '"v1"', 'content-length': '6' };
    const { download, sent } = createDownload((count) =>
      count === 1 ? new Response(breaking('012'), { headers }) : second,
    );
    await expect(readText(download)).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: true,
    });
    expect(sent).toHaveLength(2);
  });

  it('gives up a connection that breaks again and again', async () => {
    const headers = { ...audio, etag: '"v1"' };
    const { download, sent } = createDownload((count) =>
      count === 1 ? new Response(breaking('012'), { headers }) : Promise.reject(new Error('reset')),
    );
    await expect(readText(download)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(sent).toHaveLength(9);
  });

  it('starts over when nothing has arrived yet', async () => {
    const { download, sent } = createDownload((count) =>
      count === 1
        ? new Response(breaking(''), { headers: { ...audio, 'content-length': '5' } })
        : new Response('bytes', { headers: audio }),
    );
    await expect(readText(download)).resolves.toBe('bytes');
    expect(sent[1]?.headers).not.toHaveProperty('range');
  });

  it('reads a recording of no bytes', async () => {
    const { download } = createDownload(() => new Response(null, { headers: audio }));
    await expect(readText(download)).resolves.toBe('');
  });

  it('ends when it is aborted while it waits', async () => {
    const controller = new AbortController();
    const { download, sent } = createDownload(() => new Response('', { status: 503 }), {
      signal: controller.signal,
      sleep: () => {
        controller.abort();
        return Promise.reject(new DOMException('Aborted', 'AbortError'));
      },
    });
    await expect(openDownload(download)).rejects.toMatchObject({ kind: 'timeout' });
    expect(sent).toHaveLength(1);
  });

  it('does not count the time that its consumer takes as silence', async () => {
    const fetch: Fetch = (_url, { signal }) => {
      async function* bytes() {
        for (const text of ['a', 'b']) {
          signal.throwIfAborted();
          yield Buffer.from(text);
        }
      }
      return Promise.resolve({ status: 200, headers: new Headers(audio), body: bytes() });
    };
    const { download } = createDownload(() => new Response(), { fetch, idleTimeoutMs: 10 });
    const { body } = await openDownload(download);
    let text = '';
    for await (const chunk of body) {
      text += Buffer.from(chunk).toString();
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(text).toBe('ab');
  });
});

describe('a file host that wants the credentials', () => {
  const url = 'https://files.acme.example/7';
  const rules = { hosts: ['files.acme.example'], credentialHosts: ['*.acme.example'] };

  it('gets them, and what it redirects to does not', async () => {
    const location = 'https://cdn.acme.example/7';
    const { download, sent, acquired } = createDownload(
      (count) =>
        count === 1
          ? new Response(null, { status: 302, headers: { location } })
          : new Response('bytes', { headers: audio }),
      { ...rules, url },
    );
    expect(await readText(download)).toBe('bytes');
    expect(sent.map(({ headers }) => headers['authorization'])).toEqual(['Bearer key', undefined]);
    expect(acquired()).toBe(0);
  });

  it('is stood in for by an origin that is allowed', async () => {
    const local = 'http://localhost:4001/7';
    const allowedOrigins = ['http://localhost:4001'];
    const { download, sent } = createDownload(() => new Response('', { headers: audio }), {
      ...{ ...rules, url: local, allowedOrigins },
    });
    await readText(download);
    expect(sent[0]?.headers['authorization']).toBe('Bearer key');
  });

  it.each([
    [401, 'auth_invalid'],
    [403, 'not_found'],
    [404, 'not_found'],
  ])('says by %p: %s', async (status, kind) => {
    const { download, observed } = createDownload(() => new Response('', { status }), {
      ...{ ...rules, url },
    });
    await expect(openDownload(download)).rejects.toMatchObject({ kind, source: 'acme' });
    expect(observed).toEqual([]);
  });
});
