import { errorRules, type ImportError } from '../errors.ts';
import type { EngineSettings } from '../settings.ts';
import type { CallAttempt, ImportedCall } from './imported-call.ts';
import type { SkipReason } from './source-call.ts';

/** What becomes of a call whose try failed. */
export type FailureDecision =
  | { readonly type: 'skip'; readonly reason: SkipReason }
  | { readonly type: 'fail'; readonly retryable: boolean }
  | { readonly type: 'stop_job' }
  | {
      readonly type: 'release';
      readonly notBefore: Date | null;
      readonly counts: 'failure' | 'not_ready' | 'nothing';
      /** True: the queue itself backs off and delivers the task again. */
      readonly rethrow: boolean;
    };

/**
 * One table for every failure of a call: permanent kinds end it, a missing recording skips it, a
 * rejected key stops the job, and the rest comes again, up to `maxAttempts` counted failures.
 */
export function decideAfterFailure(facts: {
  readonly call: ImportedCall;
  readonly error: ImportError;
  readonly now: Date;
  readonly settings: EngineSettings;
  readonly random: () => number;
}): FailureDecision {
  const { call, error, settings } = facts;
  const rule = errorRules[error.kind];
  if (rule.inTask === 'skip_call') return { type: 'skip', reason: 'gone' };
  if (rule.inTask === 'stop_job') return { type: 'stop_job' };
  if (!error.retryable) return { type: 'fail', retryable: false };
  if (error.kind === 'rate_limited') {
    const notBefore = later(facts, limitsInARow(call) + 1);
    return { type: 'release', notBefore, counts: 'nothing', rethrow: false };
  }
  if (error.kind === 'not_ready') {
    if (call.notReady + 1 >= settings.maxNotReady) return { type: 'fail', retryable: true };
    const notBefore = later(facts, call.notReady + 1);
    return { type: 'release', notBefore, counts: 'not_ready', rethrow: false };
  }
  if (call.failures + 1 >= settings.maxAttempts) return { type: 'fail', retryable: true };
  if (error.retryAfterMs !== null || rule.inTask === 'reschedule') {
    return { type: 'release', notBefore: later(facts, 1), counts: 'failure', rethrow: false };
  }
  return { type: 'release', notBefore: null, counts: 'failure', rethrow: true };
}

/** How often the platform said "too many requests" since it last said anything else. */
function limitsInARow({ attempts }: ImportedCall): number {
  const last = attempts.findLastIndex((attempt) => attempt.kind !== 'rate_limited');
  return attempts.length - 1 - last;
}

/** Full jitter: anywhere up to the bound, which doubles with each try (AWS "Exponential Backoff And Jitter"). */
export function toBackoffMs(options: {
  readonly attempt: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly random: () => number;
}): number {
  const bound = Math.min(options.maxMs, options.baseMs * 2 ** (options.attempt - 1));
  return Math.ceil(bound * options.random());
}

/** The record of a failed try, without anything secret. */
export function toAttempt(error: ImportError, at: Date): CallAttempt {
  return {
    at,
    kind: error.kind,
    source: error.source,
    message: error.publicMessage,
    status: error.status,
    requestId: error.requestId,
  };
}

function later(
  facts: {
    readonly error: ImportError;
    readonly now: Date;
    readonly settings: EngineSettings;
    readonly random: () => number;
  },
  attempt: number,
): Date {
  const { error, settings, random } = facts;
  const jitterMs = toBackoffMs({
    attempt,
    baseMs: settings.backoffMs,
    maxMs: settings.maxBackoffMs,
    random,
  });
  return new Date(facts.now.getTime() + (error.retryAfterMs ?? 0) + jitterMs);
}
