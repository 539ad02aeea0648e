import { processImportQueue } from '../../src/core/imports/nightly.ts';
import { drive } from '../support/engine/drive.ts';
import { readEngagements, readJob } from '../support/engine/facts.ts';
import { createScriptedContext } from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type TestWorld, type WorldOptions } from '../support/engine/test-world.ts';

const settings: WorldOptions['settings'] = {
  nightlyCalls: 480,
  night: { timeZone: 'America/New_York', startHour: 20, endHour: 8 },
};

/** Calls by the night that they were imported in, and those outside any night. */
async function readNights(world: TestWorld) {
  const nights = new Map<string, number>();
  for (const { importedAt } of await readEngagements(world)) {
    // New York is five hours behind in November: 20:00 to 08:00 there is 01:00 to 13:00 UTC.
    const isNight = importedAt.getUTCHours() >= 1 && importedAt.getUTCHours() < 13;
    const night = isNight ? importedAt.toISOString().slice(0, 10) : 'by day';
    nights.set(night, (nights.get(night) ?? 0) + 1);
  }
  return Object.fromEntries([...nights].sort());
}

describe('nightly imports', () => {
  it('of 300 calls for two customers take three nights, within the allowance, never by day', async () => {
    const world = await openWorld({
      ...{ settings: { ...settings, nightlyCalls: 120 }, startAt: '2025-11-20T23:50:00Z' },
      context: createScriptedContext({ calls: 150, pageSize: 5 }),
    });
    const jobs = [
      await startImport(world, { platform: 'fathom', schedule: 'nightly', customerId: 'a' }),
      await startImport(world, { platform: 'fathom', schedule: 'nightly', customerId: 'b' }),
    ];
    await drive(world, {
      ...{ nightly: true, together: 40, sweepEveryMs: 3_600_000 },
      untilTime: new Date('2025-11-23T14:00:00Z'),
    });
    for (const { id } of jobs) {
      expect(await readJob(world, id)).toMatchObject({
        status: 'completed',
        totals: { imported: 150 },
      });
    }
    expect(await readNights(world)).toEqual({
      '2025-11-21': 120,
      '2025-11-22': 120,
      '2025-11-23': 60,
    });
  });

  it('start nothing while it is day', async () => {
    const world = await openWorld({
      ...{ settings, startAt: '2025-11-20T18:00:00Z' },
      context: createScriptedContext({ calls: 5 }),
    });
    const job = await startImport(world, { platform: 'fathom', schedule: 'nightly' });
    await processImportQueue(world.engine);
    expect(await readJob(world, job.id)).toMatchObject({ status: 'queued' });
    expect(world.queue.accepted).toEqual([]);
  });

  it('start the same calls when the schedule runs twice in an hour', async () => {
    const world = await openWorld({
      ...{ settings: { ...settings, nightlyCalls: 120 }, startAt: '2025-11-20T02:00:00Z' },
      context: createScriptedContext({ calls: 100, pageSize: 10 }),
    });
    const job = await startImport(world, { platform: 'fathom', schedule: 'nightly' });
    const soon = (minutes: number) =>
      new Date(Date.parse('2025-11-20T02:00:00Z') + minutes * 60_000);
    await Promise.all([processImportQueue(world.engine), processImportQueue(world.engine)]);
    await drive(world, { untilTime: soon(20) });
    await processImportQueue(world.engine);
    await drive(world, { untilTime: soon(40) });
    expect(await readEngagements(world)).toHaveLength(10);
    expect(await readJob(world, job.id)).toMatchObject({ status: 'in_progress' });
  });

  it('pay back what whole pages were too many', async () => {
    const world = await openWorld({
      ...{ settings: { ...settings, nightlyCalls: 120 }, startAt: '2025-11-20T00:59:00Z' },
      context: createScriptedContext({ calls: 300, pageSize: 50 }),
    });
    await startImport(world, { platform: 'fathom', schedule: 'nightly' });
    await drive(world, {
      ...{ nightly: true, together: 50, sweepEveryMs: 3_600_000 },
      untilTime: new Date('2025-11-21T18:00:00Z'),
    });
    expect(await readNights(world)).toEqual({ '2025-11-20': 150, '2025-11-21': 100 });
  });

  it('wait for a later hour when there is not enough for everybody', async () => {
    const world = await openWorld({
      ...{ settings: { ...settings, nightlyCalls: 12 }, startAt: '2025-11-20T02:00:00Z' },
      context: createScriptedContext({ calls: 5 }),
    });
    const first = await startImport(world, { platform: 'fathom', schedule: 'nightly' });
    world.clock.advance(1);
    const second = await startImport(world, {
      ...{ platform: 'fathom', schedule: 'nightly', customerId: 'customer-2' },
    });
    await processImportQueue(world.engine);
    expect((await readJob(world, first.id)).status).toBe('counting');
    expect((await readJob(world, second.id)).status).toBe('queued');
  });

  it('give nothing to a job that was cancelled since they were listed', async () => {
    const world = await openWorld({
      ...{ settings, startAt: '2025-11-20T02:00:00Z' },
      context: createScriptedContext({ calls: 5 }),
    });
    const job = await startImport(world, { platform: 'fathom', schedule: 'nightly' });
    const { jobs } = world.engine;
    const engine = {
      ...world.engine,
      jobs: {
        ...jobs,
        listByStatus: async (...query: Parameters<typeof jobs.listByStatus>) => {
          const listed = await jobs.listByStatus(...query);
          const { cancelImport } = await import('../../src/core/imports/control-job.ts');
          await cancelImport(world.engine, job.id);
          return listed;
        },
      },
    };
    await processImportQueue(engine);
    expect(world.queue.accepted).toEqual([]);
    expect(await readJob(world, job.id)).toMatchObject({ status: 'cancelled' });
  });
});
