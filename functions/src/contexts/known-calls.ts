import type { z } from 'zod';
import { ImportError } from '../core/errors.ts';
import type { HydratedCall } from '../core/imports/import-context.ts';
import type { SourceCall } from '../core/imports/source-call.ts';
import type { Clock } from '../core/ports.ts';
import { isExpired, knownRecording, toHydratedCall } from '../kit/known-call.ts';
import type { KnownCall, Recording } from '../kit/known-call.ts';
import { isSettling, notReadyYet, requireSettled } from '../kit/settling.ts';
import type { ContextDefinition } from './context.ts';

/** What may be missing of a call that has just ended. */
export type CallPart = 'recording' | 'transcript';

/** What is known of a platform's calls at this moment, and what of them can still come. */
export interface KnownCalls {
  /** The call as the core keeps it, with what is known of it noted. */
  toHydrated(call: KnownCall): SourceCall & Partial<HydratedCall>;
  /** What was noted of the recording, while that can be relied on. */
  knownRecording(call: SourceCall): Recording | 'none' | null;
  /** Whether a recording's link says that it no longer works. */
  isExpired(recording: Recording): boolean;
  /** Says of what a call lacks that it is not finished, and when to ask again. */
  notReadyYet(call: SourceCall, what: CallPart, cause?: unknown): ImportError;
  /** Lets what a call lacks count as missing for good. @throws `not_ready` while it is settling */
  requireSettled(call: SourceCall, what: CallPart, cause?: unknown): void;
  /** Throws the error again; what is not found of a call that is settling is `not_ready` instead. */
  rethrow(error: unknown, call: SourceCall, what: CallPart): never;
}

/** Binds what a definition says of its calls to a clock. */
export function createKnownCalls<
  TCredentials extends z.ZodObject,
  TFilters extends z.ZodObject,
  TClient,
>(
  definition: ContextDefinition<TCredentials, TFilters, TClient>,
  { now }: Pick<Clock, 'now'>,
): KnownCalls {
  const { platform: source, displayName, settlingMs = 0, linkLifetimeMs = null } = definition;
  const requireSettledCall: KnownCalls['requireSettled'] = (call, what, cause) => {
    requireSettled(call, { source, displayName, what, now: now(), settlingMs, cause });
  };
  return {
    toHydrated: (call) => {
      const at = now();
      const settling = isSettling(call, { now: at, settlingMs });
      return toHydratedCall(call, { now: at, isSettling: settling, linkLifetimeMs });
    },
    knownRecording: (call) => knownRecording(call, now()),
    isExpired: (recording) => isExpired(recording, now()),
    notReadyYet: (call, what, cause) =>
      notReadyYet(call, { source, displayName, what, now: now(), cause }),
    requireSettled: requireSettledCall,
    rethrow: (error, call, what) => {
      if (isNotFound(error)) requireSettledCall(call, what, error);
      throw error;
    },
  };
}

/** Whether something is not there, for now or for good. */
export function isNotFound(error: unknown): error is ImportError {
  return error instanceof ImportError && error.kind === 'not_found';
}
