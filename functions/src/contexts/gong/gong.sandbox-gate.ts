import type { Context, MiddlewareHandler } from 'hono';
import type { TokenIssuer } from '../testing/sandbox-tokens.ts';
import { createSlidingWindow } from '../testing/sandbox-window.ts';
import type { GongFaults } from './gong.sandbox-faults.ts';

export interface GongGateOptions {
  readonly faults: GongFaults;
  readonly now: () => Date;
  readonly accessKey: string;
  readonly accessKeySecret: string;
  readonly tokens: Pick<TokenIssuer, 'accepts'>;
  readonly requestsPerMinute: number;
  readonly onLimitHit: () => void;
}

const dailyQuota = 10_000;
const dayMs = 86_400_000;

/** Authentication, trusted addresses, limits and faults, in the order in which Gong can know of them. */
export function createGate(options: GongGateOptions): MiddlewareHandler {
  const { faults, now } = options;
  const pair = `${options.accessKey}:${options.accessKeySecret}`;
  const basic = `Basic ${Buffer.from(pair).toString('base64')}`;
  const isLetIn = (authorization: string): boolean => {
    const token = /^Bearer (.+)$/.exec(authorization)?.[1];
    return token === undefined ? authorization === basic : options.tokens.accepts(token);
  };
  const takeSlot = createSlidingWindow({
    ...{ now, windowMs: 1000 },
    limit: Math.max(1, Math.floor(options.requestsPerMinute / 60)),
  });
  const takeQuota = createSlidingWindow({
    ...{ now, windowMs: dayMs },
    // A limit that a test raised is not to be reached by the day either.
    limit: faults['daily-quota'] ?? Math.max(dailyQuota, options.requestsPerMinute),
  });
  let asked = 0;
  return async (c, next) => {
    if (!isLetIn(c.req.header('authorization') ?? '')) {
      return refuse(c, 401, 'Invalid access key or access key secret');
    }
    if (faults['untrusted-ip'] !== null) return refuse(c, 403, 'Your IP address is not trusted');
    for (const take of [takeSlot, takeQuota]) {
      const slot = take();
      if (slot.isAllowed) continue;
      options.onLimitHit();
      return refuseFor(c, slot.retryAfterSeconds);
    }
    asked += 1;
    const storm = faults['rate-limit-storm'];
    if (storm !== null && (asked - 1) % 20 < storm) return refuseFor(c, 1);
    const errors = faults['server-errors'];
    if (errors !== null && asked % errors === 0) {
      return refuse(c, 500, 'Internal server error occurred');
    }
    return next();
  };
}

function refuseFor(c: Context, seconds: number): Response {
  c.header('retry-after', String(seconds));
  return refuse(c, 429, 'API rate limit exceeded');
}

type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 415 | 429 | 500;

/** Every failure has the same shape. */
export function refuse(c: Context, status: RefusalStatus, text: string): Response {
  return c.json({ requestId: toRequestId(c), errors: [text] }, status);
}

/** Different for each request, and always the same for the same one: tests can name it. */
export function toRequestId(c: Context): string {
  const text = `${c.req.method}${c.req.path}`.replaceAll(/[^a-z]/gi, '').toLowerCase();
  return `4al018${text.slice(-20)}`;
}
