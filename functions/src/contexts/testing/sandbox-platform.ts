import { Hono } from 'hono';
import type {
  PlatformSandbox,
  SandboxOptions,
  SandboxRequest,
  SandboxTokens,
} from '../../kit/sandbox.ts';
import type { SandboxAccount, SandboxItem } from './sandbox-account.ts';
import { createLinkSigner } from './sandbox-links.ts';
import type { LinkSigner } from './sandbox-links.ts';
import { addMediaRoute, toMediaOrigin } from './sandbox-media-route.ts';
import type { SandboxMedia } from './sandbox-media.ts';

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
    repeatCalls: account.repeat,
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

/** What an API's routes share with the storage of its recordings. */
export interface SandboxServices {
  readonly links: LinkSigner;
  readonly mediaOriginOf: (request: Request) => string;
  readonly onLimitHit: () => void;
}

/** Puts an API's routes and the storage of its recordings together. */
export function assembleMediaSandbox<TItem extends SandboxItem>(parts: {
  readonly platform: PlatformSandbox['platform'];
  readonly options: Pick<SandboxOptions, 'seed' | 'now' | 'origin'>;
  readonly account: SandboxAccount<TItem>;
  /** Between pieces of a recording; null sends as fast as the client reads. */
  readonly pauseMs: number | null;
  readonly tokens?: SandboxTokens;
  /** The recording that a link was signed for. Default: the one of the call of that id. */
  readonly mediaOf?: (signed: string) => SandboxMedia | null;
  /** Where links point. Default: another host than the API's. */
  readonly mediaOrigin?: (() => string) | undefined;
  readonly addApi: (app: Hono, services: SandboxServices) => void;
}): MediaSandbox {
  const { platform, options, account, pauseMs, tokens } = parts;
  const links = createLinkSigner(options);
  const counts = { limitHits: 0, credentialLeaks: 0 };
  const app = new Hono();
  parts.addApi(app, {
    links,
    mediaOriginOf: (request) =>
      parts.mediaOrigin?.() ?? toMediaOrigin(options.origin?.() ?? new URL(request.url).origin),
    onLimitHit: () => {
      counts.limitHits += 1;
    },
  });
  const mediaOfCall = (callId: string): SandboxMedia | null => {
    const item = account.find(callId);
    return item === null ? null : account.mediaOf(item);
  };
  addMediaRoute(app, {
    ...{ links, pauseMs, mediaOf: parts.mediaOf ?? mediaOfCall },
    onLeak: () => {
      counts.credentialLeaks += 1;
    },
  });
  return createMediaSandbox({ platform, app, account, counts, ...(tokens && { tokens }) });
}
