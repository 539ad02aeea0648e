import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevTokens, type DevTokens } from '../../../local/runtime/dev-tokens.ts';
import { createDiskObjectStore } from '../../../local/object-store/disk-object-store.ts';
import { createObjectHandler } from '../../../local/object-store/object-handler.ts';
import type { PlatformDirectory } from '../../../src/app.ts';
import { createContexts, platformRows, resolvePlatform } from '../../../src/contexts/registry.ts';
import { toFetch } from '../../../src/contexts/testing/fault-fetch.ts';
import { createAdminApp } from '../../../src/entrypoints/admin/admin-app.ts';
import type { AdminApp, AdminServices } from '../../../src/entrypoints/admin/admin-env.ts';
import type { Fetch, FetchResponse } from '../../../src/kit/fetch.ts';
import { createUnlimitedRateLimiter } from '../../../src/kit/rate-limiter.ts';
import { openWorld, type TestWorld, type WorldOptions } from '../../support/engine/test-world.ts';

/** What support staff send, less the parts that every request has. */
export interface AskOptions {
  /** Sent as JSON; a string or stream as it is. */
  readonly body?: unknown;
  /** Null: no Authorization header. Default: a token with the role support. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; null where it is none. */
  readonly body: unknown;
}

/** Answers a request to the platform in its place; null: the platform answers. */
export type PlatformFault = (url: string) => FetchResponse | null;

/** The admin API in process, over a real engine whose tasks the test delivers. */
export interface AdminWorld {
  readonly world: TestWorld;
  readonly services: AdminServices;
  readonly api: AdminApp;
  readonly tokens: Readonly<Record<'support' | 'admin' | 'viewer' | 'expired', string>>;
  readonly ask: (request: string, options?: AskOptions) => Promise<Answer>;
  /** Every answer that was given: headers and body. */
  readonly answers: readonly string[];
  /** Follows a signed link, or uploads through it. */
  readonly storage: (request: Request) => Promise<Response>;
  setFault(fault: PlatformFault | null): void;
  /** Everything that is stored and queued, as one text. */
  snapshot(): Promise<string>;
  close(): Promise<void>;
}

const tokenKey = new Uint8Array(32).fill(7);
const longAgoMs = 40 * 86_400_000;

/** Opens the API over a Grain account of `calls` calls. */
export async function openAdminWorld(
  options: Pick<WorldOptions, 'calls' | 'settings'> = {},
): Promise<AdminWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'admin-api-'));
  let fault: PlatformFault | null = null;
  const wrapFetch =
    (platform: Fetch): Fetch =>
    async (url, init) =>
      fault?.(url) ?? platform(url, init);
  const objects = createDiskObjectStore({
    folder,
    signingKey: tokenKey,
    baseUrl: () => 'http://127.0.0.1:5001/storage',
    // Links are followed while the test runs: their clock is the real one.
    clock: { now: () => new Date() },
  });
  const world = await openWorld({
    ...{ calls: options.calls ?? 6, wrapFetch, store: objects },
    settings: { callerRequestsPerMinute: 1_000_000, ...options.settings },
  });
  const tokens = createDevTokens(tokenKey, world.clock);
  const services = createServices(world, { tokens, fetch: wrapFetch(toFetch(world.sandbox)) });
  const api = createAdminApp(services);
  const issued = {
    support: await tokens.issue('support'),
    admin: await tokens.issue('admin'),
    viewer: await tokens.issue('viewer'),
  };
  const earlier = { now: () => new Date(world.clock.now().getTime() - longAgoMs) };
  const expired = await createDevTokens(tokenKey, earlier).issue('support');
  const answers: string[] = [];
  return {
    ...{ world, services, api, answers },
    tokens: { ...issued, expired },
    ask: createAsk(api, { answers, token: issued.support }),
    storage: async (request) => createObjectHandler(objects)(request),
    setFault: (wanted) => {
      fault = wanted;
    },
    snapshot: () => takeSnapshot(world, folder),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function createServices(
  { engine, clock }: TestWorld,
  parts: { readonly tokens: DevTokens; readonly fetch: Fetch },
): AdminServices {
  const find = createContexts(() => ({
    ...{ clock, sleep: clock.sleep, random: () => 0.5, objects: engine.objects },
    fetch: parts.fetch,
    createRateLimiter: createUnlimitedRateLimiter,
  }));
  const platforms: PlatformDirectory = { rows: platformRows(), resolve: resolvePlatform, find };
  const { logs, createId } = engine;
  const { verifyCaller } = parts.tokens;
  return {
    app: { logs, clock, createId, verifyCaller, settings: () => engine.settings },
    engine: async () => engine,
    platforms: async () => platforms,
  };
}

function createAsk(
  api: AdminApp,
  { answers, token }: { readonly answers: string[]; readonly token: string },
): AdminWorld['ask'] {
  return async (request, options = {}) => {
    const [method = 'GET', path = '/'] = request.split(' ');
    const { body } = options;
    const isRaw = typeof body === 'string' || body instanceof ReadableStream;
    const sent = isRaw ? body : JSON.stringify(body);
    const bearer = options.token === undefined ? token : options.token;
    const init: RequestInit & { duplex?: 'half' } = {
      method,
      headers: {
        ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body !== undefined && { body: sent }),
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    };
    const response = await api.request(path, init);
    const text = await response.text();
    answers.push(`${JSON.stringify([...response.headers])}\n${text}`);
    return { status: response.status, headers: response.headers, text, body: toJson(text) };
  };
}

function toJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return null;
  }
}

const collections = ['importJobs', 'importedCalls', 'engagements', 'importCredentials'];

async function takeSnapshot({ db, queue }: TestWorld, folder: string): Promise<string> {
  const stored = await Promise.all(
    collections.map(async (name) => {
      const { docs } = await db.collection(name).get();
      return docs.map((doc) => ({ path: doc.ref.path, data: doc.data() }));
    }),
  );
  const files = await readdir(folder, { recursive: true });
  return JSON.stringify({ stored, files: files.sort(), tasks: queue.accepted.length });
}
