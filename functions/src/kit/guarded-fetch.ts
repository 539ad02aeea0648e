import type { LookupAddress, LookupOptions } from 'node:dns';
import type { Agent } from 'undici';
import { ImportError } from '../core/errors.ts';
import type { Fetch, FetchResponse, ResponseHeaders } from './fetch.ts';
import { discardBody } from './fetch.ts';
import { isPublicAddress, toLiteralAddress } from './public-address.ts';

/** The network as the engine may use it. */
export interface NetworkFetch {
  readonly fetch: Fetch;
  /** Ends open connections. */
  close(): Promise<void>;
}

export interface NetworkFetchOptions {
  /** Exact origins that may be plain http and private: the embedded runtime's sandboxes only. */
  readonly allowedOrigins?: readonly string[];
  readonly connectTimeoutMs?: number;
  /** Replaces the resolver in tests. */
  readonly lookup?: HostLookup;
}

/** Every address of a host. */
export type HostLookup = (hostname: string) => Promise<readonly LookupAddress[]>;

/**
 * Creates a `Fetch` that connects to public addresses only. The check is at connect time, on the
 * very addresses that the socket uses, so that a name that resolves differently the second time
 * changes nothing.
 */
export function createNetworkFetch(options: NetworkFetchOptions = {}): NetworkFetch {
  const allowedOrigins = new Set(options.allowedOrigins);
  const connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
  const lookup = options.lookup ?? lookupAll;
  // Kept: Node resolves the name anew for each `import()`, tens of microseconds of every request.
  let loading: Promise<typeof import('undici')> | null = null;
  let publicAgent: Promise<Agent> | null = null;
  let allowedAgent: Promise<Agent> | null = null;
  const agentFor = (origin: string): Promise<Agent> => {
    if (allowedOrigins.has(origin)) {
      return (allowedAgent ??= createAgent({ timeout: connectTimeoutMs }));
    }
    return (publicAgent ??= createAgent({
      timeout: connectTimeoutMs,
      lookup: createGuardedLookup(lookup),
    }));
  };
  return {
    fetch: async (address, init) => {
      const url = requireSafeUrl(address, { allowedOrigins, source: 'network' });
      const [undici, dispatcher] = await Promise.all([
        (loading ??= import('undici')),
        agentFor(url.origin),
      ]);
      const answer = await undici.request(url, {
        dispatcher,
        // A string that undici sends as it is; it follows no redirect by itself.
        method: init.method,
        headers: init.headers,
        body: init.body ?? null,
        signal: init.signal,
      });
      return {
        status: answer.statusCode,
        headers: toResponseHeaders(answer.headers),
        body: answer.body,
      };
    },
    close: async () => {
      for (const agent of [publicAgent, allowedAgent]) {
        if (agent !== null) await (await agent).destroy();
      }
    },
  };
}

async function createAgent(
  connect: Readonly<Record<string, unknown>> & { readonly timeout: number },
): Promise<Agent> {
  const undici = await import('undici');
  // Deadlines are the callers': undici's own would end a slow download that still moves.
  return new undici.Agent({ connect, headersTimeout: 0, bodyTimeout: 0, connections: 64 });
}

async function lookupAll(hostname: string): Promise<readonly LookupAddress[]> {
  const { lookup } = await import('node:dns/promises');
  return lookup(hostname, { all: true });
}

type LookupCallback = (
  error: Error | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** One private address among public ones refuses the host: nobody honest mixes them. */
function createGuardedLookup(lookup: HostLookup) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    lookup(hostname).then(
      (addresses) => {
        const first = addresses[0];
        if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
          callback(refused('network', 'its host has an address that is not public'), '', 0);
        } else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error('The lookup failed.'), '', 0);
      },
    );
  };
}

function toResponseHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ResponseHeaders {
  return {
    get: (name) => {
      const value = headers[name.toLowerCase()];
      if (value === undefined) return null;
      return typeof value === 'string' ? value : value.join(', ');
    },
  };
}

/** Which hosts a URL may name: exact, or `*.example.com` for every name below it. */
export type HostRule = readonly string[] | 'any_public';

