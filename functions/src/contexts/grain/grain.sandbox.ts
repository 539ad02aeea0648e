import type { CreateSandbox, SandboxOptions } from '../../kit/sandbox.ts';
import { createGrainAccount } from './grain.sandbox-account.ts';
import { addGrainApi } from './grain.sandbox-api.ts';
import { grainFaults } from './grain.sandbox-faults.ts';
import { parseFaults } from '../testing/sandbox-faults.ts';
import { assembleMediaSandbox } from '../testing/sandbox-platform.ts';
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
  return assembleMediaSandbox({
    ...{ platform: 'grain', options, account, pauseMs: faults['slow-media'] },
    mediaOrigin: options.mediaOrigin,
    addApi: (app, services) => {
      addGrainApi(app, {
        ...{ account, faults, seed, now, ...services },
        apiKey: options.credentials?.apiKey ?? 'sandbox-key',
        requestsPerMinute: options.requestsPerMinute ?? documentedRequestsPerMinute,
        pageSize: options.pageSize ?? 50,
      });
    },
  });
}

createGrainSandbox satisfies CreateSandbox;

const documentedRequestsPerMinute = 300;
