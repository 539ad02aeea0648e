import type { CreateSandbox, SandboxOptions } from '../../kit/sandbox.ts';
import { parseFaults } from '../testing/sandbox-faults.ts';
import { assembleMediaSandbox } from '../testing/sandbox-platform.ts';
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
  const mediaOf = (signed: string): SandboxMedia | null => {
    const [, file = '', id = ''] = /^(audio|video) ([\s\S]*)$/.exec(signed) ?? [];
    const meeting = account.find(id);
    if (meeting === null || meeting.clip === null) return null;
    const isSound = file === 'audio' && meeting.clip.contentType === 'video/mp4';
    const clip = isSound ? soundClip() : null;
    return clip === null ? account.mediaOf(meeting) : createMedia({ clip, mediaBytes, callId: id });
  };
  return assembleMediaSandbox({
    ...{ platform: 'fireflies', options, account, pauseMs: faults['slow-media'], mediaOf },
    addApi: (app, services) => {
      addFirefliesApi(app, {
        ...{ account, faults, now, ...services },
        apiKey: options.credentials?.apiKey ?? 'sandbox-key',
        requestsPerMinute: options.requestsPerMinute ?? 60,
        pageSize: Math.min(options.pageSize ?? 50, 50),
      });
    },
  });
}

createFirefliesSandbox satisfies CreateSandbox;
