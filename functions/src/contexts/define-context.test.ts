import { z } from 'zod';
import { ImportError } from '../core/errors.ts';
import type { SourceCall } from '../core/imports/source-call.ts';
import type { ObjectStore } from '../core/ports.ts';
import { defineErrors } from '../kit/define-errors.ts';
import type { KnownCall } from '../kit/known-call.ts';
import { toListedCall } from '../kit/listed-call.ts';
import type { ContextDefinition, ContextEnvironment } from './context.ts';
import { defineContext } from './define-context.ts';
import { failureOf } from './testing/check.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { whole } from './testing/open-context.ts';

const Key = z.strictObject({ apiKey: z.string(), region: z.string().optional() });
const Filters = z.strictObject({ team: z.string().optional(), minutes: z.number().optional() });

interface AcmeClient {
  readonly key: string;
  readonly hasSignal: boolean;
  readonly readNote: () => Promise<unknown>;
  readonly me: () => Promise<unknown>;
}

const call = toListedCall({ id: 'call-1' });

type AcmeDefinition = ContextDefinition<typeof Key, typeof Filters, AcmeClient>;

function define(changes: Partial<AcmeDefinition> = {}) {
  return defineContext<typeof Key, typeof Filters, AcmeClient>({
    platform: 'dialpad',
    displayName: 'Acme',
    auth: 'api_key',
    capabilities: {
      ...{ historicalImport: true, ongoingSync: false, transcriptReuse: false },
      ...{ exactCount: false, uploads: false },
    },
    rateLimits: { requestsPerSecond: 5, requestsPerDay: null },
    credentials: Key,
    filters: Filters,
    errors: defineErrors({}),
    listing: {
      ...{ status: 'beta', provenBy: 'sandbox', instructions: [], scopes: [] },
      ...{ docsUrl: null, limits: '', price: '' },
    },
    baseUrl: null,
    media: { hosts: [] },
    client: (toolkit) => ({
      key: toolkit.credentials.apiKey,
      hasSignal: toolkit.signal !== undefined,
      readNote: () => toolkit.objects.readJson('note'),
      me: () => toolkit.http.request({ method: 'GET', path: '/me' }, z.unknown()),
    }),
    validateCredentials: () => Promise.resolve(undefined),
    listCalls: async function* () {
      yield { calls: [call], nextCursor: null };
    },
    fetchRecording: () => Promise.resolve({ key: 'media' }),
    ...changes,
  });
}

const clock = createFakeClock();
const environment: ContextEnvironment = { clock, sleep: clock.sleep, random: () => 0.5 };
const credentials = { apiKey: 'key-1' };

/** Two objects; whatever else is asked of it fails. */
function createObjects(): ObjectStore {
  const fail = () => Promise.reject(new Error('not part of this test'));
  async function* bytes() {
    yield Buffer.from('sound');
  }
  return {
    ...{ write: fail, writeJson: fail, remove: fail, signRead: fail, signWrite: fail },
    uriOf: (key) => key,
    readJson: (key) => Promise.resolve(key === 'note' ? { said: 'hello' } : null),
    find: (key) =>
      Promise.resolve(
        key !== 'media'
          ? null
          : {
              ...{ key, sizeBytes: 5, contentType: 'audio/wav', crc32c: '', md5: null },
              updatedAt: new Date(0),
            },
      ),
    read: () => Promise.resolve(bytes()),
  };
}

