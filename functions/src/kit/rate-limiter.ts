import type Bottleneck from 'bottleneck';
import type { Clock } from '../core/ports.ts';
import { ImportError } from '../core/errors.ts';
import type { ResponseHeaders, Sleep } from './fetch.ts';
import { readRateLimitHeaders } from './rate-limit-headers.ts';

/** What a limiter learns from one answer of the platform. */
export interface LimitedAnswer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** From `Retry-After`; null where the answer had none. */
  readonly retryAfterMs: number | null;
}

/** The right to send requests to one platform account. */
export interface RateLimiter {
  /**
   * Resolves when one request may start; it counts as sent.
   * @throws `rate_limited` with the wait when that is too long to hold a function for
   */
  acquire(signal?: AbortSignal): Promise<void>;
  /**
   * Tells how a request ended. Where that concerns other instances, the promise ends when they can
   * know of it; it never rejects.
   */
  observe(answer: LimitedAnswer): Promise<void> | undefined;
}

/** Whose budget a limiter keeps. */
export interface LimitedAccount {
  /** Platform and a digest of the credentials: never the secret itself. */
  readonly key: string;
  readonly platform: string;
  readonly displayName: string;
  readonly requestsPerSecond: number;
  readonly requestsPerDay: number | null;
  /** The window of the platform's `x-ratelimit-limit`; null where the header says it or nobody. */
  readonly limitWindowSeconds: number | null;
  /** Where the daily quota begins anew at midnight: an IANA name. */
  readonly quotaTimeZone: string;
  /** The wait after a 429 that does not say, doubled by each further one. Default 1 second. */
  readonly firstWaitMs?: number;
}

export type CreateRateLimiter = (account: LimitedAccount) => RateLimiter;

export interface RateLimiterOptions {
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** A block longer than this is thrown, not waited for. Default 10 seconds. */
  readonly maxWaitMs?: number;
}

/** Two per cent under the limit: jitter on the way must not turn an exact pace into a 429. */
const pace = 0.98;
const smallestFactor = 1 / 16;
const quietMs = 30_000;
const defaultBlockMs = 1000;
/** Answers to requests that were on their way together are one refusal, not many. */
const sameBurstMs = 1000;
const dayMs = 24 * 60 * 60 * 1000;

/** Creates limiters that live in this process: even pace, daily quota (UTC), blocked after a 429. */
export function createLocalRateLimiters(options: RateLimiterOptions): CreateRateLimiter {
  return (account) => new LocalRateLimiter(account, options);
}

/** Lets everything through, for tests that are not about limits. */
export const createUnlimitedRateLimiter: CreateRateLimiter = () => unlimited;

/** Lets everything through. */
export const unlimited: RateLimiter = {
  acquire: (signal) => {
    signal?.throwIfAborted();
    return Promise.resolve();
  },
  observe: () => undefined,
};

class LocalRateLimiter implements RateLimiter {
  readonly #account: LimitedAccount;
  readonly #clock: Clock;
  readonly #sleep: Sleep;
  readonly #maxWaitMs: number;
  #bottleneck: Promise<Bottleneck> | null = null;
  #requestsPerSecond: number;
  #factor = 1;
  #factorChangedAtMs = 0;
  #refusals = 0;
  #blockedUntilMs = 0;
  #day = 0;
  #usedToday = 0;

  constructor(account: LimitedAccount, options: RateLimiterOptions) {
    this.#account = account;
    this.#clock = options.clock;
    this.#sleep = options.sleep;
    this.#maxWaitMs = options.maxWaitMs ?? 10_000;
    this.#requestsPerSecond = account.requestsPerSecond;
  }

  async acquire(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#takeFromDay();
    try {
      await this.#waitUntilUnblocked(signal);
      const bottleneck = await (this.#bottleneck ??= this.#createBottleneck());
      await bottleneck.schedule(() => Promise.resolve());
      // Whoever queued while another request was refused waits as well.
      await this.#waitUntilUnblocked(signal);
      signal?.throwIfAborted();
    } catch (error) {
      this.#usedToday -= 1;
      throw error;
    }
  }

  observe(answer: LimitedAnswer): undefined {
    const nowMs = this.#clock.now().getTime();
    const said = readRateLimitHeaders(answer.headers, this.#clock.now());
    if (answer.status === 429) {
      this.#slowDown(nowMs);
      const { firstWaitMs = defaultBlockMs } = this.#account;
      const waitMs = answer.retryAfterMs ?? said.resetMs ?? firstWaitMs * 2 ** this.#refusals;
      this.#blockUntil(nowMs + Math.min(waitMs, dayMs));
      this.#refusals = Math.min(this.#refusals + 1, 6);
      return;
    }
    this.#refusals = 0;
    if (said.remaining === 0 && said.resetMs !== null) this.#blockUntil(nowMs + said.resetMs);
    this.#learnRate(said.limit, said.windowSeconds ?? this.#account.limitWindowSeconds);
    if (this.#factor < 1 && nowMs - this.#factorChangedAtMs >= quietMs) {
      this.#setFactor(Math.min(1, this.#factor * 2), nowMs);
    }
  }

  #takeFromDay(): void {
    const nowMs = this.#clock.now().getTime();
    const today = Math.floor(nowMs / dayMs);
    if (today !== this.#day) {
      this.#day = today;
      this.#usedToday = 0;
    }
    const { requestsPerDay } = this.#account;
    if (requestsPerDay !== null && this.#usedToday >= requestsPerDay) {
      throw this.#limited('the daily quota is used up', (today + 1) * dayMs - nowMs);
    }
    this.#usedToday += 1;
  }

  async #waitUntilUnblocked(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const waitMs = this.#blockedUntilMs - this.#clock.now().getTime();
      if (waitMs <= 0) return;
      if (waitMs > this.#maxWaitMs) throw this.#limited('it asked us to wait', waitMs);
      await this.#sleep(waitMs, signal);
    }
  }

  #blockUntil(untilMs: number): void {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, untilMs);
  }

  #slowDown(nowMs: number): void {
    if (nowMs - this.#factorChangedAtMs < sameBurstMs) return;
    this.#setFactor(Math.max(smallestFactor, this.#factor / 2), nowMs);
  }

  #setFactor(factor: number, nowMs: number): void {
    this.#factor = factor;
    this.#factorChangedAtMs = nowMs;
    this.#applyPace();
  }

  /** A platform may allow an account less than its documentation says, never more. */
  #learnRate(limit: number | null, windowSeconds: number | null): void {
    if (limit === null || limit <= 0 || windowSeconds === null || windowSeconds <= 0) return;
    const allowed = Math.min(this.#account.requestsPerSecond, limit / windowSeconds);
    if (allowed === this.#requestsPerSecond) return;
    this.#requestsPerSecond = allowed;
    this.#applyPace();
  }

  #applyPace(): void {
    const minTime = this.#intervalMs();
    void this.#bottleneck?.then((bottleneck) => bottleneck.updateSettings({ minTime }));
  }

  /** Not rounded: at 100 a second, a whole millisecond is a tenth of the pace. */
  #intervalMs(): number {
    return 1000 / (this.#requestsPerSecond * this.#factor * pace);
  }

  async #createBottleneck(): Promise<Bottleneck> {
    const { default: Queue } = await import('bottleneck');
    return new Queue({ minTime: this.#intervalMs() });
  }

  #limited(why: string, retryAfterMs: number): ImportError {
    return new ImportError({
      kind: 'rate_limited',
      source: this.#account.platform,
      publicMessage: `${this.#account.displayName} limits our requests: ${why}.`,
      retryAfterMs,
    });
  }
}
