import type { ImportedCall } from './imported-call.ts';
import { update, type JobRun } from './job-run.ts';
import { enqueueCalls } from './job-steps.ts';

const batch = 200;

/** Puts calls whose lease or appointment has passed back into the queue: their holder or task is lost. */
export async function checkOverdue(run: JobRun): Promise<boolean> {
  const { engine, job } = run;
  const now = engine.clock.now();
  const overdue = await engine.calls.listOverdue(job.id, now, batch);
  await dispatchAgain(run, overdue, 'overdue');
  return update(run, (current) => ({
    ...current,
    dispatch: { ...current.dispatch, overdueCheckedAt: now, round: current.dispatch.round + 1 },
    updatedAt: now,
  }));
}

/**
 * Puts calls that nobody ever claimed back into the queue. Those below `belowPage` were dispatched
 * `redispatchMs` ago: either they still wait their turn, and a second task does no harm, or the
 * queue has lost them.
 */
export async function redispatchLost(run: JobRun, belowPage: number): Promise<boolean> {
  const { engine, job } = run;
  const now = engine.clock.now();
  const waiting = await engine.calls.listPendingBelow(
    job.id,
    belowPage,
    engine.settings.windowCalls,
  );
  const lost = waiting.filter((call) => call.checkAfter === null);
  await dispatchAgain(run, lost, 'lost');
  return update(run, (current) => ({
    ...current,
    dispatch: {
      ...current.dispatch,
      redispatch: { page: current.dispatch.nextPage, at: now },
      round: current.dispatch.round + 1,
    },
    updatedAt: now,
  }));
}

async function dispatchAgain(
  run: JobRun,
  calls: readonly ImportedCall[],
  reason: 'overdue' | 'lost',
): Promise<void> {
  if (calls.length === 0) return;
  const { id: jobId, customerId, dispatch } = run.job;
  run.engine.logs.callsDispatched({ jobId, customerId, calls: calls.length, reason });
  const callKeys = calls.map((call) => call.callKey);
  await enqueueCalls(run, callKeys, `r${dispatch.round}`);
}
