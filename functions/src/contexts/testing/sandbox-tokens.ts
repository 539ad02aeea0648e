import type { Context, Hono } from 'hono';
import type { OAuthApp } from '../../kit/oauth2.ts';
import type { SandboxTokens } from '../../kit/sandbox.ts';

/** Our app at every sandbox. */
export const sandboxOAuthApp: OAuthApp = {
  clientId: 'sandbox-client',
  clientSecret: 'sandbox-client-secret',
};

/** The tokens of a sandbox's only grant, as its routes see them. */
export interface TokenIssuer extends SandboxTokens {
  /** Whether a request with this access token is let in. */
  accepts(accessToken: string): boolean;
  /** The tokens that follow; null for a refresh token that is not the grant's latest. */
  exchange(refreshToken: string): IssuedTokens | null;
}

export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
}

/**
 * Numbered tokens of which the name says all, so that a sandbox that was started anew knows those that
 * it issued before. Where they rotate, a refresh token ends those before it when it is used.
 */
export function createTokenIssuer(options: {
  readonly now: () => Date;
  readonly lifetimeSeconds: number;
  readonly rotates: boolean;
}): TokenIssuer {
  const expiresMs = new Map<number, number>();
  let issued = 0;
  let isRevoked = false;
  let exchanges = 0;
  const nowMs = () => options.now().getTime();
  const accessTokenOf = (number: number) => `sandbox-access-token-${String(number)}`;
  const refreshTokenOf = (number: number) =>
    `sandbox-refresh-token-${options.rotates ? String(number) : 'for-ever'}`;
  return {
    first: { accessToken: accessTokenOf(0), refreshToken: refreshTokenOf(0) },
    accepts: (accessToken) => {
      const number = numberIn(accessToken);
      if (number === null || accessTokenOf(number) !== accessToken || isRevoked) return false;
      return (expiresMs.get(number) ?? Infinity) > nowMs();
    },
    exchange: (refreshToken) => {
      const number = options.rotates ? numberIn(refreshToken) : issued;
      const isLatest =
        number !== null && number >= issued && refreshTokenOf(number) === refreshToken;
      if (isRevoked || !isLatest) return null;
      exchanges += 1;
      issued = number + 1;
      expiresMs.set(issued, nowMs() + options.lifetimeSeconds * 1000);
      return {
        accessToken: accessTokenOf(issued),
        refreshToken: refreshTokenOf(issued),
        expiresInSeconds: options.lifetimeSeconds,
      };
    },
    expire: () => {
      for (let number = 0; number <= issued; number += 1) expiresMs.set(number, nowMs());
    },
    revoke: () => {
      isRevoked = true;
    },
    get exchanges() {
      return exchanges;
    },
  };
}

function numberIn(token: string): number | null {
  const digits = /-(\d{1,9})$/.exec(token)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Adds the token endpoint, which refuses as RFC 6749 has it. */
export function addTokenRoute(
  app: Hono,
  options: {
    readonly path: string;
    readonly tokens: TokenIssuer;
    readonly clientAuthentication: 'basic' | 'form';
    /** What an answer says besides. */
    readonly extra?: Readonly<Record<string, unknown>>;
  },
): void {
  app.post(options.path, async (c) => {
    if (!/^application\/x-www-form-urlencoded\b/i.test(c.req.header('content-type') ?? '')) {
      return c.json({ error: 'invalid_request' }, 400);
    }
    const form = new URLSearchParams(await c.req.text());
    if (!isOurApp(c, form, options)) return c.json({ error: 'invalid_client' }, 401);
    if (form.get('grant_type') !== 'refresh_token') {
      return c.json({ error: 'unsupported_grant_type' }, 400);
    }
    const given = options.tokens.exchange(form.get('refresh_token') ?? '');
    if (given === null) return c.json({ error: 'invalid_grant' }, 400);
    return c.json({
      access_token: given.accessToken,
      refresh_token: given.refreshToken,
      expires_in: given.expiresInSeconds,
      token_type: 'bearer',
      ...options.extra,
    });
  });
}

function isOurApp(
  c: Context,
  form: URLSearchParams,
  { clientAuthentication }: { readonly clientAuthentication: 'basic' | 'form' },
): boolean {
  const { clientId, clientSecret } = sandboxOAuthApp;
  if (clientAuthentication === 'form') {
    return form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
  }
  const pair = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  return c.req.header('authorization') === `Basic ${pair}`;
}
