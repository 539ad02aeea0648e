import { z } from 'zod';
import type { Fetch, FetchInit } from './fetch.ts';
import { createPlatformHttp, nullIfMissing } from './http.ts';
import type { PlatformHttpOptions } from './http.ts';
import { createUnlimitedRateLimiter } from './rate-limiter.ts';

const clock = { now: () => new Date('2025-11-20T10:00:00Z') };

interface Sent extends FetchInit {
  readonly url: string;
}

function createHttp(
  answer: (count: number) => Response,
  options: Partial<PlatformHttpOptions> = {},
) {
  const sent: Sent[] = [];
  const slept: number[] = [];
  const fetch: Fetch = (url, init) => {
    sent.push({ url, ...init });
    return Promise.resolve(answer(sent.length));
  };
  const http = createPlatformHttp({
    voice: {
      platform: 'acme',
      displayName: 'Acme',
      errors: {},
      scopes: [],
      secrets: ['top-secret-key'],
      clock,
    },
    baseUrl: 'https://api.acme.example/v1/',
    headers: { authorization: 'Bearer top-secret-key' },
    fetch,
    limiter: createUnlimitedRateLimiter({
      ...{ key: 'acme-0', platform: 'acme', displayName: 'Acme', requestsPerSecond: 1 },
      ...{ requestsPerDay: null, limitWindowSeconds: null, quotaTimeZone: 'UTC' },
    }),
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
    random: () => 0.5,
    requestTimeoutMs: 1000,
    maxBodyBytes: 1000,
    signal: undefined,
    ...options,
  });
  return { http, sent, slept };
}

const Anything = z.unknown();

