/** What a caller may still ask at once; refilled evenly. */
interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export interface CallerLimit {
  /** Takes one request of a caller's; returns 0, or how long to wait until the next may come. */
  take(callerId: string, now: Date): number;
}

const minuteMs = 60_000;
const maxCallers = 10_000;

/**
 * A token bucket for each caller: a minute's requests at once, then as fast as they are refilled. It
 * lives in this process alone, so that it costs nothing: with n instances a caller has up to n times
 * as much. It keeps a script gone wild from others, and is no quota.
 */
export function createCallerLimit(requestsPerMinute: number): CallerLimit {
  const buckets = new Map<string, Bucket>();
  return {
    take(callerId, now) {
      const nowMs = now.getTime();
      const known = buckets.get(callerId) ?? { tokens: requestsPerMinute, atMs: nowMs };
      const refilled = ((nowMs - known.atMs) / minuteMs) * requestsPerMinute;
      const tokens = Math.min(known.tokens + Math.max(refilled, 0), requestsPerMinute);
      // A bucket that is forgotten is full again: only a flood of callers gets there.
      if (buckets.size >= maxCallers) buckets.clear();
      buckets.set(callerId, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs });
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * minuteMs) / requestsPerMinute);
    },
  };
}
