import type { Engine } from '../engine.ts';
import { toImportError, type ImportError } from '../errors.ts';
import { toCallTask } from './call-task.ts';
import { claimCall, type ClaimedCall } from './claim-call.ts';
import { importCall } from './import-call.ts';
import { isInWork, transitionCall, type CallEvent } from './imported-call.ts';
import { isLive, transitionJob, type ImportJob } from './import-job.ts';
import { keepLease } from './keep-lease.ts';
import { decideOutcome } from './outcome.ts';
import { decideAfterFailure, toAttempt, type FailureDecision } from './retry-policy.ts';
import { toSettleAt } from './settle-totals.ts';

/**
 * The story of one call, as a task tells it: claim, import, and when that fails, what the retry
 * policy says. Returning means done, throwing means that the queue shall deliver the task again.
 */
export async function processCall(
  engine: Engine,
  target: { readonly jobId: string; readonly callKey: string },
): Promise<void> {
  const claim = await claimCall(engine, target);
  if (claim.type === 'nothing_to_do') return;
  if (claim.type === 'not_yet') {
    await engine.queue.enqueue(toCallTask(target, claim.taskName, claim.at));
    return;
  }
  const lease = keepLease(engine, claim);
  try {
    await importCall({ engine, claim, signal: lease.signal });
  } catch (error) {
    await settleFailure(engine, claim, toImportError(error, 'imports'));
  } finally {
    lease.stop();
  }
}

async function settleFailure(
  engine: Engine,
  claim: ClaimedCall,
  error: ImportError,
): Promise<void> {
  const now = engine.clock.now();
  const { settings, random } = engine;
  const decision = decideAfterFailure({ call: claim.call, error, now, settings, random });
  const isOurs = await recordFailure(engine, claim, { decision, error, now });
  const { callKey, jobId, customerId, lease } = claim.call;
  const reference = { callKey, jobId, customerId };
  if (!isOurs) return engine.logs.callFenced(reference);
  const { kind, source, publicMessage: message } = error;
  switch (decision.type) {
    case 'skip':
      return engine.logs.callSkipped({ ...reference, reason: decision.reason });
    case 'fail':
      return engine.logs.callFailed({ ...reference, kind, source, message });
    case 'stop_job':
      return stopJob(engine, claim.job, error);
    case 'release':
      engine.logs.callReleased({ ...reference, kind, source, message });
      if (decision.rethrow) throw error;
      await engine.queue.enqueue(
        toCallTask(reference, `call-${callKey}-e${lease.epoch}`, decision.notBefore),
      );
  }
}

interface FailureRecord {
  readonly decision: FailureDecision;
  readonly error: ImportError;
  readonly now: Date;
}

/** Writes what became of the call; false when another holder has it, or a first commit did it already. */
function recordFailure(
  engine: Engine,
  claim: ClaimedCall,
  failure: FailureRecord,
): Promise<boolean> {
  const { callKey, lease } = claim.call;
  return engine.calls.transact({ callKey, jobId: null, known: claim.call }, ({ call }) => {
    if (!call || call.lease.epoch !== lease.epoch) return { call: null, result: false };
    // Ours by the epoch but no longer in work: the commit whose answer was lost did happen.
    if (!isInWork(call)) return { call: null, result: true };
    // What this try has stored stays stored: the next one does not download it again.
    const { media, metadata } = claim.progress.stored ?? call;
    const hint = failure.error.hint ?? call.hint;
    const known = { ...call, media, metadata, hint };
    const next = transitionCall(known, toFailureEvent(engine, failure));
    return { call: next, result: true };
  });
}

function toFailureEvent(
  engine: Engine,
  { decision, error, now }: FailureRecord,
): Extract<CallEvent, { type: 'skip' | 'fail' | 'release' }> {
  const attempt = toAttempt(error, now);
  if (decision.type === 'skip') return { type: 'skip', reason: decision.reason, attempt };
  if (decision.type === 'fail') return { type: 'fail', attempt, retryable: decision.retryable };
  const { notBefore, counts } =
    decision.type === 'release' ? decision : ({ notBefore: null, counts: 'nothing' } as const);
  const dueAt = (notBefore ?? now).getTime() + engine.settings.redispatchMs;
  return {
    type: 'release',
    notBefore,
    checkAfter: new Date(dueAt),
    attempt,
    counts,
  };
}

/**
 * A rejected key ends the whole job with its reason; what was imported stays, the rest can be retried. A
 * job that was stopped meanwhile and goes on with other credentials than `known` is left alone: a call
 * that waits is found by the look for lost ones.
 */
async function stopJob(engine: Engine, known: ImportJob, error: ImportError): Promise<void> {
  const jobId = known.id;
  const now = engine.clock.now();
  const totals = await engine.jobs.sumTotals(jobId);
  const { kind, source, publicMessage: message } = error;
  const stopped = await engine.jobs.transact(jobId, (job) => {
    const isSame = job.credential?.id === known.credential?.id;
    if (!isLive(job) || !isSame) return { job: null, result: null };
    const lastError = { kind, source, message, at: now };
    const { status } = decideOutcome({ job, totals, lastError });
    const ended = transitionJob(job, { type: 'end', outcome: status, at: now });
    const settleAt = toSettleAt(now);
    const next = { ...ended, totals, lastError, settleAt, nextAdvanceAt: null, updatedAt: now };
    return { job: next, result: next };
  });
  if (!stopped) return;
  const { customerId, status } = stopped;
  const { imported, failed } = totals;
  engine.logs.jobEnded({ jobId, customerId, status, imported, failed });
  if (stopped.credential?.type === 'one_off') await engine.vault.destroy(stopped.credential.id);
}
