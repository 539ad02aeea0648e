import type { z } from 'zod';
import type {
  ContextCapabilities,
  Credentials,
  ImportContext,
  Platform,
  RateLimits,
} from '../core/imports/import-context.ts';
import type {
  CallFilters,
  CallMetadata,
  DateRange,
  SourceCall,
  SourceTranscript,
} from '../core/imports/source-call.ts';
import type { ReportDrift } from '../core/drift/report-drift.ts';
import type { Clock, ObjectStore } from '../core/ports.ts';
import type { PlatformErrors } from '../kit/define-errors.ts';
import type { Fetch, Sleep } from '../kit/fetch.ts';
import type { HostRule } from '../kit/guarded-fetch.ts';
import type { PlatformHttp } from '../kit/http.ts';
import type { Finding, KnownCall, Recording } from '../kit/known-call.ts';
import type { OAuth2Rules, OAuthApp } from '../kit/oauth2.ts';
import type { ListedPage } from '../kit/pages.ts';
import type { CreateRateLimiter } from '../kit/rate-limiter.ts';

export const platformStatuses = ['supported', 'beta', 'coming_soon', 'not_planned'] as const;
export type PlatformStatus = (typeof platformStatuses)[number];

/** What a context was proven against: our sandbox, recorded answers, the platform itself. */
export type ProvenBy = 'sandbox' | 'recorded' | 'live';

/** The capability registry's row, in words that support can send to a customer. */
export interface PlatformListing {
  readonly status: PlatformStatus;
  readonly provenBy: ProvenBy;
  /** How a customer gets credentials, step by step. Empty where none are needed. */
  readonly instructions: readonly string[];
  /** The platform's names of the permissions that the credentials need. */
  readonly scopes: readonly string[];
  /** The platform's own documentation. */
  readonly docsUrl: string | null;
  /** Its limits in one sentence. */
  readonly limits: string;
  /** What the access costs the customer at the platform, in one sentence: the plan that it needs. */
  readonly price: string;
}

/** What an adapter works with, for one customer and one call of the context. */
export interface Toolkit<TCredentials> {
  readonly credentials: TCredentials;
  /** The platform's API with authorization, limits, retries and parsing. */
  readonly http: PlatformHttp;
  readonly clock: Clock;
  /** Files that were uploaded to us. @throws `internal` where the environment has none */
  readonly objects: ObjectStore;
  /** Reads a text file that an answer named, by the rules for recordings: a transcript. At most 16 MB. */
  readonly readTextFile: (url: string) => Promise<string>;
  readonly signal: AbortSignal | undefined;
  /** How many calls to ask for in a page, for a platform that lets us say: at most `most`. */
  readonly pageSize: (most: number) => number;
}

export interface MediaRules {
  /** Hosts of recordings' URLs besides the API's own. */
  readonly hosts: HostRule;
  /** Hosts that redirects may name, besides the API's own. Default: the same. */
  readonly redirectHosts?: HostRule;
}

/** A customer's own address of the API, in place of `baseUrl`. */
export interface CustomerBaseUrls<TCredentials> {
  /** The credentials' field, for the refusal of a wrong one. */
  readonly field: string;
  /** Its origin is all that counts; null: `baseUrl` it is. */
  readonly of: (credentials: TCredentials) => string | null;
  /** Where it may point: exact, or `*.example.com` for every name below it. */
  readonly hosts: readonly string[];
}

/** Which calls are wanted: range and filters are parsed. */
export interface Listing<TFilters> {
  /** The platform's id, for errors. */
  readonly source: string;
  readonly dateRange: DateRange;
  readonly filters: TFilters;
  /** Nothing later is to be listed: now. */
  readonly latest: Date;
  /** The listing is only read to count: what makes it costlier may be left out. */
  readonly isCount: boolean;
}

/**
 * What an adapter's author writes. Every function throws `ImportError` only by what its client
 * throws; the framework translates anything else. Calls go to `baseUrl`, whatever the credentials
 * hold, unless `customerBaseUrls` says otherwise. Each method gets the toolkit last.
 */
export interface ContextDefinition<
  TCredentials extends z.ZodObject,
  TFilters extends z.ZodObject,
  TClient,
