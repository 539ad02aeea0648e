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

/**
 * When it is worth asking again for what a call lacks: after as long as it has waited already, from
 * ten minutes to four hours, so that ten tries span a day.
 */
export function toAskAgainMs(
  { metadata: { startedAt, durationSeconds } }: SourceCall,
  now: Date,
): number {
  const endedAtMs = (startedAt?.getTime() ?? -Infinity) + (durationSeconds ?? 0) * 1000;
  return Math.min(Math.max(now.getTime() - endedAtMs, soonestMs), latestMs);
}

/**
 * Lets what a call lacks count as missing for good.
 * @throws `not_ready`, with the time to ask again at, while the call is settling
 */
export function requireSettled(
  call: SourceCall,
  options: {
    readonly now: Date;
    readonly settlingMs: number;
    readonly source: string;
    /** What is not finished yet, in a sentence. */
    readonly message: string;
    readonly cause?: unknown;
  },
): void {
  if (!isSettling(call, options)) return;
  throw new ImportError({
    kind: 'not_ready',
    source: options.source,
    publicMessage: options.message,
    retryAfterMs: toAskAgainMs(call, options.now),
    cause: options.cause,
  });
}
