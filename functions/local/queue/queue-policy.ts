/** A task queue's settings as a function's deployment description has them; absent is the default. */
export interface TaskQueueTrigger {
  readonly rateLimits?: {
    readonly maxConcurrentDispatches?: number | undefined;
    readonly maxDispatchesPerSecond?: number | undefined;
  };
  readonly retryConfig?: RetryConfig;
}

export interface RetryConfig {
  readonly maxAttempts?: number | undefined;
  readonly maxRetrySeconds?: number | undefined;
  readonly minBackoffSeconds?: number | undefined;
  readonly maxBackoffSeconds?: number | undefined;
  readonly maxDoublings?: number | undefined;
}

export interface QueuePolicy {
  readonly maxConcurrent: number;
  readonly perSecond: number;
  /** -1: without end. */
  readonly maxAttempts: number;
  /** 0: without end. */
  readonly maxRetryMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly maxDoublings: number;
}

/**
 * Fills in what a deployment with the Firebase CLI would set.
 * @see https://github.com/firebase/firebase-tools/blob/master/src/gcp/cloudtasks.ts DEFAULT_SETTINGS
 */
export function toQueuePolicy({ rateLimits, retryConfig }: TaskQueueTrigger): QueuePolicy {
  return {
    maxConcurrent: rateLimits?.maxConcurrentDispatches ?? 1000,
    perSecond: rateLimits?.maxDispatchesPerSecond ?? 500,
    maxAttempts: retryConfig?.maxAttempts ?? 3,
    maxRetryMs: (retryConfig?.maxRetrySeconds ?? 0) * 1000,
    minBackoffMs: (retryConfig?.minBackoffSeconds ?? 0.1) * 1000,
    maxBackoffMs: (retryConfig?.maxBackoffSeconds ?? 3600) * 1000,
    maxDoublings: retryConfig?.maxDoublings ?? 16,
  };
}

/**
 * Milliseconds before retry `retry` (0 is the first): doubles `maxDoublings` times, then grows by as
 * much as the last interval, up to the maximum.
 * @see https://docs.cloud.google.com/tasks/docs/configuring-queues#retry
 */
export function backoffMs(policy: QueuePolicy, retry: number): number {
  const doublings = Math.min(retry, policy.maxDoublings);
  const linearSteps = retry - doublings;
  return Math.min(policy.maxBackoffMs, policy.minBackoffMs * 2 ** doublings * (linearSteps + 1));
}

/** Whether the service drops a task: where both limits are set, both must be used up. */
export function isExhausted(
  policy: QueuePolicy,
  task: { readonly attempts: number; readonly sinceFirstAttemptMs: number },
): boolean {
  const attemptsLeft = policy.maxAttempts < 0 || task.attempts < policy.maxAttempts;
  const timeLeft = policy.maxRetryMs > 0 && task.sinceFirstAttemptMs < policy.maxRetryMs;
  if (policy.maxRetryMs === 0) return !attemptsLeft;
  return policy.maxAttempts < 0 ? !timeLeft : !attemptsLeft && !timeLeft;
}

/**
 * The token bucket of a queue: `take` says how long to wait for the next token, 0 when it took one.
 * A fifth of a second's worth may go at once, as the service lets bursts through.
 */
export function createTokenBucket(perSecond: number): { take(nowMs: number): number } {
  const capacity = Math.max(1, Math.floor(perSecond / 5));
  let tokens = capacity;
  let filledAtMs: number | null = null;
  return {
    take(nowMs) {
      if (!Number.isFinite(perSecond)) return 0;
      const passedMs = Math.max(0, nowMs - (filledAtMs ?? nowMs));
      tokens = Math.min(capacity, tokens + (passedMs * perSecond) / 1000);
      filledAtMs = nowMs;
      // A token may be short by a rounding error after exactly the wait that was asked for.
      if (tokens < 1 - 1e-6) return Math.ceil(((1 - tokens) * 1000) / perSecond);
      tokens -= 1;
      return 0;
    },
  };
}
