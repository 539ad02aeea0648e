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
    600_000,
  );

  it('each task twice at the same time does so for the Grain account', async () => {
    const world = await openWorld();
    const job = await startImport(world);
    await drive(world, { again: 'at_once', together: 6 });
    expect(await readWholeImport(world, job.id)).toEqual(wholeImport(world));
  });

  it('each task twice downloads each recording once', async () => {
    const { world } = await importThrough({}, { again: 'at_once', together: 2 });
    expect(world.objects.mediaWrites).toBe(25);
  });
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
  });

  it('every task of the loop leaves the sweep to move the job on', async () => {
    const loses = (task: { readonly queue: string; readonly name: string }) =>
      task.queue === 'advanceJob' && !task.name.includes('-sweep-');
    const { found } = await importThrough({ loses }, {});
    expect(found).toEqual(wholeImportOf(sourceCalls));
  });

  it('the first three tasks of everything does so too', async () => {
    const counts = new Map<string, number>();
    const loses = (task: { readonly queue: string; readonly payload: object }) => {
      const id = JSON.stringify([task.queue, task.payload]);
      counts.set(id, (counts.get(id) ?? 0) + 1);
      return (counts.get(id) ?? 0) <= 3;
    };
    const { found } = await importThrough({ loses }, {});
    expect(found).toEqual(wholeImportOf(sourceCalls));
  });
});

describe('a commit that took effect though its caller saw an error', () => {
  it.each([
    ['claims, counts, dispatches, releases or ends the job', isOnly(isJob)],
    ['records a page', isAmong(isPage)],
    ['claims, appoints or renews a call', isOnly(isCall)],
    ['completes a call', isAmong(isEngagement)],
    ['writes anything at all', (paths: readonly string[]) => !paths.includes(deleted)],
  ])(
    'and %s, each time, counts nothing twice',
    async (_, isMeant) => {
      const context = createScriptedContext({
        ...{ calls, count: () => calls },
        hasTranscript: (id) => Number(id.slice(-1)) % 5 !== 0,
      });
      const world = await openWorld({ context });
      const job = await startImport(world, { platform: 'fathom' });
      // Every other one: the store gives up when it is never answered.
      let commits = 0;
      world.meter.loseAnswers((paths) => isMeant(paths) && (commits += 1) % 2 === 1);
      await drive(world, { together: 25 });
      world.clock.advance(60_000);
      // One that was not answered either comes again a minute later.
      await sweepJobs(world.engine).catch(() => sweepJobs(world.engine));

      expect(await readWholeImport(world, job.id)).toEqual(wholeImportOf(sourceCalls));
      expect(world.meter.lost).toBeGreaterThanOrEqual(2);
      expect(world.thrown).toEqual([]);
    },
    600_000,
  );

  it('and creates the job leaves the job to the sweep, which starts it', async () => {
    const world = await openWorld({ context: createScriptedContext({ calls: 3 }) });
    world.meter.loseAnswers(isOnly(isJob));
    await expect(startImport(world, { platform: 'fathom' })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    world.meter.loseAnswers(() => false);
    const [job] = await world.engine.jobs.listByStatus(['queued'], 10);
    await drive(world);
    expect(await readWholeImport(world, job?.id ?? '')).toEqual(
      wholeImportOf([idOf(0), idOf(1), idOf(2)]),
    );
  });
});

/** How the meter names a document that is deleted. */
const deleted = '';

type IsMeant = (paths: readonly string[]) => boolean;
type IsPath = (path: string) => boolean;

function isOnly(isPath: IsPath): IsMeant {
  return (paths) => paths.length === 1 && paths.every(isPath);
}

function isAmong(isPath: IsPath): IsMeant {
  return (paths) => paths.some(isPath);
}

function isJob(path: string): boolean {
  return /^importJobs\/[^/]+$/.test(path);
}

function isPage(path: string): boolean {
  return /^importJobs\/[^/]+\/pages\//.test(path);
}

function isCall(path: string): boolean {
  return path.startsWith('importedCalls/');
}

function isEngagement(path: string): boolean {
  return path.startsWith('engagements/');
}

function isLostDispatch({ name, event }: { name: string; event: object }): boolean {
  return name === 'callsDispatched' && 'reason' in event && event.reason === 'lost';
}
