import type { Engine } from '../engine.ts';
import type { ClaimedCall } from './claim-call.ts';
import { isInWork, transitionCall } from './imported-call.ts';
import { isLive } from './import-job.ts';

/**
 * Renews a call's lease while its work goes on, and aborts `signal` when the lease is lost or the
 * job was paused or cancelled. Short calls end before the first renewal and cost nothing.
 */
export function keepLease(
  engine: Engine,
  claim: ClaimedCall,
): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const { callKey, jobId, lease } = claim.call;
  const renew = async () => {
    const until = new Date(engine.clock.now().getTime() + engine.settings.leaseMs);
    const isKept = await engine.calls.transact({ callKey, jobId }, ({ call, job }) => {
      const isOurs = call && call.lease.epoch === lease.epoch && call.lease.expiresAt !== null;
      const isHeld = isOurs && isInWork(call);
      if (!isHeld || !job || !isLive(job)) return { call: null, result: false };
      return { call: transitionCall(call, { type: 'renew', until }), result: true };
    });
    if (!isKept) controller.abort();
  };
  const timer = setInterval(() => {
    // A renewal that fails is tried again by the next; the lease outlasts two of them.
    renew().catch(() => undefined);
  }, engine.settings.leaseMs / 3);
  timer.unref();
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
