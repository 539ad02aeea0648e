import type { Context, MiddlewareHandler } from 'hono';
import type { TokenIssuer } from '../testing/sandbox-tokens.ts';
import { createSlidingWindow } from '../testing/sandbox-window.ts';
import type { FathomFaults } from './fathom.sandbox-faults.ts';

export interface FathomGateOptions {
  readonly faults: FathomFaults;
  readonly now: () => Date;
  readonly apiKey: string;
  readonly tokens: Pick<TokenIssuer, 'accepts'>;
  readonly requestsPerMinute: number;
  readonly onLimitHit: () => void;
}

/** Authentication, limits and faults, in the order in which Fathom can know of them. */
export function createGate(options: FathomGateOptions): MiddlewareHandler {
  const { faults, now, requestsPerMinute } = options;
  const all = createSlidingWindow({ now, limit: requestsPerMinute });
  const half = { now, limit: Math.ceil(requestsPerMinute / 2) };
  const heavy = createSlidingWindow(half);
  const downloads = createSlidingWindow(half);
  let asked = 0;
  return async (c, next) => {
    if (toClient(c, options) === null) return refuse(c, 401, 'Unauthorized');
    // Documented: asking for downloads has a bucket of its own, heavy requests have one besides.
    const windows = isDownload(c) ? [downloads] : isHeavy(c) ? [heavy, all] : [all];
    for (const take of windows) {
      const slot = take();
      c.header('ratelimit-limit', String(requestsPerMinute));
      c.header('ratelimit-remaining', String(slot.remaining));
      c.header('ratelimit-reset', String(slot.retryAfterSeconds));
      if (slot.isAllowed) continue;
      options.onLimitHit();
      c.header('retry-after', String(slot.retryAfterSeconds));
      return refuse(c, 429, 'Too many requests');
    }
    asked += 1;
    const storm = faults['rate-limit-storm'];
    if (storm !== null && (asked - 1) % 20 < storm) {
      c.header('retry-after', '1');
      return refuse(c, 429, 'Too many requests');
    }
    const errors = faults['server-errors'];
    if (errors !== null && asked % errors === 0) return refuse(c, 500, 'Internal server error');
    return next();
  };
}

/** Who asks: a key, an app, or nobody that we know. */
export function toClient(
  c: Context,
  { apiKey, tokens }: Pick<FathomGateOptions, 'apiKey' | 'tokens'>,
): 'key' | 'app' | null {
  const key = c.req.header('x-api-key');
  if (key !== undefined) return key === apiKey ? 'key' : null;
  const token = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1];
  return token !== undefined && tokens.accepts(token) ? 'app' : null;
}

function isDownload(c: Context): boolean {
  return c.req.method === 'POST' && c.req.path.endsWith('/download');
}

function isHeavy(c: Context): boolean {
  const { include_transcript: transcript, include_summary: summary } = c.req.query();
  return c.req.path.endsWith('/transcript') || transcript === 'true' || summary === 'true';
}

type RefusalStatus = 400 | 401 | 403 | 404 | 415 | 422 | 429 | 500;

/** What the body of a failure holds is not documented: here it differs from status to status. */
export function refuse(c: Context, status: RefusalStatus, text: string): Response {
  if (status === 401) return c.text(text, status);
  return c.json(status < 420 ? { message: text } : { error: text }, status);
}
