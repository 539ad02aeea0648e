import { advanceJob } from '../../src/core/imports/advance-job.ts';
import type { ImportJob } from '../../src/core/imports/import-job.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type TestWorld } from '../support/engine/test-world.ts';

const second = 1000;

/** A job whose holder has died, with the rest of its lease to go. */
async function holdJob(world: TestWorld, expiresAt: Date): Promise<ImportJob> {
  const { id } = await startImport(world);
  return world.engine.jobs.transact(id, (job) => {
    const lease = { holder: 'dead', epoch: 5, expiresAt };
    const held: ImportJob = {
      ...job,
      ...{ status: 'counting', startedAt: job.createdAt, completedAt: null, lease },
    };
    return { job: held, result: held };
  });
}

const returnsOf = (world: TestWorld) =>
  world.queue.accepted.filter(({ name }) => name.includes('-h5-')).map(({ runAt }) => runAt);

it('comes back once when the lease of a job that it finds held has run out', async () => {
  const world = await openWorld({ calls: 3 });
  const until = new Date(world.clock.now().getTime() + 40 * second);
  const job = await holdJob(world, until);
  await advanceJob(world.engine, job.id);
  await advanceJob(world.engine, job.id);
  expect(await world.engine.jobs.get(job.id)).toEqual(job);
  expect(returnsOf(world)).toEqual([until]);
  world.clock.advance(40 * second);
  await advanceJob(world.engine, job.id);
  const taken = await world.engine.jobs.get(job.id);
  expect(taken?.lease.epoch).toBe(6);
  expect(taken?.listedCalls).toBe(3);
});

it('does not come back for a job that has ended, or is paused', async () => {
  const world = await openWorld({ calls: 3 });
  const until = new Date(world.clock.now().getTime() + 40 * second);
  const { id } = await holdJob(world, until);
  await world.engine.jobs.transact(id, (job) => {
    const paused: ImportJob = {
      ...job,
      ...{ status: 'paused', startedAt: job.createdAt, completedAt: null },
    };
    return { job: paused, result: null };
  });
  await advanceJob(world.engine, id);
  expect(returnsOf(world)).toEqual([]);
});

it('keeps a job for a lease from its last step on, however long the run', async () => {
  const left: number[] = [];
  let jobId = '';
  const world = await openWorld({
    calls: 30,
    settings: { leaseMs: 60 * second, sliceMs: 600 * second },
    wrapFetch: (fetch) => async (input, init) => {
      const job = jobId ? await world.engine.jobs.get(jobId) : null;
      const expiresAt = job?.lease.expiresAt;
      if (expiresAt) left.push(expiresAt.getTime() - world.clock.now().getTime());
      if (expiresAt) world.clock.advance(45 * second);
      return fetch(input, init);
    },
  });
  jobId = (await startImport(world)).id;
  await advanceJob(world.engine, jobId);
  // Three pages, each asked for 45 s after the one before, and each with the whole lease before it.
  expect(left).toEqual([60 * second, 60 * second, 60 * second]);
  expect((await world.engine.jobs.get(jobId))?.listedCalls).toBe(30);
});
