import type { Engine } from '../engine.ts';
import {
  isCallEnded,
  transitionCall,
  type ImportedCall,
  type StoredMedia,
} from './imported-call.ts';
import { isLive, type ImportJob } from './import-job.ts';
import type { CallMetadata } from './source-call.ts';

/** A recording that is stored, and what the platform said of the call when it gave it. */
export interface StoredRecording {
  readonly media: StoredMedia;
  readonly metadata: CallMetadata;
}

export interface ClaimedCall {
  readonly type: 'claimed';
  readonly call: ImportedCall;
  readonly job: ImportJob;
  readonly claimedAt: Date;
  /** What this try has stored so far, kept even when it fails. */
  readonly progress: { stored: StoredRecording | null };
}

export type CallClaim =
  | ClaimedCall
  /** Come back at `at`, in a task of that name. */
  | { readonly type: 'not_yet'; readonly at: Date; readonly taskName: string }
  /** Ended, gone, moved to another job, or the job is not running. */
  | { readonly type: 'nothing_to_do' };

/**
 * Takes the call for `leaseMs`, whoever asks first; everyone else learns when to come back. The
 * epoch grows with each claim, so that a holder whose lease ran out can't write any more.
 */
export function claimCall(
  engine: Engine,
  target: { readonly jobId: string; readonly callKey: string },
): Promise<CallClaim> {
  const holder = engine.createId();
  const now = engine.clock.now();
  const until = new Date(now.getTime() + engine.settings.leaseMs);
  return engine.calls.transact<CallClaim>(target, ({ call, job }) => {
    const refusal = { call: null, result: { type: 'nothing_to_do' as const } };
    if (!call || !job || call.jobId !== job.id || isCallEnded(call) || !isLive(job)) return refusal;
    // The commit whose answer was lost did happen: the lease is ours.
    if (call.lease.holder === holder) return { call: null, result: toClaim(call, job, now) };
    const waitUntil = findWait(call, now);
    if (waitUntil) {
      const taskName = `call-${call.callKey}-w${call.lease.epoch}-${waitUntil.getTime()}`;
      return { call: null, result: { type: 'not_yet', at: waitUntil, taskName } };
    }
    const claimed = transitionCall(call, { type: 'claim', holder, until });
    return { call: claimed, result: toClaim(claimed, job, now) };
  });
}

/** When the call may be claimed; null: now. */
function findWait(call: ImportedCall, now: Date): Date | null {
  const { expiresAt } = call.lease;
  if (expiresAt && expiresAt > now) return expiresAt;
  if (call.status === 'pending' && call.notBefore && call.notBefore > now) return call.notBefore;
  if (call.status === 'transcribing' && call.transcription.checkAt > now) {
    return call.transcription.checkAt;
  }
  return null;
}

function toClaim(call: ImportedCall, job: ImportJob, claimedAt: Date): ClaimedCall {
  const { media, metadata } = call;
  const stored = media && { media, metadata };
  return { type: 'claimed', call, job, claimedAt, progress: { stored } };
}
