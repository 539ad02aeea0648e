import { sweepJobs } from '../../src/core/imports/sweep.ts';
import { cancelImport } from '../../src/core/imports/control-job.ts';
import { drive } from '../support/engine/drive.ts';
import { readWholeImport, wholeImportOf } from '../support/engine/facts.ts';
import { createScriptedContext, idOf } from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { customerId, openWorld, type TestWorld } from '../support/engine/test-world.ts';

const minuteMs = 60_000;

async function open() {
  const world = await openWorld({ context: createScriptedContext({ calls: 3 }) });
  return world;
}

function keepOneOff({ engine }: TestWorld): Promise<string> {
  return engine.vault.keep({
    ...{ customerId, platform: 'fathom', type: 'one_off' },
    credentials: { key: 'secret' },
  });
}

async function credentialIds({ db }: TestWorld): Promise<string[]> {
  const { docs } = await db.collection('importCredentials').get();
  return docs.map((doc) => doc.id);
}

describe('the sweep', () => {
  it('starts a job whose first poke was lost', async () => {
    const world = await openWorld({
      context: createScriptedContext({ calls: 3 }),
      loses: (task) => task.name.endsWith('-created'),
    });
    const job = await startImport(world, { platform: 'fathom' });
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(
      wholeImportOf([idOf(0), idOf(1), idOf(2)]),
    );
  });

  it('pokes a job once a minute, however often it runs', async () => {
    const world = await open();
    await startImport(world, { platform: 'fathom' });
    const before = world.queue.accepted.length;
    await Promise.all([sweepJobs(world.engine), sweepJobs(world.engine)]);
    expect(world.queue.accepted).toHaveLength(before + 1);
    expect(world.events).toContainEqual({ name: 'jobsPoked', event: { jobs: 1 } });
  });

  it('pokes the others when one import’s record can’t be read, and reports that one', async () => {
    const world = await open();
    const broken = await startImport(world, { platform: 'fathom' });
    const sound = await startImport(world, { platform: 'fathom' });
    await world.db.doc(`importJobs/${broken.id}`).update({ totals: 'all of them' });
    const before = world.queue.accepted.length;
    // Whether its credential is still needed, nobody can tell.
    await expect(sweepJobs(world.engine)).rejects.toThrow(/not valid at "totals"/);
    expect(world.queue.accepted.slice(before).map((task) => task.payload)).toEqual([
      { jobId: sound.id },
    ]);
    expect(world.events).toContainEqual({
      name: 'recordUnreadable',
      event: { path: `importJobs/${broken.id}` },
    });
  });

  it('destroys what is left of credentials also when the queue is down, and then says that it is', async () => {
    const world = await open();
    const id = await keepOneOff(world);
    await startImport(world, { platform: 'fathom' });
    world.clock.advance(10 * minuteMs);
    const queue = { enqueue: () => Promise.reject(new Error('the queue is down')) };
    await expect(sweepJobs({ ...world.engine, queue })).rejects.toThrow('the queue is down');
    expect(await credentialIds(world)).not.toContain(id);
  });

  it('leaves jobs alone that are looked at in time, held, or waiting for the night', async () => {
    const world = await open();
    const job = await startImport(world, { platform: 'fathom' });
    await startImport(world, { platform: 'fathom', schedule: 'nightly' });
    const running = world.db.doc(`importJobs/${job.id}`);
    const now = world.clock.now().getTime();
    await running.update({
      ...{ status: 'in_progress', startedAt: new Date(now) },
      nextAdvanceAt: new Date(now - 29_000),
    });
    const poked = async () => {
      const before = world.queue.accepted.length;
      await sweepJobs(world.engine);
      world.clock.advance(minuteMs);
      return world.queue.accepted.length - before;
    };
    expect(await poked()).toBe(0);
    await running.update({
      nextAdvanceAt: null,
      'lease.expiresAt': new Date(now + 10 * minuteMs),
    });
    expect(await poked()).toBe(0);
    await running.update({ 'lease.expiresAt': new Date(now) });
    expect(await poked()).toBe(1);
  });

  it('adds to the totals of a cancelled job what ended after it, until nothing can follow', async () => {
    const world = await open();
    const { id } = await startImport(world, { platform: 'fathom' });
    await cancelImport(world.engine, id);
    const cancelled = world.db.doc(`importJobs/${id}`);
    const endLate = (shard: number, name: string) =>
      world.db.doc(`importJobs/${id}/counters/shard-${shard}`).set({ [name]: 1 });
    const totals = async () => (await cancelled.get()).get('totals');
    const sweepAfter = async (ms: number) => {
      world.clock.advance(ms);
      await sweepJobs(world.engine);
    };
    const none = { imported: 0, failed: 0, gone: 0, noConsent: 0, filtered: 0 };

    await endLate(1, 'imported');
    await sweepAfter(minuteMs);
    expect(await totals()).toEqual({ ...none, imported: 1 });
    await sweepAfter(minuteMs);
    expect(await totals()).toEqual({ ...none, imported: 1 });
    await endLate(2, 'gone');
    await sweepAfter(minuteMs);
    expect(await totals()).toEqual({ ...none, imported: 1, gone: 1 });
    expect((await cancelled.get()).get('settleAt')).not.toBeNull();
    await sweepAfter(33 * minuteMs);
    expect((await cancelled.get()).get('settleAt')).toBeNull();
    expect(await totals()).toEqual({ ...none, imported: 1, gone: 1 });
  });

  it('leaves the totals of a job alone that was reopened while they were summed up', async () => {
    const world = await open();
    const { id } = await startImport(world, { platform: 'fathom' });
    await cancelImport(world.engine, id);
    const job = world.db.doc(`importJobs/${id}`);
    await world.db.doc(`importJobs/${id}/counters/shard-1`).set({ imported: 1 });
    world.clock.advance(minuteMs);
    const { jobs } = world.engine;
    const sumTotals = async (jobId: string) => {
      await job.update({ status: 'in_progress', completedAt: null, startedAt: new Date(0) });
      return jobs.sumTotals(jobId);
    };

    await sweepJobs({ ...world.engine, jobs: { ...jobs, sumTotals } });

    expect((await job.get()).get('totals.imported')).toBe(0);
  });

  it('destroys a credential that was kept for a job that was never written, after ten minutes', async () => {
    const world = await open();
    const id = await keepOneOff(world);
    world.clock.advance(10 * minuteMs - 1);
    await sweepJobs(world.engine);
    expect(await credentialIds(world)).toEqual([id]);
    world.clock.advance(1);
    await sweepJobs(world.engine);
    expect(await credentialIds(world)).toEqual([]);
  });

  it('destroys a credential whose job has ended, and no other', async () => {
    const world = await open();
    const job = await startImport(world, { platform: 'fathom', schedule: 'nightly' });
    const ended = await startImport(world, { platform: 'fathom' });
    const kept = await world.engine.vault.keep({
      ...{ customerId, platform: 'fathom', type: 'stored' },
      credentials: { key: 'secret' },
    });
    await cancelImport(
      { ...world.engine, vault: { ...world.engine.vault, destroy: async () => undefined } },
      ended.id,
    );
    expect(await credentialIds(world)).toHaveLength(3);
    world.clock.advance(60 * minuteMs);
    await sweepJobs(world.engine);
    expect((await credentialIds(world)).sort()).toEqual([job.credential?.id, kept].sort());
    expect(world.events.at(-1)?.event).toEqual({ credentials: 1 });
  });

  it('looks at the oldest credentials first, however many there are', async () => {
    const world = await open();
    const job = await startImport(world, { platform: 'fathom', schedule: 'nightly' });
    const batch = world.db.batch();
    const template = await world.db.doc(`importCredentials/${job.credential?.id ?? ''}`).get();
    for (let index = 0; index < 250; index += 1) {
      const id = `0000${String(index).padStart(3, '0')}`;
      batch.create(world.db.doc(`importCredentials/${id}`), { ...template.data(), id });
      const later = new Date(world.clock.now().getTime() + 1 + index);
      batch.update(world.db.doc(`importCredentials/${id}`), { createdAt: later });
    }
    await batch.commit();
    const listed = await world.engine.vault.listOneOff(200);
    expect(listed).toHaveLength(200);
    expect(listed[0]?.id).toBe(job.credential?.id);
  });
});
