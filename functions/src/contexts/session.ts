import type { z } from 'zod';
import { ImportError } from '../core/errors.ts';
import type { Credentials, PlatformAccount } from '../core/imports/import-context.ts';
import type { MediaSource, MediaStream } from '../core/imports/source-call.ts';
import type { ObjectStore } from '../core/ports.ts';
import type { AnswerDrift } from '../kit/drift.ts';
import { readText } from '../kit/fetch.ts';
import type { Fetch } from '../kit/fetch.ts';
import { createNetworkFetch, requireSafeUrl } from '../kit/guarded-fetch.ts';
import type { PlatformHttp } from '../kit/http.ts';
import { createPlatformHttp } from '../kit/http.ts';
import { openDownload } from '../kit/media-download.ts';
import { renewGrant, requireOAuthApp, toClientHeaders, toTokenVoice } from '../kit/oauth2.ts';
import type { OAuth2Rules } from '../kit/oauth2.ts';
import { unlimited } from '../kit/rate-limiter.ts';
import { createLimiters, toAccess, toAccount } from './access.ts';
import type { Access } from './access.ts';
import { toCustomerBaseUrl } from './base-url.ts';
import type { ContextDefinition, ContextEnvironment, MediaRules, Toolkit } from './context.ts';
import { createKnownCalls } from './known-calls.ts';
import type { KnownCalls } from './known-calls.ts';

/** Hours of talk are some hundred kilobytes. */
const maxTextFileBytes = 16 * 1024 * 1024;

/** A definition in its environment: what its methods are made of. */
export interface Session<TClient, TCredentials> {
  /** Files that were uploaded to us. @throws `internal` where the environment has none */
  objects(): ObjectStore;
  account(credentials: Credentials): PlatformAccount;
  /** The client for one call of the context, and the toolkit that it was built from. */
  connect(
    credentials: Credentials,
    signal: AbortSignal | undefined,
  ): { readonly client: TClient; readonly toolkit: Toolkit<TCredentials> };
  openMedia(
    credentials: Credentials,
    media: MediaSource,
    signal: AbortSignal | undefined,
  ): Promise<MediaStream>;
  /** The credentials that follow these. */
  renew(
    credentials: Credentials,
    rules: OAuth2Rules<TCredentials>,
    signal: AbortSignal | undefined,
  ): Promise<Credentials>;
  readonly calls: KnownCalls;
  /** Tells people, once, that the platform's answers are not what we rely on. */
  reportDrift(drift: AnswerDrift): Promise<void>;
}

/** Does one call of the context; every error becomes an `ImportError`. */
export type Run<TClient, TCredentials> = <T>(
  credentials: Credentials,
  signal: AbortSignal | undefined,
  work: (client: TClient, toolkit: Toolkit<TCredentials>) => Promise<T>,
) => Promise<T>;

/** Binds a definition to its environment. */
export function createSession<
  TCredentials extends z.ZodObject,
  TFilters extends z.ZodObject,
  TClient,
>(
  definition: ContextDefinition<TCredentials, TFilters, TClient>,
  environment: ContextEnvironment,
): Session<TClient, z.output<TCredentials>> {
  const commonBaseUrl = toBaseUrl(definition, environment);
  const fetch = environment.fetch ?? createNetworkFetch(environment).fetch;
  const limiterFor = createLimiters(definition, environment);
  const { platform: source } = definition;
  const accessFor = (credentials: Credentials): Access<z.output<TCredentials>> =>
    toAccess(definition, { credentials, clock: environment.clock, limiterFor });
  // A sandbox stands in for every address of the platform.
  const baseUrlFor = (credentials: z.output<TCredentials>): string | null =>
    environment.baseUrl === undefined
      ? (toCustomerBaseUrl(definition, credentials) ?? commonBaseUrl)
      : commonBaseUrl;
  const openMedia: Session<TClient, z.output<TCredentials>>['openMedia'] = (
    credentials,
    media,
    signal,
  ) => {
    if (media.kind === 'stored') return openStored(environment, media, definition.platform);
    const access = accessFor(credentials);
    const baseUrl = baseUrlFor(access.credentials);
    const credentialHosts = definition.mediaCredentialHosts?.(access.credentials);
    const rules = {
      ...definition.media,
      ...(credentialHosts !== undefined && { credentialHosts }),
    };
    return openUrl({ access, baseUrl, fetch, environment, signal }, media, rules);
  };
  return {
    objects: () => requireObjects(environment, definition.platform),
    account: (credentials) => {
      const account = toAccount(definition, credentials);
      return { ...account, rateLimits: environment.rateLimits ?? account.rateLimits };
    },
    connect: (credentials, signal) => {
      const access = accessFor(credentials);
      const { clock } = environment;
      const baseUrl = baseUrlFor(access.credentials);
      const http = createHttp({ access, baseUrl, fetch, environment, signal });
      const toolkit: Toolkit<z.output<TCredentials>> = {
        credentials: access.credentials,
        http,
        clock,
        signal,
        pageSize: (most) => Math.min(most, environment.pageSize ?? most),
        readTextFile: async (url) => {
          const { body } = await openMedia(credentials, { kind: 'url', url }, signal);
          return readText(body, { maxBytes: maxTextFileBytes, source });
        },
        get objects() {
          return requireObjects(environment, source);
        },
      };
      return { client: definition.client(toolkit), toolkit };
    },
    openMedia,
    calls: createKnownCalls(definition, environment.clock),
    renew: (credentials, rules, signal) =>
      renew({ access: accessFor(credentials), fetch, environment, signal }, credentials, rules),
    reportDrift: toDriftReport(source, environment),
  };
}