export interface GuardedRequest {
  readonly url: string;
  readonly fetch: Fetch;
  readonly allowedOrigins: readonly string[];
  /** For the first URL: it may come from a platform's answer, a webhook or a user. */
  readonly hosts: HostRule;
  /** For what redirects name. */
  readonly redirectHosts: HostRule;
  /** Sent to every origin. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent to `credentialOrigin` only. */
  readonly credentialHeaders: Readonly<Record<string, string>>;
  /** Null: no origin gets them. */
  readonly credentialOrigin: string | null;
  readonly signal: AbortSignal;
  /** Named in errors. */
  readonly source: string;
}

export interface GuardedResponse {
  readonly response: FetchResponse;
  /** How many redirects led to it. */
  readonly redirects: number;
}

const maxRedirects = 5;

/**
 * GETs a URL that somebody else supplied, following up to five redirects, each checked as the first.
 * @throws `contract` for a scheme, host, address or redirect that is not allowed
 */
export async function guardedGet(request: GuardedRequest): Promise<GuardedResponse> {
  const { source } = request;
  const allowedOrigins = new Set(request.allowedOrigins);
  let url = requireSafeUrl(request.url, { allowedOrigins, source });
  requireHost(url, request.hosts, { allowedOrigins, source });
  // Once off its origin a chain stays without credentials, even if it leads back.
  let hasLeft = false;
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const isOwnOrigin: boolean = url.origin === request.credentialOrigin && !hasLeft;
    hasLeft = !isOwnOrigin;
    const response: FetchResponse = await request.fetch(url.href, {
      method: 'GET',
      redirect: 'manual',
      headers: { ...request.headers, ...(isOwnOrigin && request.credentialHeaders) },
      signal: request.signal,
    });
    const location = toLocation(response);
    if (location === null) return { response, redirects };
    await discardBody(response);
    url = requireSafeUrl(location, { allowedOrigins, source, base: url });
    requireHost(url, request.redirectHosts, { allowedOrigins, source });
  }
  throw refused(source, `more than ${String(maxRedirects)} redirects`);
}

function toLocation(response: FetchResponse): string | null {
  const isRedirect = [301, 302, 303, 307, 308].includes(response.status);
  return isRedirect ? response.headers.get('location') : null;
}

/**
 * Parses a URL that may be fetched at all: https at its own port, no user info, no private literal
 * address.
 * @throws `contract`; the message never quotes the URL, which may be a signed one
 */
export function requireSafeUrl(
  text: string,
  options: {
    readonly allowedOrigins: ReadonlySet<string>;
    readonly source: string;
    readonly base?: URL;
  },
): URL {
  const { source } = options;
  const url = URL.parse(text, options.base?.href);
  if (url === null) throw refused(source, 'it is no URL');
  if (url.username !== '' || url.password !== '') throw refused(source, 'it has user info');
  if (options.allowedOrigins.has(url.origin)) return url;
  if (url.protocol !== 'https:') throw refused(source, 'it is not https');
  // Media is served at 443; any other port would make of us a scanner of somebody's services.
  if (url.port !== '') throw refused(source, 'its port is not 443');
  const address = toLiteralAddress(url.hostname);
  if (address !== null && !isPublicAddress(address)) {
    throw refused(source, 'its address is not public');
  }
  return url;
}

function requireHost(
  url: URL,
  rule: HostRule,
  options: { readonly allowedOrigins: ReadonlySet<string>; readonly source: string },
): void {
  if (rule === 'any_public' || options.allowedOrigins.has(url.origin)) return;
  if (!isHostOf(rule, url.hostname)) {
    throw refused(options.source, `its host ${url.hostname} is not one of the platform's`);
  }
}

/** Whether a host is one of `patterns`: exact, or `*.example.com` for every name below it. */
export function isHostOf(patterns: readonly string[], hostname: string): boolean {
  return patterns.some((pattern) =>
    pattern.startsWith('*.')
      ? hostname.endsWith(pattern.slice(1))
      : hostname === pattern.toLowerCase(),
  );
}

function refused(source: string, why: string): ImportError {
  return new ImportError({
    kind: 'contract',
    source,
    publicMessage: `We do not fetch a URL that was given to us: ${why}.`,
  });
}
