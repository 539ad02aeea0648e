import { ImportError } from '../core/errors.ts';
import type { SourceCall } from '../core/imports/source-call.ts';

/** Whether a call ended so recently that what is missing of it may still be in the making. */
export function isSettling(
  { metadata: { startedAt, durationSeconds } }: SourceCall,
  { now, settlingMs }: { readonly now: Date; readonly settlingMs: number },
): boolean {
  if (startedAt === null) return false;
  const endedAtMs = startedAt.getTime() + (durationSeconds ?? 0) * 1000;
  return now.getTime() - endedAtMs < settlingMs;
}

const soonestMs = 10 * 60_000;
const latestMs = 4 * 3_600_000;

interface Missing {
  /** `recording` or `transcript`. */
  readonly what: string;
  readonly now: Date;
  readonly source: string;
  readonly displayName: string;
  readonly cause?: unknown;
}

/**
 * Says of what a call lacks that it is not finished, and when it is worth asking again: after as long
 * as the call has waited already, from ten minutes to four hours, so that ten tries span a day.
 */
export function notReadyYet(
  { metadata: { startedAt, durationSeconds } }: SourceCall,
  { what, now, source, displayName, cause }: Missing,
): ImportError {
  const endedAtMs = (startedAt?.getTime() ?? -Infinity) + (durationSeconds ?? 0) * 1000;
  return new ImportError({
    kind: 'not_ready',
    source,
    publicMessage: `${displayName} has not finished this call’s ${what} yet.`,
    retryAfterMs: Math.min(Math.max(now.getTime() - endedAtMs, soonestMs), latestMs),
    cause,
  });
}

/** Lets what a call lacks count as missing for good. @throws `not_ready` while the call is settling */
export function requireSettled(
  call: SourceCall,
  missing: Missing & { readonly settlingMs: number },
): void {
  if (isSettling(call, missing)) throw notReadyYet(call, missing);
}