function toDriftReport(platform: string, { reportDrift }: ContextEnvironment) {
  return async (drift: AnswerDrift): Promise<void> => reportDrift?.({ platform, ...drift });
}

interface Connection<TCredentials> {
  readonly access: Access<TCredentials>;
  readonly baseUrl: string | null;
  readonly fetch: Fetch;
  readonly environment: ContextEnvironment;
  readonly signal: AbortSignal | undefined;
}

function toBaseUrl(
  { platform, baseUrl }: { readonly platform: string; readonly baseUrl: string | null },
  environment: ContextEnvironment,
): string | null {
  if (baseUrl === null) return null;
  const text = environment.baseUrl ?? baseUrl;
  const allowedOrigins = new Set(environment.allowedOrigins);
  requireSafeUrl(text, { allowedOrigins, source: platform });
  return text.replace(/\/$/, '');
}

function createHttp({
  access,
  baseUrl,
  fetch,
  environment,
  signal,
}: Connection<unknown>): PlatformHttp {
  const { voice, headers, limiter } = access;
  const { sleep, random } = environment;
  return createPlatformHttp({
    voice,
    headers,
    limiter,
    fetch,
    sleep,
    random,
    signal,
    reportDrift: toDriftReport(voice.platform, environment),
    // A context without a network never gets here; if it does, this URL is refused.
    baseUrl: baseUrl ?? 'none:',
    requestTimeoutMs: environment.requestTimeoutMs ?? 30_000,
    maxBodyBytes: environment.maxBodyBytes ?? 32 * 1024 * 1024,
  });
}

function renew<TCredentials>(
  { access, ...connection }: Omit<Connection<TCredentials>, 'baseUrl'>,
  credentials: Credentials,
  rules: OAuth2Rules<TCredentials>,
): Promise<Credentials> {
  const { environment } = connection;
  const { voice } = access;
  const app = requireOAuthApp(credentials, { app: environment.oauthApp ?? null, voice });
  const { tokenUrl } = rules;
  const url = new URL(typeof tokenUrl === 'string' ? tokenUrl : tokenUrl(access.credentials));
  const http = createHttp({
    ...connection,
    // A sandbox stands in for every address of the platform.
    baseUrl: new URL(environment.baseUrl ?? url).origin,
    access: {
      ...access,
      headers: toClientHeaders(app, rules),
      voice: toTokenVoice(voice, app),
      // Token endpoints have limits of their own, which one request in an hour does not meet.
      limiter: unlimited,
    },
  });
  const { now } = environment.clock;
  return renewGrant({ credentials, rules, app, http, tokenPath: url.pathname, now });
}

function openUrl(
  { access, baseUrl, fetch, environment, signal }: Connection<unknown>,
  media: Extract<MediaSource, { kind: 'url' }>,
  rules: MediaRules & { readonly credentialHosts?: readonly string[] },
): Promise<MediaStream> {
  const { voice, limiter } = access;
  const { sleep, random } = environment;
  const ownHost = baseUrl === null ? [] : [new URL(baseUrl).hostname];
  return openDownload({
    voice,
    limiter,
    fetch,
    sleep,
    random,
    signal,
    url: media.url,
    contentType: media.contentType ?? null,
    sizeBytes: media.sizeBytes ?? null,
    allowedOrigins: environment.allowedOrigins ?? [],
    hosts: withHosts(rules.hosts, ownHost),
    redirectHosts: withHosts(rules.redirectHosts ?? rules.hosts, ownHost),
    credentialHeaders: { ...access.headers, ...media.headers },
    ...(rules.credentialHosts !== undefined && { credentialHosts: rules.credentialHosts }),
    apiUrl: baseUrl,
    requestTimeoutMs: environment.requestTimeoutMs ?? 30_000,
    idleTimeoutMs: environment.idleTimeoutMs ?? 60_000,
  });
}

function withHosts(rule: readonly string[] | 'any_public', hosts: readonly string[]) {
  return rule === 'any_public' ? rule : [...rule, ...hosts];
}

async function openStored(
  environment: ContextEnvironment,
  media: Extract<MediaSource, { kind: 'stored' }>,
  platform: string,
): Promise<MediaStream> {
  const objects = requireObjects(environment, platform);
  const stored = await objects.find(media.key);
  if (stored === null) {
    throw new ImportError({
      kind: 'not_found',
      source: platform,
      publicMessage: 'The uploaded recording is not there: the upload was not finished.',
    });
  }
  return {
    contentType: media.contentType ?? stored.contentType,
    sizeBytes: stored.sizeBytes,
    body: await objects.read(media.key),
  };
}

function requireObjects({ objects }: ContextEnvironment, platform: string): ObjectStore {
  if (objects !== undefined) return objects;
  throw new ImportError({
    kind: 'internal',
    source: platform,
    publicMessage: 'This context needs stored files and was created without them.',
  });
}
