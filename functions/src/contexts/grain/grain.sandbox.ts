import { Hono } from 'hono';
import type { CreateSandbox, SandboxOptions } from '../../kit/sandbox.ts';
import { createGrainAccount } from './grain.sandbox-account.ts';
import { addGrainApi } from './grain.sandbox-api.ts';
import { grainFaults } from './grain.sandbox-faults.ts';
import { parseFaults } from '../testing/sandbox-faults.ts';
import { createLinkSigner } from '../testing/sandbox-links.ts';
import { addMediaRoute, toMediaOrigin } from '../testing/sandbox-media-route.ts';
import { createMediaSandbox } from '../testing/sandbox-platform.ts';
import type { MediaSandbox } from '../testing/sandbox-platform.ts';

export interface GrainSandboxOptions extends SandboxOptions {
  /** About this many bytes in each recording (valid mp3s, streamed); default: the clips as they are. */
  readonly mediaBytes?: number;
  /**
   * Where links to recordings point. By default another host than the API's, as at Grain: `localhost`
   * for an API on 127.0.0.1 and the reverse, else the subdomain `media`.
   */
  readonly mediaOrigin?: () => string;
}

export type GrainSandbox = MediaSandbox;

/**
 * Grain's public API v2 as far as it is documented, with an account that follows from the seed.
 * @throws a RangeError for an unknown fault or an impossible number of calls
 * @see https://developers.grain.com
 */
export function createGrainSandbox(options: GrainSandboxOptions): GrainSandbox {
  const { seed, now } = options;
  const faults = parseFaults(grainFaults, options.faults ?? []);
  const account = createGrainAccount({
    ...{
      calls: options.calls,
      seed,
      createdAt: options.createdAt ?? now(),
      mediaBytes: options.mediaBytes ?? null,
    },
    untranscribedEvery: faults['no-transcripts'],
  });
  const links = createLinkSigner({ seed, now });
  const counts = { limitHits: 0, credentialLeaks: 0 };
  const app = new Hono();
  addGrainApi(app, {
    ...{ account, links, faults, seed, now },
    apiKey: options.credentials?.apiKey ?? 'sandbox-key',
    requestsPerMinute: options.requestsPerMinute ?? documentedRequestsPerMinute,
    pageSize: options.pageSize ?? 50,
    mediaOriginOf: (request) =>
      options.mediaOrigin?.() ?? toMediaOrigin(options.origin?.() ?? new URL(request.url).origin),
    onLimitHit: () => {
      counts.limitHits += 1;
    },
  });
  addMediaRoute(app, {
    links,
    pauseMs: faults['slow-media'],
    mediaOf: (callId) => {
      const recording = account.find(callId);
      return recording === null ? null : account.mediaOf(recording);
    },
    onLeak: () => {
      counts.credentialLeaks += 1;
    },
  });
  return createMediaSandbox({ platform: 'grain', app, account, counts });
}

createGrainSandbox satisfies CreateSandbox;

const documentedRequestsPerMinute = 300;
