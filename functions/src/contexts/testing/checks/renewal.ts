import { inspect } from 'node:util';
import { ImportError } from '../../../core/errors.ts';
import { supports, type Credentials } from '../../../core/imports/import-context.ts';
import { createUnlimitedRateLimiter } from '../../../kit/rate-limiter.ts';
import type { Check, OpenOptions, Suite } from '../check.ts';
import { failureOf, listAll, required, toIds } from '../check.ts';
import { answering, status } from '../fault-fetch.ts';
import { sandboxOAuthApp } from '../sandbox-tokens.ts';

/** What a context must do whose credentials expire; asked of those that define `oauth2`. */
export const renewalChecks: readonly Check[] = [
  {
    name: 'renews an expired token, with which everything is listed',
    run: async (suite) => {
      const { context, sandbox, tokens, grant, renew } = openGrant(suite);
      tokens.expire();
      expect(await context.validateCredentials(grant)).toMatchObject({ valid: false });
      const renewed = await renew(grant);
      expect(await context.validateCredentials(renewed)).toEqual({ valid: true });
      const truth = sandbox.truth().map((call) => call.sourceCallId);
      expect(toIds(await listAll({ context }, renewed)).toSorted()).toEqual(truth.toSorted());
      expect(tokens.exchanges).toBe(1);
    },
  },
  {
    name: 'says until when the new token works',
    run: async (suite) => {
      const { context, clock, grant, renew } = openGrant(suite);
      const expiresAt = context.findRenewal(await renew(grant))?.expiresAt ?? new Date(0);
      expect(expiresAt.getTime()).toBeGreaterThan(clock.now().getTime());
      expect(context.findRenewal(grant)).not.toBeNull();
    },
  },
  {
    name: 'has nothing to renew in a grant without a refresh token',
    run: async (suite) => {
      const { context, grant } = openGrant(suite);
      expect(context.findRenewal({ ...grant, refreshToken: undefined })).toBeNull();
      return Promise.resolve();
    },
  },
  {
    name: 'gives credentials that it parses as its own, with the refresh token that works next',
    run: async (suite) => {
      const { context, tokens, grant, renew } = openGrant(suite);
      const renewed = await renew(grant);
      expect(context.parseCredentials(renewed)).toEqual(renewed);
      const again = await renew(renewed);
      expect(again['accessToken']).not.toBe(renewed['accessToken']);
      expect(await context.validateCredentials(again)).toEqual({ valid: true });
      expect(tokens.exchanges).toBe(2);
    },
  },
  {
    name: 'reports a grant that is over as auth_invalid, and what the customer has to do',
    run: async (suite) => {
      const { tokens, grant, renew } = openGrant(suite);
      tokens.revoke();
      const { displayName, platform } = suite.definition;
      expect(await failureOf(renew(grant))).toMatchObject({
        kind: 'auth_invalid',
        source: platform,
        retryable: false,
        publicMessage: expect.stringContaining(`Ask the customer to connect ${displayName} again`),
      });
    },
  },
  {
    name: 'blames our app and not the customer when the platform does not know it',
    run: async (suite) => {
      const oauthApp = { clientId: 'sandbox-client', clientSecret: 'wrong-client-secret' };
      const { grant, renew } = openGrant(suite, { environment: { oauthApp } });
      expect(await failureOf(renew(grant))).toMatchObject({
        kind: 'auth_invalid',
        publicMessage: expect.stringMatching(/our OAuth app.*operator/),
      });
    },
  },
  {
    name: 'never calls an outage of the token endpoint the end of a grant, and asks once only',
    run: async (suite) => {
      const kinds = {
        404: 'unavailable',
        429: 'rate_limited',
        500: 'unavailable',
        503: 'unavailable',
      };
      for (const [code, kind] of Object.entries(kinds)) {
        const wrap = answering(status(Number(code), { 'retry-after': '60' }));
        const { seen, grant, renew } = openGrant(suite, { wrap });
        expect(await failureOf(renew(grant))).toMatchObject({ kind, retryable: true });
        expect(seen).toHaveLength(1);
      }
    },
  },
  {
    name: 'never puts a token or our secret in an error or a URL, even when the platform quotes them',
    run: async (suite) => {
      const wrap = answering(({ init }) => {
        const said = `${init.body ?? ''} ${JSON.stringify(init.headers)}`;
        return new Response(
          `{"error": "invalid_grant", "error_description": ${JSON.stringify(said)}}`,
          {
            status: 400,
          },
        );
      });
      const { seen, grant, renew } = openGrant(suite, { wrap });
      const error = await failureOf(renew(grant));
      const { clientId, clientSecret } = sandboxOAuthApp;
      const pair = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
      const secrets = [grant['accessToken'], grant['refreshToken'], clientSecret, pair].map(String);
      for (const secret of secrets) {
        expect(inspect(error, { depth: 10 })).not.toContain(secret);
        expect(seen.map(({ url }) => url).join(' ')).not.toContain(secret);
      }
    },
  },
  {
    name: 'sends no access token of the customer to the token endpoint',
    run: async (suite) => {
      const { seen, grant, renew } = openGrant(suite);
      await renew(grant);
      expect(JSON.stringify(seen)).not.toContain(String(grant['accessToken']));
    },
  },
  {
    name: 'keeps one pace for an account whose tokens change',
    run: async (suite) => {
      const keys = new Set<string>();
      const { context, grant, renew } = openGrant(suite, {
        environment: {
          createRateLimiter: (account) => {
            keys.add(account.key);
            return createUnlimitedRateLimiter(account);
          },
        },
      });
      await context.validateCredentials(grant);
      await context.validateCredentials(await renew(await renew(grant)));
      expect([...keys]).toHaveLength(1);
    },
  },
];

/** The context before a sandbox whose grant is in the hands of the check. */
function openGrant(suite: Suite, options: OpenOptions = {}) {
  const { context, sandbox, clock, seen } = suite.open(options);
  const tokens = required(sandbox.tokens, 'grant whose tokens expire');
  const grant: Credentials = required(suite.options.grant, 'grant');
  if (!supports(context, 'findRenewal', 'refreshCredentials')) {
    throw new ImportError({ kind: 'internal', source: 'test', publicMessage: 'No renewal.' });
  }
  const renew = (credentials: Credentials) => context.refreshCredentials(credentials);
  return { context, sandbox, clock, seen, tokens, grant, renew };
}
