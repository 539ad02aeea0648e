import type { Platform } from '../core/imports/import-context.ts';

export interface SandboxOptions {
  /** How many calls the account has. */
  readonly calls: number;
  /** The same seed makes the same account. */
  readonly seed: number;
  /** The sandbox's clock: rate limits, link expiry. */
  readonly now: () => Date;
  /** When the account came into being; its calls lie before. Default: `now()`. */
  readonly createdAt?: Date;
  /**
   * Names that the sandbox itself defines, e.g. `late-transcripts`, `expired-links`. With a question
   * mark (`expired-links?`): only where it has such a fault. It looks again at each request, so that
   * a list that is changed begins a fault or ends it.
   */
  readonly faults?: readonly string[];
  /** The key that it accepts; default `sandbox-key`. */
  readonly credentials?: { readonly apiKey: string };
  /** Default: the real API's. */
  readonly requestsPerMinute?: number;
  readonly pageSize?: number;
  /** Where it is served, for absolute links; default `https://sandbox.invalid`. */
  readonly origin?: () => string;
}

/** One call of a sandbox account as it really is, to compare an import with. */
export interface SandboxCall {
  readonly sourceCallId: string;
  readonly title: string | null;
  readonly startedAt: Date;
  readonly durationSeconds: number;
  readonly hasMedia: boolean;
  readonly hasTranscript: boolean;
  /** Lower-case hex. */
  readonly mediaSha256: string | null;
  readonly speakers: number;
}

export interface SandboxRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/**
 * A platform's API in process, with its shapes, limits, errors and quirks. It answers under the real
 * API's paths, the base path included, whatever the host.
 */
export interface PlatformSandbox {
  readonly platform: Platform;
  fetch(request: Request): Response | Promise<Response>;
  /** The truth that tests compare with: every call that exists now. */
  truth(): readonly SandboxCall[];
  /** Deletes a call at the source. */
  removeCall(sourceCallId: string): void;
  /**
   * Shows calls again: `calls` is asked at each page behind the first, and says by how many calls it
   * begins too early. Without effect where pages are counted from the beginning.
   */
  repeatCalls?(calls: () => number): void;
  /** Adds or replaces one raw record as the platform would send it. */
  putRecord(record: Readonly<Record<string, unknown>>): void;
  /** Requests received so far; never headers. */
  readonly requests: readonly SandboxRequest[];
  /** 429 answers given because the client exceeded the limit. */
  readonly limitHits: number;
  /** Its OAuth grant, where it has one. */
  readonly tokens?: SandboxTokens;
}

/** A customer's grant to our app at a sandbox. */
export interface SandboxTokens {
  /** What the customer got when they connected. */
  readonly first: { readonly accessToken: string; readonly refreshToken: string };
  /** From now on no access token works that was issued before. */
  expire(): void;
  /** The customer has taken their permission back. */
  revoke(): void;
  /** How often a refresh token was exchanged. */
  readonly exchanges: number;
}

export type CreateSandbox = (options: SandboxOptions) => PlatformSandbox;

/** A sandbox that listens on loopback. */
export interface ServedSandbox {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Serves a sandbox's fetch handler on loopback; port 0 takes a free one.
 * @throws Error when the port is taken
 */
export async function serveSandbox(
  sandbox: Pick<PlatformSandbox, 'fetch'>,
  options: { readonly port: number },
): Promise<ServedSandbox> {
  const { serve } = await import('@hono/node-server');
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: (request: Request) => sandbox.fetch(request),
        hostname: '127.0.0.1',
        port: options.port,
        overrideGlobalObjects: false,
      },
      ({ port }) => {
        resolve({
          origin: `http://127.0.0.1:${String(port)}`,
          close: () =>
            new Promise<void>((closed) => {
              server.close(() => {
                closed();
              });
              // Keep-alive sockets of finished clients would hold the server open for seconds.
              if ('closeAllConnections' in server) server.closeAllConnections();
            }),
        });
      },
    );
    server.once('error', reject);
  });
}