describe('defineContext', () => {
  it('gives the client parsed credentials and the caller’s signal', async () => {
    const context = define({
      countCalls: (client) => Promise.resolve(client.hasSignal ? 1 : 0),
      getTranscript: (client) => Promise.reject(new Error(client.key)),
    }).create(environment);
    const { signal } = new AbortController();
    await expect(context.countCalls?.(credentials, whole, signal)).resolves.toBe(1);
    await expect(context.countCalls?.(credentials, whole)).resolves.toBe(0);
  });

  it('drops calls out of range, whatever the platform sent, and keeps the cursor', async () => {
    const startedAt = [
      '2025-10-31T23:59:59Z',
      '2025-11-01T00:00:00Z',
      '2025-12-01T00:00:00Z',
      null,
    ];
    const calls = startedAt.map((text, index) => ({
      sourceCallId: `call-${String(index)}`,
      metadata: { ...call.metadata, startedAt: text === null ? null : new Date(text) },
    }));
    const context = define({
      async *listCalls() {
        yield { calls, nextCursor: 'next' };
      },
    }).create(environment);
    const dateRange = {
      start: new Date('2025-11-01T00:00:00Z'),
      end: new Date('2025-12-01T00:00:00Z'),
    };
    const page = await context.listCalls(credentials, { ...whole, dateRange }).next();
    expect(page.value).toEqual({ calls: [calls[1], calls[3]], nextCursor: 'next' });
  });

  it('tells of drifts by the platform’s id, and keeps them from whoever lists', async () => {
    const drifts: unknown[] = [];
    const change = { path: 'title', wanted: 'string', got: 'number' };
    const drift = { place: 'calls', changes: [change], sample: '{}' };
    const context = define({
      listCalls: async function* () {
        yield { calls: [call], nextCursor: null, drifts: [drift] };
      },
    }).create({
      ...environment,
      reportDrift: async (reported) => {
        drifts.push(reported);
      },
    });
    const pages = [];
    for await (const page of context.listCalls(credentials, whole)) pages.push(page);
    expect(pages).toEqual([{ calls: [call], nextCursor: null }]);
    expect(drifts).toEqual([{ platform: 'dialpad', ...drift }]);
  });

  it('counts what a listing has in range where there is no total, and says that it only counts', async () => {
    const at = (text: string): SourceCall => ({
      ...{ ...call, metadata: { ...call.metadata, startedAt: new Date(text) } },
    });
    const context = define({
      countCalls: 'by_listing',
      listCalls: async function* (_client, { isCount, cursor, filters }) {
        expect({ isCount, cursor, filters }).toEqual({
          ...{ isCount: true, cursor: null, filters: { team: 'sales' } },
        });
        const rejected = [{ sourceCallId: 'broken', reason: 'x' }];
        yield { calls: [at('2025-11-01T00:00:00Z')], rejected, nextCursor: 'more' };
        yield { calls: [at('2025-12-01T00:00:00Z'), call], nextCursor: null };
      },
    }).create(environment);
    const dateRange = { start: null, end: new Date('2025-12-01T00:00:00Z') };
    const wanted = { dateRange, filters: { team: 'sales' } };
    await expect(context.countCalls?.(credentials, wanted)).resolves.toBe(3);
  });

  it('has only the optional methods that were defined', () => {
    const bare = define().create(environment);
    expect(Object.keys(bare)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/countCalls|hydrateCalls|getTranscript/)]),
    );
    const rich = define({ hydrateCalls: () => Promise.resolve([]) }).create(environment);
    expect(rich.hydrateCalls).toBeDefined();
  });

  it('hands hydrated calls on', async () => {
    const hydrated = [{ ...call, transcript: null }];
    const context = define({ hydrateCalls: () => Promise.resolve(hydrated) }).create(environment);
    await expect(context.hydrateCalls?.(credentials, [call])).resolves.toMatchObject(hydrated);
  });

  it('translates whatever an adapter throws', async () => {
    const context = define({
      getTranscript: () => Promise.reject(new TypeError('x is not a function')),
      fetchRecording: () => {
        throw new DOMException('Aborted', 'AbortError');
      },
      listCalls: () => {
        throw new RangeError('bad');
      },
    }).create(environment);
    const transcript = context.getTranscript?.(credentials, call) ?? Promise.resolve();
    expect(await failureOf(transcript)).toMatchObject({ kind: 'internal', source: 'dialpad' });
    const fetching = context.fetchCall(credentials, call);
    expect(await failureOf(fetching)).toMatchObject({ kind: 'timeout', source: 'dialpad' });
    const listing = context.listCalls(credentials, whole).next();
    expect(await failureOf(listing)).toMatchObject({ kind: 'internal', source: 'dialpad' });
  });

  it('throws what validation could not decide', async () => {
    const validateCredentials = () => Promise.reject(new Error('our bug'));
    const context = define({ validateCredentials }).create(environment);
    expect((await failureOf(context.validateCredentials(credentials))).kind).toBe('internal');
  });

  it('completes credentials with what their check learned, to be kept in their place', async () => {
    const learning = (learned: { region?: string } | undefined) =>
      define({ validateCredentials: () => Promise.resolve(learned) }).create(environment);
    const { apiKey } = credentials;
    await expect(learning({ region: 'eu' }).validateCredentials({ apiKey })).resolves.toEqual({
      ...{ valid: true, credentials: { apiKey, region: 'eu' } },
    });
    const learned = await learning({ region: 'eu' }).validateCredentials({ apiKey });
    expect(JSON.stringify(learned)).toBe('{"valid":true,"credentials":"[redacted]"}');
    const unchanged = learning(undefined).validateCredentials({ apiKey });
    await expect(unchanged).resolves.toEqual({ valid: true });
  });

  describe('with an address for each customer', () => {
    const asked: string[] = [];
    const regional = (changes: Partial<ContextEnvironment> = {}) =>
      define({
        baseUrl: 'https://api.acme.example/v2',
        customerBaseUrls: {
          field: 'region',
          of: ({ region }) => region ?? null,
          hosts: ['api.acme.example', '*.api.acme.example'],
        },
        validateCredentials: async (client) => {
          await client.me();
        },
      }).create({
        ...environment,
        fetch: (url) => {
          asked.push(url);
          return Promise.resolve(Response.json({}));
        },
        ...changes,
      });

    beforeEach(() => {
      asked.length = 0;
    });

    it('calls that address, under the path of the common one', async () => {
      const context = regional();
      for (const region of [undefined, 'https://eu-1.api.acme.example/elsewhere?x#y']) {
        const parsed = context.parseCredentials({ apiKey: 'key-1', region });
        await context.validateCredentials(parsed);
      }
      expect(asked).toEqual([
        'https://api.acme.example/v2/me',
        'https://eu-1.api.acme.example/v2/me',
      ]);
    });

    it('asks a sandbox in place of any address', async () => {
      const context = regional({ baseUrl: 'https://sandbox.example/v2' });
      await context.validateCredentials({ ...credentials, region: 'https://api.acme.example' });
      expect(asked).toEqual(['https://sandbox.example/v2/me']);
    });

    it.each([
      'https://evil.example',
      'https://api.acme.example.evil.example',
      'https://evilapi.acme.example',
      'http://api.acme.example',
      'https://api.acme.example:8443',
      'https://user:pass@api.acme.example',
      'https://evil.example#.api.acme.example',
      'https://169.254.169.254',
      'api.acme.example',
    ])('refuses %s, however it came in, before any request', async (region) => {
      const context = regional();
      const wrong = { ...credentials, region };
      const parse = async () => Promise.resolve(context.parseCredentials(wrong));
      for (const refused of [parse(), context.validateCredentials(wrong)]) {
        expect(await failureOf(refused)).toMatchObject({
          kind: 'bad_request',
          publicMessage:
            'The credentials for Acme have an address that is not theirs: region: must be https and one of api.acme.example, *.api.acme.example.',
        });
      }
      expect(asked).toEqual([]);
    });
  });

  it('parses filters to what can be stored', () => {
    const context = define().create(environment);
    expect(context.parseFilters({ team: 'sales', minutes: undefined })).toEqual({ team: 'sales' });
    expect(() => context.parseFilters({ minutes: 'five' })).toThrow(
      'Acme cannot filter like this (it takes team, minutes): minutes: Invalid input',
    );
  });

  it('says so where a platform takes no filters', () => {
    const listing = defineContext({
      ...bareDefinition(),
      filters: z.strictObject({}),
    }).create(environment);
    expect(() => listing.parseFilters({ team: 'x' })).toThrow('(it takes none)');
  });

  it('opens recordings that are stored with us', async () => {
    const context = define().create({ ...environment, objects: createObjects() });
    const { media } = await context.fetchCall(credentials, call);
    const stream = await context.openMedia(credentials, media ?? { kind: 'stored', key: 'none' });
    expect(stream).toMatchObject({ contentType: 'audio/wav', sizeBytes: 5 });
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream.body) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('sound');
  });

  it('reports a stored recording that is not there as not found', async () => {
    const context = define().create({ ...environment, objects: createObjects() });
    const opening = context.openMedia(credentials, { kind: 'stored', key: 'other' });
    expect((await failureOf(opening)).kind).toBe('not_found');
  });

  it('fetches a call again whose stored recording has moved, without the hint that misled it', async () => {
    const hints: unknown[] = [];
    const context = define({
      fetchRecording: (_client, { hint }) => {
        hints.push(hint);
        return Promise.resolve({ key: hint ?? 'media' });
      },
    }).create({ ...environment, objects: createObjects() });
    const { media } = await context.fetchCall(credentials, { ...call, hint: 'moved' });
    const stream = await context.openMedia(credentials, media ?? { kind: 'stored', key: 'none' });
    expect(stream.sizeBytes).toBe(5);
    expect(hints).toEqual(['moved', null]);
  });

  it('reports a recording as not found whose call has none any more', async () => {
    const recordings = [{ key: 'moved' }];
    const context = define({
      fetchRecording: () => Promise.resolve(recordings.shift() ?? null),
    }).create({ ...environment, objects: createObjects() });
    const { media } = await context.fetchCall(credentials, call);
    const opening = context.openMedia(credentials, media ?? { kind: 'stored', key: 'none' });
    expect(await failureOf(opening)).toMatchObject({
      kind: 'not_found',
      publicMessage: 'Acme no longer has this recording, or the credentials may not see it.',
    });
  });

  it('has neither files nor network where the environment or the definition has none', async () => {
    const context = define({
      validateCredentials: async (client) => {
        await client.readNote();
      },
      countCalls: async (client) => {
        await client.me();
        return 1;
      },
    }).create(environment);
    expect((await failureOf(context.validateCredentials(credentials))).kind).toBe('internal');
    const counting = context.countCalls?.(credentials, whole) ?? Promise.resolve();
    expect((await failureOf(counting)).kind).toBe('contract');
    const media = { kind: 'url', url: 'https://files.example.com/a.mp3' } as const;
    expect((await failureOf(context.openMedia(credentials, media))).kind).toBe('contract');
  });

  it('says of a missing call that it is not ready while the platform may still work on it', async () => {
    const missing = new ImportError({ kind: 'not_found', source: 'dialpad', publicMessage: 'No.' });
    const context = define({
      settlingMs: 3_600_000,
      fetchRecording: () => Promise.reject(missing),
    }).create(environment);
    const startedMinutesAgo = (minutes: number): SourceCall => {
      const startedAt = new Date(environment.clock.now().getTime() - minutes * 60_000);
      return { ...call, metadata: { ...call.metadata, startedAt } };
    };
    const fresh = await failureOf(context.fetchCall(credentials, startedMinutesAgo(59)));
    expect(fresh).toMatchObject({ kind: 'not_ready', cause: missing });
    const old = await failureOf(context.fetchCall(credentials, startedMinutesAgo(61)));
    expect(old.kind).toBe('not_found');
  });

  it('says of a call that the adapter does not find that it is gone', async () => {
    const fetchRecording = () => Promise.resolve('not_found' as const);
    const context = define({ fetchRecording }).create(environment);
    expect(await failureOf(context.fetchCall(credentials, call))).toMatchObject({
      kind: 'not_found',
      source: 'dialpad',
      publicMessage: 'Acme no longer has this recording, or the credentials may not see it.',
    });
  });

  describe('where a platform says that a call has none', () => {
    const now = environment.clock.now().getTime();
    const endedMinutesAgo = (minutes: number): SourceCall => ({
      ...call,
      metadata: { ...call.metadata, startedAt: new Date(now - minutes * 60_000) },
    });
    const fresh = endedMinutesAgo(59);
    const old = endedMinutesAgo(61);

    it('takes a missing recording for one that is not ready, for as long as that may be', async () => {
      const context = define({
        settlingMs: 3_600_000,
        fetchRecording: () => Promise.resolve(null),
      }).create(environment);
      const error = await failureOf(context.fetchCall(credentials, fresh));
      expect(error).toMatchObject({ kind: 'not_ready', retryAfterMs: 59 * 60_000 });
      expect(error.publicMessage).toBe('Acme has not finished this call’s recording yet.');
      await expect(context.fetchCall(credentials, old)).resolves.toMatchObject({ media: null });
    });

    it('believes a platform that says that nothing was recorded', async () => {
      const context = define({
        settlingMs: 3_600_000,
        fetchRecording: () => Promise.resolve('none'),
      }).create(environment);
      await expect(context.fetchCall(credentials, fresh)).resolves.toMatchObject({
        metadata: { mediaKind: 'none' },
        media: null,
      });
    });

    it('does the same with transcripts', async () => {
      const context = (found: 'none' | null) =>
        define({
          settlingMs: 3_600_000,
          getTranscript: () => Promise.resolve(found),
        }).create(environment);
      const asked = context(null).getTranscript?.(credentials, fresh) ?? Promise.resolve();
      expect(await failureOf(asked)).toMatchObject({ kind: 'not_ready' });
      await expect(context(null).getTranscript?.(credentials, old)).resolves.toBeNull();
      await expect(context('none').getTranscript?.(credentials, fresh)).resolves.toBeNull();
    });

    it('takes a transcript that is not found for one that is not ready, for as long', async () => {
      const missing = new ImportError({
        ...{ kind: 'not_found', source: 'dialpad', publicMessage: 'No.' },
      });
      const context = define({
        settlingMs: 3_600_000,
        getTranscript: () => Promise.reject(missing),
      }).create(environment);
      const asked = context.getTranscript?.(credentials, fresh) ?? Promise.resolve();
      const error = await failureOf(asked);
      expect(error).toMatchObject({ kind: 'not_ready', retryAfterMs: 59 * 60_000, cause: missing });
      expect(error.publicMessage).toBe('Acme has not finished this call’s transcript yet.');
      await expect(context.getTranscript?.(credentials, old)).rejects.toBe(missing);
    });

    it('waits, however long ago the call was, where the platform says that it still works on it', async () => {
      const fetchRecording = () => Promise.resolve('not_ready' as const);
      const context = define({ fetchRecording }).create(environment);
      const error = await failureOf(context.fetchCall(credentials, old));
      expect(error).toMatchObject({ kind: 'not_ready', retryAfterMs: 61 * 60_000 });
    });
  });

  describe('what is known of a call before it is fetched', () => {
    const hour = 3_600_000;
    const endedAgo = (agoMs: number) =>
      toListedCall({ id: 'call-2', startedAt: environment.clock.now().getTime() - agoMs });
    /** A platform whose every answer counts, on a clock of its own. */
    const createCounting = (changes: Partial<AcmeDefinition>) => {
      const asked: string[] = [];
      const ownClock = createFakeClock();
      const context = define({
        settlingMs: hour,
        fetchRecording: async () => {
          asked.push('recording');
          return { url: 'https://files.example.com/new' };
        },
        getTranscript: async () => {
          asked.push('transcript');
          return null;
        },
        ...changes,
      }).create({ ...environment, clock: ownClock });
      const list = async (): Promise<SourceCall> => {
        for await (const { calls } of context.listCalls(credentials, whole)) {
          const [first] = calls;
          if (first !== undefined) return first;
        }
        throw new Error('Nothing was listed.');
      };
      return { context, asked, list, clock: ownClock };
    };
    const listing = (...calls: readonly KnownCall[]): Partial<AcmeDefinition> => ({
      listCalls: async function* () {
        yield { calls, nextCursor: null };
      },
    });

    it('is not asked for again: a link while it works, and that there is nothing', async () => {
      const recording = {
        url: 'https://files.example.com/a',
        kind: 'audio',
        contentType: 'audio/mpeg',
      } as const;
      const known = { ...endedAgo(0), recording, transcript: 'none' } as const;
      const opened = createCounting({ linkLifetimeMs: hour, ...listing(known) });
      const { context } = opened;
      const listed = await opened.list();
      await expect(context.fetchCall(credentials, listed)).resolves.toEqual({
        metadata: { ...known.metadata, mediaKind: 'audio' },
        media: { kind: 'url', url: recording.url, contentType: 'audio/mpeg' },
      });
      await expect(context.getTranscript?.(credentials, listed)).resolves.toBeNull();
      expect(opened.asked).toEqual([]);
      opened.clock.advance(51 * 60_000);
      await expect(context.fetchCall(credentials, listed)).resolves.toMatchObject({
        media: { url: 'https://files.example.com/new' },
      });
      expect(opened.asked).toEqual(['recording']);
    });

    it('believes a link that says until when it works, rather than the platform', async () => {
      const untilMs = environment.clock.now().getTime() + 2 * hour;
      const url = `https://files.example.com/a?Expires=${String(Math.floor(untilMs / 1000))}`;
      const known = { ...endedAgo(0), recording: { url } };
      const opened = createCounting({ linkLifetimeMs: hour, ...listing(known) });
      const listed = await opened.list();
      opened.clock.advance(1.5 * hour);
      await opened.context.fetchCall(credentials, listed);
      expect(opened.asked).toEqual([]);
    });

    it('takes a link for a broken promise that had expired when it was given', async () => {
      const url = 'https://files.example.com/a?Expires=1000000000';
      const { context } = createCounting({ fetchRecording: async () => ({ url }) });
      expect(await failureOf(context.fetchCall(credentials, call))).toMatchObject({
        kind: 'contract',
        retryable: true,
        publicMessage: 'Acme gave a link to the recording that had expired.',
      });
    });

    it.each([
      ['an old call', 2 * hour, []],
      ['a call that has just ended', 0, ['recording', 'transcript']],
    ])('counts what %s lacks as missing for good, or not', async (_name, agoMs, asked) => {
      const missing = { recording: null, transcript: null };
      const opened = createCounting({
        ...listing(endedAgo(agoMs)),
        hydrateCalls: async (_client, calls) => calls.map((each) => ({ ...each, ...missing })),
      });
      const { context } = opened;
      const [hydrated] = (await context.hydrateCalls?.(credentials, [await opened.list()])) ?? [];
      if (hydrated === undefined) throw new Error('Nothing was hydrated.');
      expect(hydrated.transcript).toBeNull();
      await context.fetchCall(credentials, hydrated);
      await context.getTranscript?.(credentials, hydrated).catch(() => null);
      expect(opened.asked).toEqual(asked);
    });

    it('asks nothing of a call of which the listing says that nothing was recorded', async () => {
      const opened = createCounting({});
      const metadata = { ...call.metadata, mediaKind: 'none' as const };
      await expect(opened.context.fetchCall(credentials, { ...call, metadata })).resolves.toEqual({
        metadata,
        media: null,
      });
      expect(opened.asked).toEqual([]);
    });

    it('hydrates by transcripts that came with the listing', async () => {
      const transcript = {
        transcript: { language: null, speakers: [], segments: [] },
        original: 1,
      };
      const opened = createCounting({
        ...listing({ ...endedAgo(0), transcript }),
        hydrateCalls: 'by_listing',
      });
      const calls = [await opened.list(), call];
      const hydrated = await opened.context.hydrateCalls?.(credentials, calls);
      expect(hydrated?.map((each) => each.transcript)).toEqual([transcript, null]);
    });

    it('adds what else the platform says of a call when it is fetched', async () => {
      const { context } = createCounting({ fetchDetails: async () => ({ title: 'Demo' }) });
      await expect(context.fetchCall(credentials, call)).resolves.toMatchObject({
        metadata: { title: 'Demo' },
        media: { url: 'https://files.example.com/new' },
      });
    });
  });

  it('keeps to the limits of the plan that credentials name', async () => {
    const limits: unknown[] = [];
    const createRateLimiter: ContextEnvironment['createRateLimiter'] = (account) => {
      limits.push([account.requestsPerSecond, account.requestsPerDay]);
      return { acquire: () => Promise.resolve(), observe: () => undefined };
    };
    const context = define({
      rateLimitsOf: ({ region }) => ({ requestsPerDay: region?.length ?? null }),
    }).create({ ...environment, createRateLimiter });
    await context.validateCredentials(credentials);
    await context.validateCredentials({ ...credentials, region: 'europe' });
    expect(limits).toEqual([
      [5, null],
      [5, 6],
    ]);
  });

  it('asks for pages of the size that the environment wants, where the platform allows it', async () => {
    const sizes: number[] = [];
    const client: AcmeDefinition['client'] = (toolkit) => {
      sizes.push(toolkit.pageSize(50));
      return {
        key: '',
        hasSignal: false,
        readNote: () => toolkit.objects.readJson(''),
        me: () => toolkit.http.request({ method: 'GET', path: '/me' }, z.unknown()),
      };
    };
    for (const pageSize of [undefined, 5, 500]) {
      const changes = pageSize === undefined ? {} : { pageSize };
      await define({ client })
        .create({ ...environment, ...changes })
        .validateCredentials(credentials);
    }
    expect(sizes).toEqual([50, 5, 50]);
  });

  it('keeps the pace of an account whose credentials change', async () => {
    const keys: string[] = [];
    const createRateLimiter: ContextEnvironment['createRateLimiter'] = ({ key }) => {
      keys.push(key);
      return { acquire: () => Promise.resolve(), observe: () => undefined };
    };
    const context = define({ accountOf: ({ region }) => region ?? 'nowhere' }).create({
      ...environment,
      createRateLimiter,
    });
    await context.validateCredentials({ apiKey: 'first', region: 'eu' });
    await context.validateCredentials({ apiKey: 'second', region: 'eu' });
    expect(keys).toHaveLength(1);
    await context.validateCredentials({ apiKey: 'second', region: 'us' });
    expect(keys).toHaveLength(2);
  });
});

/** A definition of its own types, with filters to be replaced. */
function bareDefinition() {
  const { platform, displayName, auth, capabilities, rateLimits, listing } = define();
  return {
    ...{ platform, displayName, auth, capabilities, rateLimits, listing },
    credentials: Key,
    errors: defineErrors({}),
    baseUrl: null,
    media: { hosts: [] },
    client: () => null,
    validateCredentials: () => Promise.resolve(undefined),
    listCalls: async function* () {
      yield { calls: [], nextCursor: null };
    },
    fetchRecording: () => Promise.resolve(null),
  };
}
