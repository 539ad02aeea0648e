import { retryImport } from '../../src/core/imports/control-job.ts';
import { openListing, requireContext } from '../../src/core/imports/job-run.ts';
import { replayRejected } from '../../src/core/imports/replay-rejected.ts';
import type { RejectedRecord, SourceCall } from '../../src/core/imports/source-call.ts';
import { crashSides, driveWithCrash } from '../support/engine/crash-points.ts';
import { drive } from '../support/engine/drive.ts';
import { readJob, readWholeImport, wholeImportOf } from '../support/engine/facts.ts';
import {
  createScriptedContext,
  idOf,
  listedCall,
  platformError,
  type ContextScript,
} from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type TestWorld } from '../support/engine/test-world.ts';

const all = Array.from({ length: 25 }, (_, index) => idOf(index));
const reason = 'title: Invalid input: expected string, received number';
const aside = (...ids: readonly (string | null)[]): RejectedRecord[] =>
  ids.map((sourceCallId) => ({ sourceCallId, reason }));

const listed = (...indices: readonly number[]): SourceCall[] => indices.map(listedCall);

/** An import whose calls 3, 12 and 13 could not be read; without `rejected` the adapter reads them. */
async function importWithRejected(changes: Partial<ContextScript> = {}) {
  const rejected = new Map([
    [0, aside(idOf(3))],
    [1, aside(idOf(12), idOf(13))],
  ]);
  const context = createScriptedContext({
    calls: 25,
    rejected: (index) => rejected.get(index) ?? [],
    ...changes,
  });
  const world = await openWorld({ context });
  const { id: jobId } = await startImport(world, { platform: 'fathom' });
  await drive(world);
  return { world, jobId, rejected };
}

async function retry(world: TestWorld, jobId: string) {
  const context = requireContext(world.engine, 'fathom');
  const job = await readJob(world, jobId);
  return retryImport(world.engine, context, { job, credentials: { key: 'new' } });
}

describe('a retry of records that were set aside', () => {
  it('imports them once the adapter reads them, and the job is then complete', async () => {
    const { world, jobId, rejected } = await importWithRejected();
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'partial', listing: { rejected: 3 }, totals: { imported: 22 } },
    });
    rejected.clear();
    expect(await retry(world, jobId)).toEqual({ retriedCount: 3 });
    await drive(world);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(all));
    expect(await readJob(world, jobId)).toMatchObject({
      listing: { rejected: 0, replayPage: null },
    });
    expect(world.events.filter(({ name }) => name === 'recordsReplayed')).toEqual([
      expect.objectContaining({
        event: expect.objectContaining({ page: 0, created: 1, stillRejected: 0 }),
      }),
      expect.objectContaining({
        event: expect.objectContaining({ page: 1, created: 2, stillRejected: 0 }),
      }),
    ]);
  });

  it('leaves aside what still can’t be read, for another retry', async () => {
    const { world, jobId, rejected } = await importWithRejected();
    rejected.set(0, []).set(1, aside(idOf(13)));
    await retry(world, jobId);
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'partial', listing: { rejected: 1 }, totals: { imported: 24 } },
    });
    rejected.clear();
    await retry(world, jobId);
    await drive(world);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(all));
  });

  it('finds a record that has moved to a later page, and leaves one aside that is gone', async () => {
    let hasMoved = false;
    const { world, jobId, rejected } = await importWithRejected({
      page: (index) => {
        if (!hasMoved || index > 1) return null;
        return index === 0 ? listed(0, 1, 2, 4, 5, 6, 7, 8, 9) : listed(3, 10, 11, 13, 14, 15);
      },
    });
    rejected.clear();
    hasMoved = true;
    await retry(world, jobId);
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'partial', listing: { rejected: 1 }, totals: { imported: 24 } },
    });
  });

  it('finds records whose ids could not be read among those that are new on their page', async () => {
    let isBroken = true;
    const { world, jobId } = await importWithRejected({
      rejected: (index) => (isBroken && index === 1 ? aside(null, null) : []),
      page: (index) => (isBroken && index === 1 ? listed(10, 11, 14, 15, 16, 17, 18, 19) : null),
    });
    expect(await readJob(world, jobId)).toMatchObject({ listing: { rejected: 2 } });
    await retry(world, jobId);
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({ listing: { rejected: 2 } });
    isBroken = false;
    await retry(world, jobId);
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'completed', listing: { rejected: 0 }, totals: { imported: 25 } },
    });
  });

  it('goes through more pages than one step looks at', async () => {
    const rejected = new Map([[55, aside(idOf(55))]]);
    const context = createScriptedContext({
      ...{ calls: 60, pageSize: 1, rejected: (index) => rejected.get(index) ?? [] },
    });
    const world = await openWorld({ context });
    const { id: jobId } = await startImport(world, { platform: 'fathom' });
    await drive(world);
    rejected.clear();
    await retry(world, jobId);
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'completed', totals: { imported: 60 } },
    });
  });

  it('waits for a limit of the platform, as a listing does', async () => {
    let limits = 0;
    const { world, jobId, rejected } = await importWithRejected({
      onPage: () => {
        if (limits === 0) return;
        limits -= 1;
        throw platformError('rate_limited', { retryAfterMs: 120_000 });
      },
    });
    rejected.clear();
    limits = 2;
    await retry(world, jobId);
    await drive(world);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(all));
  });

  it('writes nothing when another holder has taken the job meanwhile', async () => {
    const { world, jobId, rejected } = await importWithRejected();
    rejected.clear();
    await retry(world, jobId);
    const job = await readJob(world, jobId);
    const late = { engine: world.engine, epoch: job.lease.epoch - 1, listing: openListing() };
    const run = { ...late, job, totals: job.totals };
    await expect(replayRejected(run, 0)).resolves.toBe(false);
    expect(await readJob(world, jobId)).toEqual(job);
  });

  it.each(crashSides)('survives a crash ($way $side the transaction)', async (side) => {
    const { world, jobId, rejected } = await importWithRejected();
    rejected.clear();
    await retry(world, jobId);
    await driveWithCrash(world, {
      ...{ story: 'advanceJob', point: { delivery: 1, name: 'calls.transactPage', occurrence: 1 } },
      side,
    });
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(all));
  });
});
