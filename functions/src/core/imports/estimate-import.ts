import type { Engine } from '../engine.ts';
import { ImportError } from '../errors.ts';
import { toCallsPerSecond, type Credentials, type ImportContext } from './import-context.ts';
import type { CallFilters, DateRange } from './source-call.ts';

/** What shall be imported: of which account, and what of it. */
export interface ImportScope {
  /** Verified. */
  readonly credentials: Credentials;
  readonly dateRange: DateRange;
  readonly filters: CallFilters;
}

/** How many calls the platform counts; null where it can't, or not within `countTimeoutMs`. */
export async function estimateCalls(
  { settings }: Pick<Engine, 'settings'>,
  context: ImportContext,
  { credentials, dateRange, filters }: ImportScope,
): Promise<number | null> {
  if (!context.countCalls) return null;
  const signal = AbortSignal.timeout(settings.countTimeoutMs);
  try {
    return await context.countCalls(credentials, { dateRange, filters }, signal);
  } catch (error) {
    const isLate = error instanceof ImportError && error.retryable;
    if (isLate || signal.aborted) return null;
    throw error;
  }
}

/** Working time at the platform's own pace, in seconds; null for an unknown number of calls. */
export function estimateDuration(
  { rateLimits }: Pick<ImportContext, 'rateLimits'>,
  calls: number | null,
): number | null {
  return calls === null ? null : Math.ceil(calls / toCallsPerSecond(rateLimits));
}

/** Small imports start at once, as do those whose size nobody can say before listing them. */
export function decideSchedule(
  { settings }: Pick<Engine, 'settings'>,
  wanted: { readonly schedule: 'auto' | 'now' | 'nightly'; readonly calls: number | null },
): 'now' | 'nightly' {
  if (wanted.schedule !== 'auto') return wanted.schedule;
  return (wanted.calls ?? 0) > settings.smallJobCalls ? 'nightly' : 'now';
}
