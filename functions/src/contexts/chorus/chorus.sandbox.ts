import type { CreateSandbox, SandboxOptions } from '../../kit/sandbox.ts';
import { parseFaults } from '../testing/sandbox-faults.ts';
import { assembleMediaSandbox } from '../testing/sandbox-platform.ts';
import type { MediaSandbox } from '../testing/sandbox-platform.ts';
import { createChorusAccount } from './chorus.sandbox-account.ts';
import { addChorusApi } from './chorus.sandbox-api.ts';
import { chorusFaults } from './chorus.sandbox-faults.ts';

export interface ChorusSandboxOptions extends SandboxOptions {
  /** About this many bytes in each recording (valid mp3s, streamed); default: the clips as they are. */
  readonly mediaBytes?: number;
}

/**
 * Chorus' APIs v3 and v1 as far as they are documented or were seen, with an account that follows from
 * the seed. @throws a RangeError for an unknown fault or an impossible number of calls
 * @see https://chorus.ai/api/openapi.json
 */
export function createChorusSandbox(options: ChorusSandboxOptions): MediaSandbox {
  const { calls, seed, now, mediaBytes = null } = options;
  const faults = parseFaults(chorusFaults, options.faults ?? []);
  const account = createChorusAccount({
    ...{ calls, seed, mediaBytes, createdAt: options.createdAt ?? now() },
    untranscribedEvery: faults['no-transcripts'],
    unfinishedEvery: faults.unfinished,
    noShowEvery: faults['no-shows'],
  });
  return assembleMediaSandbox({
    ...{ platform: 'chorus', options, account, pauseMs: faults['slow-media'] },
    addApi: (app, services) => {
      addChorusApi(app, {
        ...{ account, faults, now, ...services },
        apiKey: options.credentials?.apiKey ?? 'sandbox-key',
        // No limit is documented: about what the adapter asks.
        requestsPerMinute: options.requestsPerMinute ?? 60,
        pageSize: options.pageSize ?? 100,
      });
    },
  });
}

createChorusSandbox satisfies CreateSandbox;