> {
  readonly platform: Platform;
  readonly displayName: string;
  readonly auth: ImportContext['auth'];
  /** What it can do besides importing history; what is left out it can't. */
  readonly capabilities: Partial<ContextCapabilities>;
  readonly rateLimits: RateLimits;
  /** What is different for one account, where its credentials say so: its plan. */
  readonly rateLimitsOf?: (credentials: z.output<TCredentials>) => Partial<RateLimits>;
  /** The window of `x-ratelimit-limit` where no header says it. Default: the header is not used. */
  readonly limitWindowSeconds?: number;
  /** How long to wait after a 429 that does not say, twice as long after each further one. Default 1 s. */
  readonly firstWaitMs?: number;
  /** Where the daily quota begins anew at midnight: an IANA name. Default: UTC. */
  readonly quotaTimeZone?: string;
  /**
   * Strict, and stable under a second parse of its own output. Each field describes itself:
   * `.meta({ title, description, secret })`; what is not marked `secret: false` is a secret.
   */
  readonly credentials: TCredentials;
  /** Filters that `listCalls` takes: flat texts, numbers and booleans. */
  readonly filters: TFilters;
  readonly errors: PlatformErrors;
  readonly listing: PlatformListing;
  /** Null for a context without a network. */
  readonly baseUrl: string | null;
  /** For a platform with an address for each customer; the framework checks it before any use. */
  readonly customerBaseUrls?: CustomerBaseUrls<z.output<TCredentials>>;
  /** The headers that carry the credentials. */
  readonly authorize?: (credentials: z.output<TCredentials>) => Readonly<Record<string, string>>;
  /** Where access tokens expire: how they are renewed, for credentials that hold a refresh token. */
  readonly oauth2?: OAuth2Rules<z.output<TCredentials>>;
  /** Sent with every request to the API: its version, say. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly media: MediaRules;
  /**
   * Hosts of files that want the credentials as the API does: of the platform only, and of the
   * customer's data centre. Default: none, links are signed.
   */
  readonly mediaCredentialHosts?: (credentials: z.output<TCredentials>) => readonly string[];
  /**
   * How long after its end a call's missing recording or transcript may still be in the making: until
   * then the framework takes "none" and `not_found` for "not ready". Default 0.
   */
  readonly settlingMs?: number;
  /** How long links to recordings work that don't say so themselves. Default: until they fail. */
  readonly linkLifetimeMs?: number;
  /**
   * What identifies the account at the platform where credentials change (OAuth): its own id, or
   * `toGrantKey`. Default: a digest of all credentials.
   */
  readonly accountOf?: (credentials: z.output<TCredentials>) => string;

  client(toolkit: Toolkit<z.output<TCredentials>>): TClient;
  /**
   * Throws `auth_invalid` or `permission_denied` for credentials that don't work. What the check
   * learns that other requests need, it returns, to be kept with the credentials.
   */
  validateCredentials(
    client: TClient,
    toolkit: Toolkit<z.output<TCredentials>>,
  ): Promise<Partial<z.output<TCredentials>> | undefined>;
  /**
   * By one of the kit's ways of paging, which take the listing as it is. Calls out of range are
   * dropped by the framework: a platform's edges may be coarser.
   */
  listCalls(
    client: TClient,
    listing: Listing<z.output<TFilters>> & { readonly cursor: string | null },
    toolkit: Toolkit<z.output<TCredentials>>,
  ): AsyncGenerator<ListedPage>;
  /** `by_listing`: there is no total, but reading the listing through costs little. */
  countCalls?:
    | 'by_listing'
    | ((
        client: TClient,
        listing: Listing<z.output<TFilters>>,
        toolkit: Toolkit<z.output<TCredentials>>,
      ) => Promise<number>);
  /**
   * What bulk requests say of a whole page: each call with its `recording`, `transcript` and better
   * metadata, as far as they were asked for. `by_listing`: its transcripts come with the listing.
   */
  hydrateCalls?:
    | 'by_listing'
    | ((
        client: TClient,
        calls: readonly SourceCall[],
        toolkit: Toolkit<z.output<TCredentials>>,
      ) => Promise<readonly KnownCall[]>);
  /**
   * Where the recording is; asked only where neither the listing nor a hydration told, or its link is
   * too old. `not_ready`: the platform says that it still works on this call, however old that is;
   * `not_found`: it has none such.
   */
  fetchRecording(
    client: TClient,
    listed: SourceCall,
    toolkit: Toolkit<z.output<TCredentials>>,
  ): Promise<Finding<Recording> | 'not_ready' | 'not_found'>;
  /** What the platform says of a call besides, where the listing said less: who took part. */
  fetchDetails?(
    client: TClient,
    listed: SourceCall,
    toolkit: Toolkit<z.output<TCredentials>>,
  ): Promise<Partial<CallMetadata>>;
  /** Not asked where it is known that there will be none. */
  getTranscript?(
    client: TClient,
    listed: SourceCall,
    toolkit: Toolkit<z.output<TCredentials>>,
  ): Promise<Finding<SourceTranscript>>;
  /** Only with the capability `uploads`. The credentials it returns must fit `credentials`. */
  acceptUploads?(objects: ObjectStore, batch: UploadBatch): Promise<z.output<TCredentials>>;
}

