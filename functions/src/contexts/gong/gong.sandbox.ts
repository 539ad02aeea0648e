import type { CreateSandbox, SandboxOptions } from '../../kit/sandbox.ts';
import { parseFaults } from '../testing/sandbox-faults.ts';
import { assembleMediaSandbox } from '../testing/sandbox-platform.ts';
import type { MediaSandbox } from '../testing/sandbox-platform.ts';
import { addTokenRoute, createTokenIssuer } from '../testing/sandbox-tokens.ts';
import { createGongAccount } from './gong.sandbox-account.ts';
import { addGongApi } from './gong.sandbox-api.ts';
import { gongFaults } from './gong.sandbox-faults.ts';

export interface GongSandboxOptions extends SandboxOptions {
  /** About this many bytes in each recording (valid mp3s, streamed); default: the clips as they are. */
  readonly mediaBytes?: number;
}

/** What the sandbox accepts when it is not told otherwise. */
export const gongSandboxCredentials = {
  accessKey: 'SANDBOXACCESSKEY',
  accessKeySecret: 'sandbox-key',
} as const;

/** Documented: a token lives for a day. */
const tokenLifetimeSeconds = 86_400;

/**
 * Gong's public API v2 as far as it is documented or was recorded, with an account that follows from
 * the seed. @throws a RangeError for an unknown fault or an impossible number of calls
 * @see https://gong.app.gong.io/settings/api/documentation
 */
export function createGongSandbox(options: GongSandboxOptions): MediaSandbox {
  const { seed, now } = options;
  const faults = parseFaults(gongFaults, options.faults ?? []);
  const account = createGongAccount({
    ...{ calls: options.calls, seed, createdAt: options.createdAt ?? now() },
    mediaBytes: options.mediaBytes ?? null,
    untranscribedEvery: faults['no-transcripts'],
    privateEvery: faults['private-calls'],
  });
  // Airbyte marks the refresh token as single use; Gong's own documentation does not say.
  const tokens = createTokenIssuer({ now, lifetimeSeconds: tokenLifetimeSeconds, rotates: true });
  return assembleMediaSandbox({
    ...{ platform: 'gong', options, account, tokens, pauseMs: faults['slow-media'] },
    addApi: (app, services) => {
      addTokenRoute(app, {
        ...{ tokens, path: '/oauth2/generate-customer-token', clientAuthentication: 'basic' },
        extra: { api_base_url_for_customer: 'https://company-17.api.gong.io', scope: '' },
      });
      addGongApi(app, {
        ...{ account, faults, seed, now, tokens, ...services },
        accessKey: gongSandboxCredentials.accessKey,
        accessKeySecret: options.credentials?.apiKey ?? gongSandboxCredentials.accessKeySecret,
        requestsPerMinute: options.requestsPerMinute ?? 180,
        pageSize: options.pageSize ?? 100,
      });
    },
  });
}

createGongSandbox satisfies CreateSandbox;
