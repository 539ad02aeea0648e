/** What a sliding window says to one request. */
export interface WindowAnswer {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Whole seconds until a request would be allowed; 0 when this one is. */
  readonly retryAfterSeconds: number;
}

/** Counts the allowed requests of the last minute, or `windowMs`; refused ones cost nothing. */
export function createSlidingWindow(options: {
  readonly limit: number;
  readonly now: () => Date;
  readonly windowMs?: number;
}): () => WindowAnswer {
  const { windowMs = 60_000 } = options;
  let times: number[] = [];
  let oldest = 0;
  return () => {
    const nowMs = options.now().getTime();
    for (; (times[oldest] ?? Infinity) <= nowMs - windowMs; oldest++);
    if (oldest > 1000 && oldest * 2 > times.length) {
      times = times.slice(oldest);
      oldest = 0;
    }
    const used = times.length - oldest;
    if (used >= options.limit) {
      const freeInMs = (times[oldest] ?? nowMs) + windowMs - nowMs;
      return { isAllowed: false, remaining: 0, retryAfterSeconds: Math.ceil(freeInMs / 1000) };
    }
    times.push(nowMs);
    return { isAllowed: true, remaining: options.limit - used - 1, retryAfterSeconds: 0 };
  };
}
