export interface NextCheckOptions {
  /** Since the operation was created; null when the service did not say. */
  readonly elapsedMs: number | null;
  /** 0 where the service does not say. */
  readonly progressPercent: number;
  readonly firstCheckMs: number;
  readonly maxCheckMs: number;
}

/**
 * In how many milliseconds to look at a running operation again: when it should be done at its
 * pace so far, else after half of the time that it has run, never sooner than `firstCheckMs` and
 * never later than `maxCheckMs`.
 */
export function toNextCheckMs(options: NextCheckOptions): number {
  const { elapsedMs, progressPercent, firstCheckMs, maxCheckMs } = options;
  if (elapsedMs === null) return firstCheckMs;
  const isPaced = progressPercent > 0 && progressPercent < 100;
  const hintMs = isPaced ? (elapsedMs * (100 - progressPercent)) / progressPercent : elapsedMs / 2;
  return Math.round(Math.max(firstCheckMs, Math.min(hintMs, maxCheckMs)));
}
