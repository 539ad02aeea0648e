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
