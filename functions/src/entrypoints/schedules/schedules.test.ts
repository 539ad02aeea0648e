import { createPorts } from '../../../test/e2e/support/app-ports.ts';
import { drive } from '../../../test/support/engine/drive.ts';
import { readJob, readWholeImport, wholeImport } from '../../../test/support/engine/facts.ts';
import { startImport } from '../../../test/support/engine/start-import.ts';
import { openWorld } from '../../../test/support/engine/test-world.ts';
import { createApp, provideApp } from '../../app.ts';
import { processImportQueue } from './process-import-queue.ts';
import { sweepJobs } from './sweep-jobs.ts';

const event = { scheduleTime: '2025-11-21T01:00:00Z' };

describe('sweepJobs', () => {
  it('pokes an import whose task was lost, which then comes to its end', async () => {
    let lost = 0;
    const world = await openWorld({ calls: 2, loses: () => (lost += 1) === 1 });
    provideApp(createApp(createPorts(world)));
    const job = await startImport(world);
    expect(world.queue.nextRunAt()).toBeNull();
    world.clock.advance(120_000);
    await sweepJobs.run(event);
    expect(world.queue.nextRunAt()).not.toBeNull();
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(wholeImport(world));
  });

  it('throws without a secret when the store does not answer', async () => {
    const world = await openWorld({ calls: 1 });
    world.engine.jobs.listByStatus = () => Promise.reject(new Error('down'));
    provideApp({ ...createApp(createPorts(world)), engine: async () => world.engine });
    await expect(sweepJobs.run(event)).rejects.toThrow('down');
  });
});

describe('processImportQueue', () => {
  it('starts a nightly import, in the night only', async () => {
    const world = await openWorld({ calls: 2 });
    provideApp(createApp(createPorts(world)));
    const job = await startImport(world, { schedule: 'nightly' });
    await drive(world);
    expect((await readJob(world, job.id)).status).toBe('queued');
    world.clock.advance(Date.parse('2025-11-21T02:00:00Z') - world.clock.now().getTime());
    await processImportQueue.run(event);
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(wholeImport(world));
  });
});
