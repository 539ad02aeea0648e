import { ImportError } from '../../src/core/errors.ts';
import { createScriptedContext } from '../support/engine/scripted-context.ts';
import { drive } from '../support/engine/drive.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type TestWorld } from '../support/engine/test-world.ts';

const id = 'job0under0a0key00000';
const conflict = () =>
  new ImportError({ kind: 'conflict', source: 'firestore', publicMessage: 'It exists already.' });

async function ids(world: TestWorld, collection: string): Promise<readonly string[]> {
  return (await world.db.collection(collection).get()).docs.map((document) => document.id);
}

/** The store writes the job, and the answer is that it was there already: the SDK tried twice. */
function loseAnswerOfCreate({ engine }: TestWorld): void {
  const create = engine.jobs.create;
  engine.jobs.create = async (job) => {
    await create(job);
    throw conflict();
  };
}

describe('creating an import', () => {
  it('again with the same id finds the first one, and gives it its poke', async () => {
    const world = await openWorld({ calls: 3 });
    const first = await startImport(world, { id });
    const credentials = await ids(world, 'importCredentials');
    const again = await startImport(world, { id });
    expect(again).toEqual(first);
    expect(await ids(world, 'importJobs')).toEqual([id]);
    expect(await ids(world, 'importCredentials')).toEqual(credentials);
    expect(world.queue.accepted.map(({ name }) => name)).toEqual([`advance-${id}-created`]);
    await drive(world);
    expect((await world.engine.jobs.get(id))?.status).toBe('completed');
  });

  it('keeps the credentials of a job whose first commit was answered by an error', async () => {
    const world = await openWorld({ calls: 3 });
    loseAnswerOfCreate(world);
    const job = await startImport(world);
    expect(await ids(world, 'importCredentials')).toEqual([job.credential?.id]);
    await drive(world);
    expect((await world.engine.jobs.get(job.id))?.status).toBe('completed');
  });

  it('does the same for a platform without credentials', async () => {
    const world = await openWorld({ context: createScriptedContext({ calls: 1, auth: 'none' }) });
    loseAnswerOfCreate(world);
    const job = await startImport(world, { platform: 'fathom', credentials: {} });
    expect(await ids(world, 'importJobs')).toEqual([job.id]);
  });

  it('destroys the credentials of the slower of two requests with the same id', async () => {
    const world = await openWorld({ calls: 3 });
    const first = await startImport(world, { id });
    const { get } = world.engine.jobs;
    let looks = 0;
    // The slower one looked before the faster one wrote.
    world.engine.jobs.get = async (jobId) => {
      looks += 1;
      return looks === 1 ? null : get(jobId);
    };
    expect(await startImport(world, { id })).toEqual(first);
    expect(await ids(world, 'importCredentials')).toEqual([first.credential?.id]);
  });

  it('fails when the id is taken by nothing that can be found', async () => {
    const world = await openWorld({ calls: 3 });
    world.engine.jobs.create = () => Promise.reject(conflict());
    await expect(startImport(world, { id })).rejects.toMatchObject({ kind: 'conflict' });
  });
});
