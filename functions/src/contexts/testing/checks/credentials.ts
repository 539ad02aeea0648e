import { inspect } from 'node:util';
import type { z } from 'zod';
import { describeField } from '../../../kit/fields.ts';
import type { Check, Suite } from '../check.ts';
import { failureOf, listAll } from '../check.ts';
import { answering, status } from '../fault-fetch.ts';

export const credentialChecks: readonly Check[] = [
  {
    name: 'accepts a working key',
    run: async (suite) => {
      const { context } = suite.open();
      const parsed = context.parseCredentials(suite.credentials);
      await expect(context.validateCredentials(parsed)).resolves.toEqual({ valid: true });
    },
  },
  {
    name: 'reports a rejected key as invalid with a human reason',
    run: async (suite) => {
      const { context } = suite.open();
      const check = await context.validateCredentials(wrongCredentials(suite));
      expect(check).toEqual({
        valid: false,
        error: expect.stringMatching(new RegExp(`${suite.definition.displayName}.{20,}`)),
      });
    },
  },
  {
    name: 'names a missing scope',
    run: async (suite) => {
      const { context } = suite.open({ wrap: answering(status(403)) });
      const check = await context.validateCredentials(suite.credentials);
      expect(check).toEqual({ valid: false, error: expect.stringMatching(/denied|permission/i) });
      for (const scope of suite.definition.listing.scopes) {
        expect(check).toEqual({ valid: false, error: expect.stringContaining(scope) });
      }
    },
  },
  {
    name: 'never calls an outage invalid',
    run: async (suite) => {
      for (const code of [500, 502, 503, 504]) {
        const { context } = suite.open({ wrap: answering(status(code)) });
        const error = await failureOf(context.validateCredentials(suite.credentials));
        expect(error.kind).toBe('unavailable');
      }
    },
  },
  {
    name: 'never calls a rate limit invalid',
    run: async (suite) => {
      const wrap = answering(status(429, { 'retry-after': '60' }));
      const { context } = suite.open({ wrap });
      const error = await failureOf(context.validateCredentials(suite.credentials));
      expect(error).toMatchObject({ kind: 'rate_limited', retryAfterMs: 60_000 });
    },
  },
  {
    name: 'never puts the key in an error, even when the platform quotes it',
    run: async (suite) => {
      const quoted = JSON.stringify(suite.credentials);
      for (const code of [400, 401, 403, 500]) {
        const wrap = answering(() => new Response(`bad key ${quoted}`, { status: code }));
        const error = await failureOf(listAll(suite.open({ wrap }), suite.credentials));
        for (const secret of secretsOf(suite)) {
          expect(inspect(error, { depth: 10 })).not.toContain(secret);
        }
      }
    },
  },
  {
    name: 'never puts the key in a URL',
    run: async (suite) => {
      const opened = suite.open();
      await opened.context.validateCredentials(suite.credentials);
      await listAll(opened, suite.credentials);
      expect(opened.seen.length).toBeGreaterThan(1);
      for (const { url } of opened.seen) {
        for (const secret of secretsOf(suite)) expect(url).not.toContain(secret);
      }
    },
  },
  {
    name: 'refuses credentials with a missing or unknown field and names it',
    run: async (suite) => {
      const { context } = suite.open();
      const [field = ''] = Object.keys(suite.credentials);
      const missing = { ...suite.credentials, [field]: undefined };
      const attempts = [
        { input: missing, name: field },
        { input: { ...suite.credentials, surplus: 'x' }, name: 'surplus' },
      ];
      for (const { input, name } of attempts) {
        const error = await failureOf(
          Promise.resolve().then(() => context.parseCredentials(input)),
        );
        expect(error.kind).toBe('bad_request');
        expect(error.publicMessage).toContain(name);
      }
    },
  },
  {
    name: 'takes parsed credentials for what they are when they are parsed again',
    run: async (suite) => {
      const { context } = suite.open();
      const parsed = context.parseCredentials(suite.credentials);
      expect(context.parseCredentials(parsed)).toEqual(parsed);
      return Promise.resolve();
    },
  },
];

/** Secrets that are none; where nothing is secret, names of what is not there. */
function wrongCredentials(suite: Suite): Record<string, unknown> {
  const names = Object.keys(suite.credentials);
  const secrets = names.filter((name) => isSecret(suite, name));
  const wrong = (secrets.length > 0 ? secrets : names).map((name) => [
    name,
    'wrong-key-0123456789',
  ]);
  return { ...suite.credentials, ...Object.fromEntries(wrong) };
}

function secretsOf(suite: Suite): readonly string[] {
  return Object.entries(suite.credentials).flatMap(([name, value]) =>
    typeof value === 'string' && isSecret(suite, name) ? [value] : [],
  );
}

/** What does not say that it is none. */
function isSecret({ definition }: Suite, name: string): boolean {
  // Each field of an object schema is a schema; the shape of a generic one does not say so.
  const field = definition.credentials.shape[name] as z.ZodType | undefined;
  return field === undefined || describeField(field)['secret'] !== false;
}
