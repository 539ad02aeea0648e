import { createSlidingWindow } from './sandbox-window.ts';

/** Why a request does not get to its route: it came too fast, or something broke. */
export type SandboxTrouble =
  { readonly status: 429; readonly retryAfterSeconds: number } | { readonly status: 500 };

/** Limits a sandbox's requests and breaks some on demand; null lets one through. */
export function createTrouble(options: {
  readonly faults: {
    /** Every so many requests. */
    readonly 'server-errors': number | null;
    /** The first so many of every 20 requests, whatever the pace. */
    readonly 'rate-limit-storm': number | null;
  };
  readonly requestsPerMinute: number;
  readonly now: () => Date;
  readonly onLimitHit: () => void;
}): () => SandboxTrouble | null {
  const { faults, now } = options;
  const takeSlot = createSlidingWindow({ limit: options.requestsPerMinute, now });
  let asked = 0;
  return () => {
    const slot = takeSlot();
    if (!slot.isAllowed) {
      options.onLimitHit();
      return { status: 429, retryAfterSeconds: slot.retryAfterSeconds };
    }
    asked += 1;
    const storm = faults['rate-limit-storm'];
    if (storm !== null && (asked - 1) % 20 < storm) return { status: 429, retryAfterSeconds: 1 };
    const errors = faults['server-errors'];
    return errors !== null && asked % errors === 0 ? { status: 500 } : null;
  };
}
