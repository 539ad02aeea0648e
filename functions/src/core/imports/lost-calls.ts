import type { ImportedCall } from './imported-call.ts';
import { update, type JobRun } from './job-run.ts';
import { enqueueCalls } from './job-steps.ts';
import { inFlightCalls } from './reconcile.ts';

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
    movedAt: overdue.length > 0 ? now : current.movedAt,
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
  const isQuiet = waiting.length === 0 && belowPage === job.dispatch.nextPage;
  const taken = isQuiet ? await countTaken(run, belowPage) : 0;
  return update(run, (current) => {
    const { dispatch, listedCalls, duplicateCalls } = current;
    // A second execution finds the round moved on.
    const moved = dispatch.round === job.dispatch.round ? taken : 0;
    return {
      ...current,
      listedCalls: listedCalls - moved,
      duplicateCalls: duplicateCalls + moved,
      dispatch: {
        ...dispatch,
        calls: dispatch.calls - moved,
        redispatch: { page: dispatch.nextPage, at: now },
        round: dispatch.round + 1,
      },
      movedAt: lost.length > 0 ? now : current.movedAt,
      updatedAt: now,
    };
  });
}

/**
 * Calls that this job takes for being on their way, while the store has no open call of it below the
 * watermark: another import adopted them after this job had been stopped, and before it was reopened.
 */
async function countTaken({ engine, job }: JobRun, belowPage: number): Promise<number> {
  const open = await engine.calls.countOpenBelow(job.id, belowPage);
  if (open > 0) return 0;
  // Read afterwards: a call that ended just before is among them.
  const totals = await engine.jobs.sumTotals(job.id);
  return Math.max(inFlightCalls(job, totals), 0);
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
