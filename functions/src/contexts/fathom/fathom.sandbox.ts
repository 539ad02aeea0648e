import { Hono } from 'hono';
import type { CreateSandbox, SandboxOptions } from '../../kit/sandbox.ts';
import { parseFaults } from '../testing/sandbox-faults.ts';
import { createLinkSigner } from '../testing/sandbox-links.ts';
import { addMediaRoute, toMediaOrigin } from '../testing/sandbox-media-route.ts';
import { createMediaSandbox } from '../testing/sandbox-platform.ts';
import type { MediaSandbox } from '../testing/sandbox-platform.ts';
import { addTokenRoute, createTokenIssuer } from '../testing/sandbox-tokens.ts';
import { createFathomAccount } from './fathom.sandbox-account.ts';
import { addFathomApi, basePath } from './fathom.sandbox-api.ts';
import { fathomFaults } from './fathom.sandbox-faults.ts';

export interface FathomSandboxOptions extends SandboxOptions {
  /** About this many bytes in each recording (valid mp3s, streamed); default: the clips as they are. */
  readonly mediaBytes?: number;
}

/** Not documented: what most platforms have. */
const tokenLifetimeSeconds = 3600;

/**
 * Fathom's external API v1 as far as it is documented, with an account that follows from the seed.
 * @throws a RangeError for an unknown fault or an impossible number of calls
 * @see https://developers.fathom.ai
 */
export function createFathomSandbox(options: FathomSandboxOptions): MediaSandbox {
  const { seed, now } = options;
  const faults = parseFaults(fathomFaults, options.faults ?? []);
  const account = createFathomAccount({
    ...{ calls: options.calls, seed, createdAt: options.createdAt ?? now() },
    mediaBytes: options.mediaBytes ?? null,
    untranscribedEvery: faults['no-transcripts'],
    limitedEvery: faults['limited-shares'],
  });
  const links = createLinkSigner({ seed, now });
  const counts = { limitHits: 0, credentialLeaks: 0 };
  const tokens = createTokenIssuer({ now, lifetimeSeconds: tokenLifetimeSeconds, rotates: true });
  const app = new Hono();
  // Before the gate of the API, below whose path it lies.
  const path = `${basePath}/oauth2/token`;
  addTokenRoute(app, {
    tokens,
    path,
    clientAuthentication: 'form',
    extra: { scope: 'public_api' },
  });
  addFathomApi(app, {
    ...{ account, links, faults, now, tokens },
    apiKey: options.credentials?.apiKey ?? 'sandbox-key',
    requestsPerMinute: options.requestsPerMinute ?? 60,
    pageSize: options.pageSize ?? 10,
    mediaOriginOf: (request) => toMediaOrigin(options.origin?.() ?? new URL(request.url).origin),
    onLimitHit: () => {
      counts.limitHits += 1;
    },
  });
  addMediaRoute(app, {
    links,
    pauseMs: faults['slow-media'],
    mediaOf: (recordingId) => {
      const meeting = account.find(recordingId);
      return meeting === null ? null : account.mediaOf(meeting);
    },
    onLeak: () => {
      counts.credentialLeaks += 1;
    },
  });
  return createMediaSandbox({ platform: 'fathom', app, account, counts, tokens });
}

createFathomSandbox satisfies CreateSandbox;