describe('createPlatformHttp', () => {
  it('takes as many places of the limit as a request weighs, before it is sent', async () => {
    const events: string[] = [];
    const limiter = {
      acquire: async () => void events.push('place'),
      observe: () => undefined,
    };
    const answer = () => {
      events.push('sent');
      return Response.json({});
    };
    const { http } = createHttp(answer, { limiter });
    await http.request({ method: 'GET', path: '/calls' }, Anything);
    await http.request({ method: 'GET', path: '/transcripts', weight: 2 }, Anything);
    expect(events).toEqual(['place', 'sent', 'place', 'place', 'sent']);
  });

  it('sends heavy requests that waited together at the pace of heavy ones', async () => {
    const events: string[] = [];
    let places = 0;
    const limiter = {
      acquire: async () => {
        await new Promise(setImmediate);
        events.push('place');
        places += 1;
        if (places === 3) throw new Error('no place');
      },
      observe: () => undefined,
    };
    const answer = () => {
      events.push('sent');
      return Response.json({});
    };
    const { http } = createHttp(answer, { limiter });
    const ask = () => http.request({ method: 'POST', path: '/downloads', weight: 2 }, Anything);
    const asked = await Promise.allSettled([ask(), ask(), ask()]);
    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(events).toEqual(['place', 'place', 'sent', 'place', 'place', 'place', 'sent']);
  });

  it('tells of an answer that broke its schema, without its values', async () => {
    const drifts: unknown[] = [];
    const { http } = createHttp(() => Response.json({ user: { mail: 'ann@acme.test' } }), {
      reportDrift: async (drift) => {
        drifts.push(drift);
      },
    });
    const schema = z.object({ user: z.object({ email: z.string() }) });
    const asked = http.request({ method: 'GET', path: '/users/2345/me' }, schema);
    await expect(asked).rejects.toMatchObject({ kind: 'contract' });
    expect(drifts).toEqual([
      {
        place: '/users/(id)/me',
        changes: [{ path: 'user.email', wanted: 'string', got: 'missing' }],
        sample: '{ user: { mail: text(13) } }',
      },
    ]);
  });

  it('sends to the base URL with headers, a query and JSON', async () => {
    const { http, sent } = createHttp(() => Response.json({ ok: true, more: 1 }));
    const result = await http.request(
      {
        method: 'POST',
        path: '/calls',
        query: { limit: 5, all: false, cursor: null, other: undefined, text: 'a b&c' },
        headers: { accept: 'application/vnd.api+json' },
        json: { from: 1 },
      },
      z.object({ ok: z.boolean() }),
    );
    expect(result).toEqual({ ok: true });
    expect(sent).toEqual([
      {
        url: 'https://api.acme.example/v1/calls?limit=5&all=false&text=a+b%26c',
        method: 'POST',
        redirect: 'manual',
        signal: expect.any(AbortSignal),
        headers: {
          accept: 'application/vnd.api+json',
          authorization: 'Bearer top-secret-key',
          'content-type': 'application/json',
        },
        body: '{"from":1}',
      },
    ]);
  });

  it('sends a form', async () => {
    const { http, sent } = createHttp(() => Response.json({}));
    await http.request({ method: 'POST', path: '/token', form: { grant: 'a b' } }, Anything);
    expect(sent[0]).toMatchObject({
      body: 'grant=a+b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  });

  it('reads an empty answer as null', async () => {
    const { http } = createHttp(() => new Response(null, { status: 204 }));
    const request = { method: 'DELETE', path: '/hooks' } as const;
    await expect(http.request(request, z.null())).resolves.toBeNull();
  });

  it('sends a POST once when it fails, unless it is known to read only', async () => {
    const unsafe = createHttp(() => new Response('', { status: 503 }));
    const post = { method: 'POST', path: '/calls' } as const;
    await expect(unsafe.http.request(post, Anything)).rejects.toMatchObject({
      kind: 'unavailable',
    });
    expect(unsafe.sent).toHaveLength(1);
    const safe = createHttp(() => new Response('', { status: 503 }));
    await expect(safe.http.request({ ...post, idempotent: true }, Anything)).rejects.toMatchObject({
      kind: 'unavailable',
    });
    expect(safe.sent).toHaveLength(3);
  });

  it('sends even a POST again when it was refused for now', async () => {
    const { http, sent } = createHttp((count) =>
      count === 1 ? new Response('', { status: 429 }) : Response.json('ok'),
    );
    const post = { method: 'POST', path: '/calls' } as const;
    await expect(http.request(post, z.string())).resolves.toBe('ok');
    expect(sent).toHaveLength(2);
  });

  it('waits as long as a 503 asks when that is short', async () => {
    const headers = { 'retry-after': '2' };
    const { http, slept } = createHttp((count) =>
      count === 1 ? new Response('', { status: 503, headers }) : Response.json('ok'),
    );
    await http.request({ method: 'GET', path: '/calls' }, Anything);
    expect(slept).toEqual([2000]);
  });

  it('lets a platform read more from the body of a failure', async () => {
    const { http, sent } = createHttp(
      () => Response.json({ code: 'quota_exhausted' }, { status: 500 }),
      {
        voice: {
          ...{ platform: 'acme', displayName: 'Acme', scopes: [], secrets: [], clock },
          errors: {
            read: ({ body }) =>
              z.object({ code: z.literal('quota_exhausted') }).safeParse(body).success
                ? { kind: 'payment_required', message: 'Acme: buy more.', retryAfterMs: 7 }
                : null,
          },
        },
      },
    );
    await expect(http.request({ method: 'GET', path: '/x' }, Anything)).rejects.toMatchObject({
      kind: 'payment_required',
      publicMessage: 'Acme: buy more.',
      retryAfterMs: 7,
    });
    expect(sent).toHaveLength(1);
  });

  it('parses what a failed answer says in truth in its place', async () => {
    const { http } = createHttp((count) =>
      Response.json({ errors: [count === 1 ? 'Nothing found' : 'No such page'] }, { status: 404 }),
    );
    const request = {
      method: 'GET',
      path: '/calls',
      instead: ({ status, body }: { status: number; body: unknown }) =>
        status === 404 && JSON.stringify(body).includes('Nothing') ? { calls: [] } : undefined,
    } as const;
    const schema = z.object({ calls: z.array(z.string()) });
    await expect(http.request(request, schema)).resolves.toEqual({ calls: [] });
    await expect(http.request(request, schema)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('finds the id of a request in the body where the platform puts it there', async () => {
    const answers = [
      Response.json({ id: 'req-1' }, { status: 400, headers: { 'x-request-id': 'proxy-1' } }),
      Response.json({ id: 'not an id' }, { status: 400, headers: { 'x-request-id': 'proxy-2' } }),
      Response.json({ id: 'req-3', calls: 17 }),
    ];
    const idOf = z.object({ id: z.string() });
    const { http } = createHttp((count) => answers[count - 1] ?? Response.error(), {
      voice: {
        ...{ platform: 'acme', displayName: 'Acme', scopes: [], secrets: [], clock },
        errors: { requestIdOf: (body) => idOf.safeParse(body).data?.id },
      },
    });
    const schema = z.object({ calls: z.string() });
    for (const requestId of ['req-1', 'proxy-2', 'req-3']) {
      const asked = http.request({ method: 'GET', path: '/calls' }, schema);
      await expect(asked).rejects.toMatchObject({ requestId });
    }
  });

  it('keeps what the platform said in the cause, without secrets', async () => {
    const { http } = createHttp(() => new Response('no top-secret-key!', { status: 400 }));
    await expect(http.request({ method: 'GET', path: '/x' }, Anything)).rejects.toMatchObject({
      kind: 'bad_request',
      cause: expect.objectContaining({ message: 'no [redacted]!' }),
    });
  });

  it('ends at once when it is aborted while it waits', async () => {
    const controller = new AbortController();
    const { http, sent } = createHttp(() => new Response('', { status: 503 }), {
      signal: controller.signal,
      sleep: () => {
        controller.abort();
        return Promise.reject(new DOMException('Aborted', 'AbortError'));
      },
    });
    await expect(http.request({ method: 'GET', path: '/x' }, Anything)).rejects.toMatchObject({
      kind: 'timeout',
    });
    expect(sent).toHaveLength(1);
  });

  it('says where an answer broke its schema and quotes nothing of it', async () => {
    const { http } = createHttp(() => Response.json({ calls: [{ who: 'ann@acme.test' }] }));
    const schema = z.object({ calls: z.array(z.object({ who: z.number() })) });
    await expect(http.request({ method: 'GET', path: '/x' }, schema)).rejects.toMatchObject({
      publicMessage:
        'Acme answered /x in another shape: calls[0].who: Invalid input: expected number, received string.',
    });
  });
});

describe('nullIfMissing', () => {
  it('takes what the platform does not find for none, and no other failure', async () => {
    const ask = (status: number) => {
      const { http } = createHttp(() => Response.json({ id: 1 }, { status }));
      return nullIfMissing(http.request({ path: '/calls/1' }, z.object({ id: z.number() })));
    };
    await expect(ask(200)).resolves.toEqual({ id: 1 });
    await expect(ask(404)).resolves.toBeNull();
    await expect(ask(403)).rejects.toMatchObject({ kind: 'permission_denied' });
  });
});
