import type { z } from 'zod';
import { ImportError } from '../core/errors.ts';
import type { Credentials, PlatformAccount } from '../core/imports/import-context.ts';
import { toAccountKey } from '../kit/account-key.ts';
import type { PlatformVoice } from '../kit/answer-error.ts';
import type { RateLimiter } from '../kit/rate-limiter.ts';
import { createLocalRateLimiters } from '../kit/rate-limiter.ts';
import type { ContextDefinition, ContextEnvironment } from './context.ts';

/** What requests by some credentials carry, and whose limits they spend. */
export interface Access<TCredentials> {
  readonly credentials: TCredentials;
  readonly headers: Readonly<Record<string, string>>;
  readonly voice: PlatformVoice;
  readonly limiter: RateLimiter;
}

/** Shorter texts occur by chance: to take them out of messages would garble these. */
const shortestSecret = 6;
const maxLimiters = 1000;

/** The limiter of an account: the same for whoever asks by it. */
export type LimiterFor = (account: PlatformAccount) => RateLimiter;

/** What a definition makes of credentials that its schema has accepted before. @throws `auth_invalid` for a key that no header holds */
export function toAccess<TCredentials extends z.ZodObject, TFilters extends z.ZodObject, TClient>(
  definition: ContextDefinition<TCredentials, TFilters, TClient>,
  options: {
    readonly credentials: Credentials;
    readonly clock: ContextEnvironment['clock'];
    readonly limiterFor: LimiterFor;
  },
): Access<z.output<TCredentials>> {
  const { platform, displayName, errors, listing } = definition;
  // They were parsed when they came in: the second parse only gives them their type back.
  const credentials = definition.credentials.parse(options.credentials);
  const authorization = definition.authorize?.(credentials) ?? {};
  requireHeaderValues(definition, authorization);
  return {
    credentials,
    headers: { ...definition.headers, ...authorization },
    limiter: options.limiterFor(toAccount(definition, options.credentials)),
    voice: {
      platform,
      displayName,
      errors,
      scopes: listing.scopes,
      secrets: [
        ...Object.values(options.credentials),
        // The whole header, and what comes after its scheme: base64 of a key looks like no key.
        ...Object.values(authorization).flatMap((value) => [value, value.replace(/^\w+ /, '')]),
      ].filter(
        (value): value is string => typeof value === 'string' && value.length >= shortestSecret,
      ),
      clock: options.clock,
    },
  };
}

/** Whose limits these credentials spend. */
export function toAccount<TCredentials extends z.ZodObject, TFilters extends z.ZodObject, TClient>(
  definition: ContextDefinition<TCredentials, TFilters, TClient>,
  given: Credentials,
): PlatformAccount {
  const { platform, rateLimits, quotaTimeZone = 'UTC' } = definition;
  const credentials = definition.credentials.parse(given);
  const account = definition.accountOf?.(credentials);
  return {
    key: toAccountKey(platform, account === undefined ? given : { account }),
    rateLimits: { ...rateLimits, ...definition.rateLimitsOf?.(credentials) },
    quotaTimeZone,
  };
}

/** One limiter per account; the longest unused goes first, so that a long life stays small. */
export function createLimiters(
  definition: Pick<
    ContextDefinition<z.ZodObject, z.ZodObject, unknown>,
    'platform' | 'displayName' | 'limitWindowSeconds' | 'firstWaitMs'
  >,
  environment: ContextEnvironment,
): LimiterFor {
  const create = environment.createRateLimiter ?? createLocalRateLimiters(environment);
  const limiters = new Map<string, RateLimiter>();
  return ({ key, rateLimits, quotaTimeZone }) => {
    const { platform, displayName } = definition;
    const limiter =
      limiters.get(key) ??
      create({
        key,
        platform,
        displayName,
        ...rateLimits,
        limitWindowSeconds: definition.limitWindowSeconds ?? null,
        ...(definition.firstWaitMs !== undefined && { firstWaitMs: definition.firstWaitMs }),
        quotaTimeZone,
      });
    limiters.delete(key);
    limiters.set(key, limiter);
    const oldest = limiters.keys().next().value;
    if (limiters.size > maxLimiters && oldest !== undefined) limiters.delete(oldest);
    return limiter;
  };
}

/** A key with a line break in it is refused here: the network's own error would quote it. */
function requireHeaderValues(
  { platform, displayName }: { readonly platform: string; readonly displayName: string },
  headers: Readonly<Record<string, string>>,
): void {
  if (Object.values(headers).every((value) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value))) return;
  throw new ImportError({
    kind: 'auth_invalid',
    source: platform,
    publicMessage: `The credentials for ${displayName} contain a line break or a letter that no key has: copy them again.`,
  });
}
