import { sweepJobs } from '../../src/core/imports/sweep.ts';
import { drive, type DriveOptions } from '../support/engine/drive.ts';
import { readWholeImport, wholeImport, wholeImportOf } from '../support/engine/facts.ts';
import { createScriptedContext, idOf } from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type WorldOptions } from '../support/engine/test-world.ts';

const calls = 25;
const sourceCalls = Array.from({ length: calls }, (_, index) => idOf(index));

async function importThrough(options: WorldOptions, driving: DriveOptions) {
  const context = createScriptedContext({
    ...{ calls, count: () => calls },
    hasTranscript: (id) => Number(id.slice(-1)) % 5 !== 0,
  });
  const world = await openWorld({ context, ...options });
  const job = await startImport(world, { platform: 'fathom' });
  await drive(world, driving);
  world.clock.advance(60_000);
  await sweepJobs(world.engine);
  return { world, found: await readWholeImport(world, job.id) };
}

describe('a queue that delivers', () => {
  it.each<[string, DriveOptions]>([
    ['each task twice at the same time', { again: 'at_once', together: 2 }],
    ['each task twice, everything at the same time', { again: 'at_once', together: 100 }],
    ['each task twice, one after the other', { again: 'at_once', together: 1 }],
    ['each task again long after', { again: 'later', together: 25 }],
    ['in reverse order', { order: 'reverse' }],
    ['in reverse order, each task twice', { order: 'reverse', again: 'at_once', together: 7 }],
  ])(
    '%s makes 25 engagements, none twice',
    async (_, driving) => {
      const { world, found } = await importThrough({}, driving);
      expect(found).toEqual(wholeImportOf(sourceCalls));
      expect(world.thrown).toEqual([]);
    },
    30_000,
  );

  it('each task twice at the same time does so for the Grain account', async () => {
    const world = await openWorld();
    const job = await startImport(world);
    await drive(world, { again: 'at_once', together: 6 });
    expect(await readWholeImport(world, job.id)).toEqual(wholeImport(world));
  }, 30_000);

  it('each task twice downloads each recording once', async () => {
    const { world } = await importThrough({}, { again: 'at_once', together: 2 });
    expect(world.objects.mediaWrites).toBe(25);
  }, 30_000);
});

describe('a queue that loses', () => {
  it('every third task of a call costs time and nothing else', async () => {
    let seen = 0;
    const loses = (task: { readonly queue: string }) => {
      if (task.queue !== 'processCall') return false;
      seen += 1;
      return seen % 3 === 0;
    };
    const { found, world } = await importThrough({ loses }, {});
    expect(found).toEqual(wholeImportOf(sourceCalls));
    expect(world.events.filter(isLostDispatch).length).toBeGreaterThan(0);
  }, 30_000);

  it('every task of the loop leaves the sweep to move the job on', async () => {
    const loses = (task: { readonly queue: string; readonly name: string }) =>
      task.queue === 'advanceJob' && !task.name.includes('-sweep-');
    const { found } = await importThrough({ loses }, {});
    expect(found).toEqual(wholeImportOf(sourceCalls));
  }, 30_000);

  it('the first three tasks of everything does so too', async () => {
    const counts = new Map<string, number>();
    const loses = (task: { readonly queue: string; readonly payload: object }) => {
      const id = JSON.stringify([task.queue, task.payload]);
      counts.set(id, (counts.get(id) ?? 0) + 1);
      return (counts.get(id) ?? 0) <= 3;
    };
    const { found } = await importThrough({ loses }, {});
    expect(found).toEqual(wholeImportOf(sourceCalls));
  }, 30_000);
});

describe('a commit that took effect though its caller saw an error', () => {
  it.each([
    ['creates the job', (paths: readonly string[]) => isCreation(paths)],
    ['claims or releases the job', (paths: readonly string[]) => isJobOnly(paths)],
    ['records a page', (paths: readonly string[]) => paths.some(isPage)],
    ['claims a call', (paths: readonly string[]) => paths.length === 1 && paths.every(isCall)],
    ['completes a call', (paths: readonly string[]) => paths.some(isEngagement)],
  ])(
    'and which %s, each time, counts nothing twice',
    async (_, isMeant) => {
      const context = createScriptedContext({ calls, count: () => calls });
      const world = await openWorld({ context });
      for (let count = 0; count < 40; count += 1) world.meter.loseAnswer(isMeant);
      const job = await startImport(world, { platform: 'fathom' }).catch(() => null);
      const jobs = await world.engine.jobs.listByStatus(['queued'], 10);
      const jobId = job?.id ?? jobs[0]?.id ?? '';
      await drive(world, { together: 25 });
      world.clock.advance(60_000);
      await sweepJobs(world.engine);

      expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
      expect(world.meter.lost).toBeGreaterThan(0);
    },
    60_000,
  );
});

function isLostDispatch({ name, event }: { name: string; event: object }): boolean {
  return name === 'callsDispatched' && 'reason' in event && event.reason === 'lost';
}
const isPage = (path: string) => /^importJobs\/[^/]+\/pages\//.test(path);
const isCall = (path: string) => path.startsWith('importedCalls/');
const isEngagement = (path: string) => path.startsWith('engagements/');
const isJob = (path: string) => /^importJobs\/[^/]+$/.test(path);
let creations = 0;
function isCreation(paths: readonly string[]): boolean {
  return paths.length === 1 && paths.every(isJob) && ++creations === 1;
}
function isJobOnly(paths: readonly string[]): boolean {
  return paths.length === 1 && paths.every(isJob) && ++creations > 3;
}
