import type { Hono } from 'hono';
import type { PlatformSandbox, SandboxRequest, SandboxTokens } from '../../kit/sandbox.ts';
import type { SandboxAccount, SandboxItem } from './sandbox-account.ts';

/** What a sandbox counts while it serves. */
export interface SandboxCounts {
  limitHits: number;
  credentialLeaks: number;
}

/** A sandbox whose recordings lie behind signed links, at `/media/`. */
export interface MediaSandbox extends PlatformSandbox {
  /** Requests for recordings that carried an Authorization header, which storage must never see. */
  readonly credentialLeaks: number;
}

/** Makes a sandbox of a platform's routes and its account; `counts` is what the routes count in. */
export function createMediaSandbox<TItem extends SandboxItem>(options: {
  readonly platform: PlatformSandbox['platform'];
  readonly app: Hono;
  readonly account: SandboxAccount<TItem>;
  readonly counts: Readonly<SandboxCounts>;
  readonly tokens?: SandboxTokens;
}): MediaSandbox {
  const { platform, app, account, counts, tokens } = options;
  const requests: SandboxRequest[] = [];
  return {
    ...{ platform, requests, truth: account.truth },
    ...(tokens && { tokens }),
    removeCall: account.remove,
    putRecord: account.put,
    fetch: async (request) => {
      const response = await app.fetch(request);
      const path = new URL(request.url).pathname;
      // A link's token is a credential of its own: it is not written down.
      const shown = path.startsWith('/media/') ? '/media' : path;
      requests.push({ method: request.method, path: shown, status: response.status });
      return response;
    },
    get limitHits() {
      return counts.limitHits;
    },
    get credentialLeaks() {
      return counts.credentialLeaks;
    },
  };
}
