import type { ResponseHeaders } from './fetch.ts';

/** What an answer's headers say of the limit; null where they say nothing. */
export interface RateLimitReading {
  readonly limit: number | null;
  readonly remaining: number | null;
  /** Milliseconds until the window starts again, at most a day. */
  readonly resetMs: number | null;
  readonly windowSeconds: number | null;
}

const maxResetMs = 24 * 60 * 60 * 1000;
/** Larger numbers are instants: epoch seconds, then epoch milliseconds. */
const smallestEpochSeconds = 1_000_000_000;
const smallestEpochMs = 1_000_000_000_000;

/**
 * Reads the `x-ratelimit-*`, `x-rate-limit-*` and `ratelimit-*` families, and what some name
 * `x-ratelimit-*-api`.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export function readRateLimitHeaders(headers: ResponseHeaders, now: Date): RateLimitReading {
  const read = (name: string): number | null => {
    for (const prefix of ['x-ratelimit-', 'x-rate-limit-', 'ratelimit-']) {
      const value =
        toNumber(headers.get(prefix + name)) ?? toNumber(headers.get(`${prefix}${name}-api`));
      if (value !== null) return value;
    }
    return null;
  };
  return {
    limit: read('limit'),
    remaining: read('remaining'),
    resetMs: toResetMs(read('reset'), now),
    windowSeconds: read('window'),
  };
}

/** Nothing but a plain number counts: "100, 100;w=60" and dates are another standard's. */
function toNumber(value: string | null): number | null {
  return value !== null && /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : null;
}

function toResetMs(value: number | null, now: Date): number | null {
  if (value === null) return null;
  let waitMs = value * 1000;
  if (value >= smallestEpochMs) waitMs = value - now.getTime();
  else if (value >= smallestEpochSeconds) waitMs = value * 1000 - now.getTime();
  return Math.min(Math.max(waitMs, 0), maxResetMs);
}
