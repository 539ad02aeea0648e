import { Hono } from 'hono';
import type { CreateSandbox, SandboxOptions } from '../../kit/sandbox.ts';
import { parseFaults } from '../testing/sandbox-faults.ts';
import { createLinkSigner } from '../testing/sandbox-links.ts';
import { addMediaRoute, toMediaOrigin } from '../testing/sandbox-media-route.ts';
import { createMediaSandbox } from '../testing/sandbox-platform.ts';
import type { MediaSandbox } from '../testing/sandbox-platform.ts';
import { createMedia } from '../testing/sandbox-media.ts';
import type { SandboxMedia } from '../testing/sandbox-media.ts';
import { createFirefliesAccount, soundClip } from './fireflies.sandbox-account.ts';
import { addFirefliesApi } from './fireflies.sandbox-api.ts';
import { firefliesFaults } from './fireflies.sandbox-faults.ts';

export interface FirefliesSandboxOptions extends SandboxOptions {
  /** About this many bytes in each recording (valid mp3s, streamed); default: the clips as they are. */
  readonly mediaBytes?: number;
}

/**
 * Fireflies' GraphQL API as far as an import asks it, with an account that follows from the seed.
 * @throws a RangeError for an unknown fault or an impossible number of calls
 * @see https://docs.fireflies.ai
 */
export function createFirefliesSandbox(options: FirefliesSandboxOptions): MediaSandbox {
  const { calls, seed, now, mediaBytes = null } = options;
  const faults = parseFaults(firefliesFaults, options.faults ?? []);
  const createdAt = options.createdAt ?? now();
  const account = createFirefliesAccount({
    ...{ calls, seed, createdAt, mediaBytes },
    untranscribedEvery: faults['no-transcripts'],
  });
  const links = createLinkSigner({ seed, now });
  const counts = { limitHits: 0, credentialLeaks: 0 };
  const app = new Hono();
  addFirefliesApi(app, {
    ...{ account, links, faults, now },
    apiKey: options.credentials?.apiKey ?? 'sandbox-key',
    requestsPerMinute: options.requestsPerMinute ?? 60,
    pageSize: Math.min(options.pageSize ?? 50, 50),
    mediaOriginOf: (request) => toMediaOrigin(options.origin?.() ?? new URL(request.url).origin),
    onLimitHit: () => {
      counts.limitHits += 1;
    },
  });
  const mediaOf = (signed: string): SandboxMedia | null => {
    const [, file = '', id = ''] = /^(audio|video) ([\s\S]*)$/.exec(signed) ?? [];
    const meeting = account.find(id);
    if (meeting === null || meeting.clip === null) return null;
    const isSound = file === 'audio' && meeting.clip.contentType === 'video/mp4';
    const clip = isSound ? soundClip() : null;
    return clip === null ? account.mediaOf(meeting) : createMedia({ clip, mediaBytes, callId: id });
  };
  addMediaRoute(app, {
    ...{ links, mediaOf, pauseMs: faults['slow-media'] },
    onLeak: () => {
      counts.credentialLeaks += 1;
    },
  });
  return createMediaSandbox({ platform: 'fireflies', app, account, counts });
}

createFirefliesSandbox satisfies CreateSandbox;
