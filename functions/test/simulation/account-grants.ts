import { z } from 'zod';
import { sandboxGrant } from '../../src/contexts/testing/sandboxes.ts';
import type { Platform } from '../../src/core/imports/import-context.ts';
import type { SandboxTokens } from '../../src/kit/sandbox.ts';
import { toRequest, type AccountSecrets, type SentRequest } from './account-secrets.ts';
import type { Chance } from './chance.ts';
import { connectionReset } from './gated-ports.ts';
import { findToken, parseToken, replaceTokens, formatToken } from './grant-tokens.ts';

interface GrantOptions {
  readonly account: string;
  readonly platform: Platform;
  /** The sandbox's only grant, in whose place those of the account stand. */
  readonly tokens: SandboxTokens;
  /** How long an access token works. */
  readonly lifeMs: number;
  readonly nowMs: () => number;
  readonly chance: Chance;
  /** Whether the answer that gives tokens gets lost. */
  readonly losesAnswer: () => boolean;
}

/** One customer's permission to our app. */
interface Grant {
  readonly number: number;
  /** When each of its access tokens ends. */
  readonly endsAtMs: number[];
  /** The only one that works. */
  refreshToken: string;
  isRevoked: boolean;
}

const TokenAnswer = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string().optional(),
});

const longestFirstMs = 90_000;

/**
 * Tokens in place of a key: each time that credentials are asked for the customer connects our app, and
 * gets tokens that nobody else has. Where the sandbox gives a new refresh token, the one before is dead.
 */
export function createGrants(options: GrantOptions): AccountSecrets {
  const { account, platform, tokens, lifeMs, nowMs, chance } = options;
  const grants: Grant[] = [];
  let { refreshToken: latest } = tokens.first;
  let turn: Promise<unknown> = Promise.resolve();

  const toToken = (kind: 'access' | 'refresh', { number: grant, endsAtMs }: Grant) =>
    formatToken({ kind, account, grant, number: endsAtMs.length - 1 });
  const works = (text: string): boolean => {
    const token = parseToken(text);
    const grant = token && grants[token.grant];
    if (!grant || grant.isRevoked) return false;
    if (token.kind === 'refresh') return grant.refreshToken === text;
    return (grant.endsAtMs[token.number] ?? 0) > nowMs();
  };
  const translate = (text: string): string =>
    replaceTokens(text, (token) => {
      if (!works(token)) return token;
      return parseToken(token)?.kind === 'refresh' ? latest : tokens.first.accessToken;
    });

  /** One after another: all have the sandbox's one refresh token to ask with. */
  const exchange = (
    { used, sent }: { readonly used: string; readonly sent: SentRequest },
    fetch: (request: Request) => Promise<Response>,
  ): Promise<Response> => {
    const answer = turn.then(async () => {
      const grant = works(used) ? grants.find((one) => one.refreshToken === used) : undefined;
      const response = await fetch(toRequest(sent, translate));
      const given = TokenAnswer.safeParse(
        await response
          .clone()
          .json()
          .catch(() => null),
      ).data;
      if (!grant || !given) {
        sent.flight.refused(used);
        return response;
      }
      grant.endsAtMs.push(nowMs() + lifeMs);
      const issued = { access_token: toToken('access', grant), expires_in: lifeMs / 1_000 };
      const follows = given.refresh_token;
      if (follows !== undefined) {
        latest = follows;
        grant.refreshToken = toToken('refresh', grant);
      }
      sent.flight.exchanged(used, follows === undefined ? null : grant.refreshToken);
      if (options.losesAnswer()) throw connectionReset();
      const next = follows === undefined ? {} : { refresh_token: grant.refreshToken };
      return Response.json({ ...given, ...issued, ...next });
    });
    turn = answer.catch(() => undefined);
    return answer;
  };

  return {
    issue: () => {
      // Connected a while ago: when the first token ends, nobody has told us. It does so soon.
      const endsAtMs = [nowMs() + chance.between(0, longestFirstMs)];
      const grant: Grant = { number: grants.length, endsAtMs, refreshToken: '', isRevoked: false };
      grant.refreshToken = toToken('refresh', grant);
      grants.push(grant);
      const { refreshToken } = grant;
      return { ...sandboxGrant(platform), accessToken: toToken('access', grant), refreshToken };
    },
    revoke: () => {
      for (const grant of grants) grant.isRevoked = true;
    },
    isRevoked: (text) => {
      const token = parseToken(text);
      return token?.account === account && grants[token.grant]?.isRevoked === true;
    },
    get areUnrelated() {
      return grants.length > 1 && Object.keys(sandboxGrant(platform) ?? {}).length === 0;
    },
    ask: (sent, fetch) => {
      const used = findToken(sent.init.body ?? '', 'refresh');
      return used === null ? fetch(toRequest(sent, translate)) : exchange({ used, sent }, fetch);
    },
  };
}
