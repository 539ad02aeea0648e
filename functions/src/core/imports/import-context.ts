import type {
  CallMetadata,
  ListOptions,
  MediaSource,
  MediaStream,
  SourceCall,
  SourceCallPage,
  SourceTranscript,
} from './source-call.ts';

/** Every call platform that the engine knows of, with or without a context yet. */
export const platforms = [
  'gong',
  'chorus',
  'zoho_meeting',
  'grain',
  'fathom',
  'fireflies',
  'ringcentral',
  'zoom_phone',
  'dialpad',
  'hubspot',
  'five9',
  'manual',
] as const;
export type Platform = (typeof platforms)[number];

/** Platforms as people know them. */
export const platformNames: Readonly<Record<Platform, string>> = {
  gong: 'Gong',
  chorus: 'Chorus by ZoomInfo',
  zoho_meeting: 'Zoho Meeting',
  grain: 'Grain',
  fathom: 'Fathom',
  fireflies: 'Fireflies.ai',
  ringcentral: 'RingCentral',
  zoom_phone: 'Zoom Phone',
  dialpad: 'Dialpad',
  hubspot: 'HubSpot',
  five9: 'Five9',
  manual: 'Manual upload',
};

/** Plaintext credentials as the platform's own schema parsed them; never stored, never logged. */
export type Credentials = Readonly<Record<string, unknown>>;

export interface ContextCapabilities {
  readonly historicalImport: boolean;
  readonly ongoingSync: boolean;
  /** The platform has transcripts of its own, so that nothing need be transcribed. */
  readonly transcriptReuse: boolean;
  /** The platform can say how many calls there are without listing them all. */
  readonly exactCount: boolean;
  /** Calls come as files that were uploaded to us first. */
  readonly uploads: boolean;
}

export interface RateLimits {
  readonly requestsPerSecond: number;
  /** Null where the platform has no daily quota. */
  readonly requestsPerDay: number | null;
  /** What one call costs of these limits on average, its part of the listing included. Default 2. */
  readonly requestsPerCall?: number;
}

/** What one call costs of the limits, where its context does not say. */
const usualRequestsPerCall = 2;

/** How many calls a second the platform's limits let through. */
export function toCallsPerSecond(limits: RateLimits): number {
  return limits.requestsPerSecond / toRequestsPerCall(limits);
}

/** What one call costs of the limits on average. */
export function toRequestsPerCall({ requestsPerCall = usualRequestsPerCall }: RateLimits): number {
  return requestsPerCall;
}

/** The account at a platform that credentials open: its limits hold over all our jobs. */
export interface PlatformAccount {
  /** Of its budget: platform and a digest of what identifies it, never a secret itself. */
  readonly key: string;
  readonly rateLimits: RateLimits;
  /** Where the day of a daily quota begins at midnight: an IANA name. */
  readonly quotaTimeZone: string;
}

export type CredentialCheck =
  | {
      readonly valid: true;
      /** What to keep in place of the credentials, where the check learned what they lack. */
      readonly credentials?: Credentials;
    }
  | { readonly valid: false; readonly error: string };

/** A call with everything that bulk endpoints could say of it. */
export interface HydratedCall extends SourceCall {
  readonly transcript: SourceTranscript | null;
}

export interface FetchedCall {
  readonly metadata: CallMetadata;
  /** Null when the platform has no recording of this call. */
  readonly media: MediaSource | null;
}

/**
 * The adapter of one platform as the core sees it. Every method throws `ImportError` only; a
 * `signal` that aborts ends the request and rejects with `timeout`.
 */
export interface ImportContext {
  readonly platform: Platform;
  readonly displayName: string;
  readonly auth: 'api_key' | 'oauth' | 'none';
  readonly capabilities: ContextCapabilities;
  readonly rateLimits: RateLimits;

  /** Reads what a caller sent; @throws `bad_request` naming each wrong field. */
  parseCredentials(input: unknown): Credentials;
  /** Whose limits these credentials spend; asks nobody. */
  accountOf(credentials: Credentials): PlatformAccount;
  /** Never calls an outage "invalid": those throw. @throws `unavailable`, `timeout`, `rate_limited` */
  validateCredentials(credentials: Credentials, signal?: AbortSignal): Promise<CredentialCheck>;
  /**
   * How credentials that expire are renewed, and until when they work, null where that is unknown;
   * null: they are a key, which nothing renews.
   */
  findRenewal?(credentials: Credentials): { readonly expiresAt: Date | null } | null;
  /**
   * Asks for the credentials that follow these. It may use these up: what it returns must be stored
   * before anything else happens. @throws `auth_invalid` when the customer has to connect again
   */
  refreshCredentials?(credentials: Credentials, signal?: AbortSignal): Promise<Credentials>;
  listCalls(
    credentials: Credentials,
    options: ListOptions,
    signal?: AbortSignal,
  ): AsyncGenerator<SourceCallPage>;
  /** How many calls the platform says are in range. */
  countCalls?(
    credentials: Credentials,
    options: Omit<ListOptions, 'cursor'>,
    signal?: AbortSignal,
  ): Promise<number>;
  /** Details, participants and transcripts of a whole page in few requests. */
  hydrateCalls?(
    credentials: Credentials,
    calls: readonly SourceCall[],
    signal?: AbortSignal,
  ): Promise<readonly HydratedCall[]>;
  /** `listed` is what the listing said: a context that needs no more asks for no more. */
  fetchCall(
    credentials: Credentials,
    listed: SourceCall,
    signal?: AbortSignal,
  ): Promise<FetchedCall>;
  /** Null: there is none. @throws `not_ready` while the platform still makes it. */
  getTranscript?(
    credentials: Credentials,
    listed: SourceCall,
    signal?: AbortSignal,
  ): Promise<SourceTranscript | null>;
  /** Opens a recording that `fetchCall` named. @throws `not_found` when a link has expired */
  openMedia(
    credentials: Credentials,
    media: MediaSource,
    signal?: AbortSignal,
  ): Promise<MediaStream>;
}

/** Whether a context has these optional methods. */
export function supports<TMethod extends keyof ImportContext>(
  context: ImportContext,
  ...methods: readonly TMethod[]
): context is ImportContext & Required<Pick<ImportContext, TMethod>> {
  return methods.every((method) => context[method] !== undefined);
}
