import type { Engine } from '../engine.ts';
import { pokeJob } from './create-import.ts';
import { forEachOf } from './for-each-of.ts';
import { isEnded } from './import-job.ts';
import { settleTotals } from './settle-totals.ts';

const maxJobs = 500;
const maxCredentials = 200;
const graceMs = 30_000;
const orphanMs = 600_000;

/**
 * Every minute: pokes the live jobs whose next look is overdue (its task was lost, or its holder
 * crashed), starts queued ones that need not wait, settles the totals of stopped ones, and destroys
 * one-off credentials whose job has ended or was never written. Running twice at once is harmless:
 * pokes are named by the minute. What fails for one job or credential keeps no other waiting.
 */
export async function sweepJobs(engine: Engine): Promise<void> {
  const now = engine.clock.now();
  const chores = [pokeOverdue, settleTotals, destroyLeftCredentials];
  await forEachOf(chores, (chore) => chore(engine, now));
}

async function pokeOverdue(engine: Engine, now: Date): Promise<void> {
  const jobs = await engine.jobs.listByStatus(['queued', 'counting', 'in_progress'], maxJobs);
  const overdue = jobs.filter((job) => {
    if (job.status === 'queued') return job.config.schedule === 'now';
    const isHeld = job.lease.expiresAt !== null && job.lease.expiresAt > now;
    const dueAt = job.nextAdvanceAt?.getTime() ?? job.updatedAt.getTime();
    return !isHeld && dueAt + graceMs <= now.getTime();
  });
  const minute = Math.floor(now.getTime() / 60_000);
  await forEachOf(overdue, (job) => pokeJob(engine, job.id, `sweep-${minute}`));
  engine.logs.jobsPoked({ jobs: overdue.length });
}

async function destroyLeftCredentials(engine: Engine, now: Date): Promise<void> {
  const oneOff = await engine.vault.listOneOff(maxCredentials);
  let credentials = 0;
  await forEachOf(oneOff, async ({ id, customerId, createdAt }) => {
    const owner = await engine.jobs.findByCredential(customerId, id);
    const isOrphan = !owner && createdAt.getTime() + orphanMs <= now.getTime();
    if (!isOrphan && !(owner && isEnded(owner))) return;
    await engine.vault.destroy(id);
    credentials += 1;
  });
  engine.logs.leftCredentialsDestroyed({ credentials });
}