/** Files that were uploaded to `customers/{customerId}/uploads/{uploadId}`, and what is known of them. */
export interface UploadBatch {
  readonly customerId: string;
  readonly uploads: readonly { readonly uploadId: string; readonly fileName: string }[];
  /** Title, date and participants by file name: CSV text, or rows as JSON; not parsed yet. */
  readonly metadata: unknown;
}

/** What a context gets from outside: the same for every platform but `baseUrl`. */
export interface ContextEnvironment {
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** Default: the guarded network, shared by whoever passes the same one. */
  readonly fetch?: Fetch;
  /** Default: limits kept in this process. */
  readonly createRateLimiter?: CreateRateLimiter;
  /** Replaces the definition's: a sandbox that allows more. */
  readonly rateLimits?: RateLimits;
  /** Our app at the platform, by which access tokens are renewed. */
  readonly oauthApp?: OAuthApp;
  /** For contexts whose recordings are stored with us. */
  readonly objects?: ObjectStore;
  /** Replaces the definition's, base path included: a sandbox. */
  readonly baseUrl?: string;
  /** Exact origins that may be http and private: the embedded runtime's sandboxes only. */
  readonly allowedOrigins?: readonly string[];
  /** Of one request, its body included; of a download until its headers. Default 30 seconds. */
  readonly requestTimeoutMs?: number;
  /** The longest silence within a download. Default 60 seconds. */
  readonly idleTimeoutMs?: number;
  /** Larger answers, downloads aside, are `contract`. Default 32 MB. */
  readonly maxBodyBytes?: number;
  /** Of a listing, in calls, where the platform lets us say. Default: as large as it allows. */
  readonly pageSize?: number;
  /** Told where a platform's answers are not what we rely on. Default: nobody is. */
  readonly reportDrift?: ReportDrift;
}

/** A context of the core with what the entrypoints ask besides. */
export interface CreatedContext extends ImportContext {
  /** @throws `bad_request` naming the filters that this platform takes */
  parseFilters(input: unknown): CallFilters;
  /**
   * Keeps a batch of uploads to be imported, and returns what the job needs to find it: its
   * `credentials`, which are no secret. @throws `bad_request` naming each wrong line of the metadata
   */
  acceptUploads?(batch: UploadBatch): Promise<Credentials>;
}

/** A definition without its type parameters: what the registry and the contract suite work on. */
export interface DefinedContext {
  readonly platform: Platform;
  readonly displayName: string;
  readonly auth: ImportContext['auth'];
  readonly capabilities: ContextCapabilities;
  readonly rateLimits: RateLimits;
  readonly listing: PlatformListing;
  readonly credentials: z.ZodObject;
  readonly filters: z.ZodObject;
  readonly baseUrl: string | null;
  readonly media: MediaRules;
  /** It defines `oauth2`. */
  readonly isRenewable: boolean;
  create(environment: ContextEnvironment): CreatedContext;
}
