import type { Engine } from '../engine.ts';
import { pokeJob } from './create-import.ts';
import { isEnded } from './import-job.ts';

const maxJobs = 500;
const maxCredentials = 200;
const graceMs = 30_000;
const orphanMs = 600_000;

/**
 * Every minute: pokes the live jobs whose next look is overdue (its task was lost, or its holder
 * crashed), starts queued ones that need not wait, and destroys one-off credentials whose job has
 * ended or was never written. Running twice at once is harmless: pokes are named by the minute.
 */
export async function sweepJobs(engine: Engine): Promise<void> {
  const now = engine.clock.now();
  const jobs = await engine.jobs.listByStatus(['queued', 'counting', 'in_progress'], maxJobs);
  const overdue = jobs.filter((job) => {
    if (job.status === 'queued') return job.config.schedule === 'now';
    const isHeld = job.lease.expiresAt !== null && job.lease.expiresAt > now;
    const dueAt = job.nextAdvanceAt?.getTime() ?? job.updatedAt.getTime();
    return !isHeld && dueAt + graceMs <= now.getTime();
  });
  const minute = Math.floor(now.getTime() / 60_000);
  for (const job of overdue) await pokeJob(engine, job.id, `sweep-${minute}`);
  const credentialsDestroyed = await destroyLeftCredentials(engine, now);
  engine.logs.jobsPoked({ jobs: overdue.length, credentialsDestroyed });
}

async function destroyLeftCredentials(engine: Engine, now: Date): Promise<number> {
  const oneOff = await engine.vault.listOneOff(maxCredentials);
  let destroyed = 0;
  for (const { id, customerId, createdAt } of oneOff) {
    const owner = await engine.jobs.findByCredential(customerId, id);
    const isOrphan = !owner && createdAt.getTime() + orphanMs <= now.getTime();
    if (!isOrphan && !(owner && isEnded(owner))) continue;
    await engine.vault.destroy(id);
    destroyed += 1;
  }
  return destroyed;
}
