import { advanceJob } from '../../src/core/imports/advance-job.ts';
import { openListing } from '../../src/core/imports/job-run.ts';
import { driveWithCrash } from '../support/engine/crash-points.ts';
import { drive } from '../support/engine/drive.ts';
import {
  readCalls,
  readEngagements,
  readJob,
  readWholeImport,
  wholeImportOf,
} from '../support/engine/facts.ts';
import {
  createScriptedContext,
  idOf,
  listedCall,
  platformError,
  type ContextScript,
} from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type WorldOptions } from '../support/engine/test-world.ts';

const calls = 25;
const sourceCalls = Array.from({ length: calls }, (_, index) => idOf(index));

async function run(script: Partial<ContextScript>, options: WorldOptions = {}) {
  const world = await openWorld({
    context: createScriptedContext({ calls, ...script }),
    ...options,
  });
  const job = await startImport(world, { platform: 'fathom' });
  await drive(world);
  return { world, jobId: job.id };
}

describe('a listing', () => {
  it('in which the platform repeats a page counts and imports each call once', async () => {
    const first = Array.from({ length: 10 }, (_, index) => listedCall(index));
    const { world, jobId } = await run({
      calls: 35,
      page: (index) => (index === 1 ? first : null),
    });
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'completed', listedCalls: 25, duplicateCalls: 0 },
      totals: { imported: 25 },
    });
    expect(await readEngagements(world)).toHaveLength(25);
  });

  it('with pages that are empty goes on to the last', async () => {
    const { world, jobId } = await run({
      calls: 35,
      page: (index) => (index === 1 ? [] : null),
    });
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'completed', listedCalls: 25 },
      listing: { pages: 3, isFinished: true },
    });
  });

  it('of an empty account ends completed', async () => {
    const { world, jobId } = await run({ calls: 0 });
    expect(await readJob(world, jobId)).toMatchObject({ status: 'completed', listedCalls: 0 });
  });

  it('that ends without a last page is finished all the same', async () => {
    const context = createScriptedContext({ calls: 0 });
    const world = await openWorld({
      context: {
        ...context,
        async *listCalls() {
          yield* [];
        },
      },
    });
    const job = await startImport(world, { platform: 'fathom' });
    await drive(world);
    expect(await readJob(world, job.id)).toMatchObject({ status: 'completed', listedCalls: 0 });
  });

  it('sets records aside that it can’t read, and says so at the end', async () => {
    const { world, jobId } = await run({
      rejected: (index) => (index === 1 ? [{ sourceCallId: 'odd', reason: 'id: no text' }] : []),
    });
    expect(await readJob(world, jobId)).toMatchObject({
      status: 'partial',
      listing: { rejected: 1 },
      totals: { imported: 25 },
    });
    expect(world.events.filter(({ name }) => name === 'recordsRejected')).toEqual([
      { name: 'recordsRejected', event: expect.objectContaining({ reasons: ['id: no text'] }) },
    ]);
  });

  it('pauses while enough calls wait for their turn', async () => {
    const waiting: number[] = [];
    const world = await openWorld({
      settings: { windowCalls: 5, highWaterCalls: 12 },
      context: createScriptedContext({
        calls: 100,
        onPage: () => {
          const listed = world.events.filter(({ name }) => name === 'pageListed').length * 10;
          const dispatched = world.queue.accepted.filter(isCallTask).length;
          waiting.push(listed - dispatched);
        },
      }),
    });
    const job = await startImport(world, { platform: 'fathom' });
    await drive(world);
    expect(Math.max(...waiting)).toBeLessThan(12);
    expect(await readJob(world, job.id)).toMatchObject({ totals: { imported: 100 } });
  });

  it('keeps no more calls in the queue than the window and a page', async () => {
    const world = await openWorld({
      settings: { windowCalls: 20 },
      context: createScriptedContext({ calls: 100 }),
    });
    const job = await startImport(world, { platform: 'fathom' });
    let most = 0;
    await drive(world, {
      until: () => {
        const dispatched = world.queue.accepted.filter(isCallTask).length;
        const ended = world.events.filter(({ name }) => name === 'callImported').length;
        most = Math.max(most, dispatched - ended);
        return false;
      },
    });
    expect(most).toBe(20);
    expect(await readJob(world, job.id)).toMatchObject({ totals: { imported: 100 } });
  });

  it('that fails for now goes on from the page where it stood', async () => {
    const pages: number[] = [];
    const { world, jobId } = await run({
      onPage: (index) => {
        pages.push(index);
        if (index === 1 && pages.length < 5) throw platformError('unavailable');
      },
    });
    expect(pages).toEqual([0, 1, 1, 1, 1, 2]);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
    expect(await readJob(world, jobId)).toMatchObject({
      listing: { failures: 0 },
      ...{ lastError: null, limitedUntil: null },
    });
  });

  it('that fails again and again ends the job with its reason, and what was listed is kept', async () => {
    const { world, jobId } = await run({
      onPage: (index) => {
        if (index === 1) throw platformError('unavailable');
      },
    });
    expect(await readJob(world, jobId)).toMatchObject({
      status: 'partial',
      listing: { isFinished: false, cursor: '1', failures: 7 },
      lastError: { kind: 'unavailable', message: 'The platform says unavailable.' },
      totals: { imported: 10 },
    });
    expect(world.events.filter(({ name }) => name === 'jobFailedToAdvance')).toHaveLength(8);
  });

  it('that the platform limits waits as long as it says, while calls go on', async () => {
    let limits = 0;
    const { world, jobId } = await run({
      onPage: (index) => {
        if (index !== 1) return;
        limits += 1;
        if (limits <= 10) throw platformError('rate_limited', { retryAfterMs: 3_600_000 });
      },
    });
    const imported = (await readEngagements(world)).map(({ importedAt }) =>
      importedAt.getUTCHours(),
    );
    // The later pages ten hours after the first, though the listing was limited oftener than it may fail.
    expect(imported.sort()).toEqual([...Array(10).fill(10), ...Array(15).fill(20)]);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
  });

  it('that is limited for hours does not keep calls waiting that were lost', async () => {
    let isLimited = true;
    let isFirst = true;
    const world = await openWorld({
      context: createScriptedContext({
        calls,
        onPage: (index) => {
          if (index === 1 && isLimited) {
            isLimited = false;
            throw platformError('rate_limited', { retryAfterMs: 12 * 3_600_000 });
          }
        },
      }),
      loses: (task) => {
        const isLost = isFirst && isCallTask(task);
        isFirst &&= !isLost;
        return isLost;
      },
    });
    await startImport(world, { platform: 'fathom' });
    const noon = new Date('2025-11-20T12:00:00Z');
    await drive(world, { untilTime: noon, until: () => world.clock.now() >= noon });
    expect(await readEngagements(world)).toHaveLength(10);
  });

  it('that breaks its contract ends the job at once', async () => {
    const { world, jobId } = await run({
      onPage: (index) => {
        if (index === 1) throw platformError('contract');
      },
    });
    expect(await readJob(world, jobId)).toMatchObject({
      status: expect.stringMatching(/partial|failed/),
      lastError: { kind: 'contract' },
    });
  });

  it('whose counting fails is counted again', async () => {
    let asked = 0;
    const { world, jobId } = await run({
      count: () => {
        asked += 1;
        // The first time is the estimate.
        if (asked === 2) throw platformError('unavailable');
        return calls;
      },
    });
    expect(asked).toBe(3);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
  });

  it('of Grain in which every page repeats its cursor is refused as a broken contract', async () => {
    const world = await openWorld({ faults: ['repeated-cursor'] });
    const grain = world.engine.findContext('grain');
    const { countCalls: _, ...context } = grain ?? createScriptedContext({ calls: 0 });
    const engine = { ...world.engine, findContext: () => context };
    const job = await startImport({ ...world, engine });
    await drive(world);
    expect(await readJob(world, job.id)).toMatchObject({
      lastError: { kind: 'contract', source: 'grain' },
      completedAt: expect.any(Date),
    });
  });
});

describe('the reconcile loop', () => {
  it('ends its run after a slice of time and goes on in a new task', async () => {
    const world = await openWorld({
      settings: { sliceMs: 1_000 },
      context: createScriptedContext({ calls: 50, onPage: () => world.clock.advance(700) }),
    });
    const job = await startImport(world, { platform: 'fathom' });
    await drive(world);
    const looks = world.queue.accepted.filter((task) => task.queue === 'advanceJob');
    expect(looks.length).toBeGreaterThan(3);
    expect(await readJob(world, job.id)).toMatchObject({ totals: { imported: 50 } });
  });

  it('lets one holder in at a time', async () => {
    const world = await openWorld({ context: createScriptedContext({ calls }) });
    const job = await startImport(world, { platform: 'fathom' });
    await Promise.all(Array.from({ length: 5 }, () => advanceJob(world.engine, job.id)));
    expect((await readJob(world, job.id)).lease.epoch).toBe(1);
    expect(await readCalls(world, job.id)).toHaveLength(25);
  });

  it('writes nothing for a holder whose lease another has taken', async () => {
    const world = await openWorld({
      context: createScriptedContext({
        calls,
        onPage: (index) => {
          if (index === 1) takeovers.shift()?.();
        },
      }),
    });
    const job = await startImport(world, { platform: 'fathom' });
    const takeovers = [
      () => void world.db.doc(`importJobs/${job.id}`).update({ 'lease.epoch': 9 }),
    ];
    await advanceJob(world.engine, job.id);
    expect(await readJob(world, job.id)).toMatchObject({
      ...{ status: 'in_progress', listedCalls: 10 },
      lease: { epoch: 9, expiresAt: expect.any(Date) },
    });
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(wholeImportOf(sourceCalls));
  });

  it('stops where another has taken its lease between two steps', async () => {
    const counts: (() => Promise<unknown>)[] = [];
    const world = await openWorld({
      context: createScriptedContext({
        calls,
        count: async () => {
          await counts.shift()?.();
          return calls;
        },
      }),
    });
    const job = await startImport(world, { platform: 'fathom' });
    counts.push(() => world.db.doc(`importJobs/${job.id}`).update({ 'lease.epoch': 9 }));
    await advanceJob(world.engine, job.id);
    expect(await readJob(world, job.id)).toMatchObject({ status: 'counting', lease: { epoch: 9 } });
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(wholeImportOf(sourceCalls));
  });

  it('comes back to a job that another holds when that lease ends, and finds it looked at', async () => {
    const world = await openWorld({ context: createScriptedContext({ calls }) });
    const job = await startImport(world, { platform: 'fathom' });
    const { jobs } = world.engine;
    const sumTotals: typeof jobs.sumTotals = async (jobId) => {
      await advanceJob(world.engine, jobId);
      return jobs.sumTotals(jobId);
    };
    await advanceJob({ ...world.engine, jobs: { ...jobs, sumTotals } }, job.id);
    const held = world.queue.accepted.filter(({ name }) => name.includes('-h1-'));
    expect(held.map(({ runAt }) => runAt?.toISOString())).toEqual(['2025-11-20T10:18:23.456Z']);
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(wholeImportOf(sourceCalls));
  });

  it('does not take a call for lost that somebody still works on', async () => {
    const world = await openWorld({
      settings: { leaseMs: 1_800_000 },
      context: createScriptedContext({ calls: 1 }),
    });
    const job = await startImport(world, { platform: 'fathom' });
    await driveWithCrash(world, {
      ...{ story: 'processCall', point: { delivery: 1, name: 'objects.write', occurrence: 1 } },
      side: { way: 'dies', side: 'after' },
    });
    expect(await readWholeImport(world, job.id)).toEqual(wholeImportOf([idOf(0)]));
    expect(await readJob(world, job.id)).toMatchObject({ listedCalls: 1, duplicateCalls: 0 });
  });

  it('fails the job, and says why, when a page that it recorded is gone', async () => {
    const world = await openWorld({
      settings: { windowCalls: 10 },
      context: createScriptedContext({ calls }),
    });
    const job = await startImport(world, { platform: 'fathom' });
    await advanceJob(world.engine, job.id);
    await world.db.doc(`importJobs/${job.id}/pages/000001`).delete();
    await drive(world);
    expect(await readJob(world, job.id)).toMatchObject({
      status: 'partial',
      totals: { imported: 10 },
      lastError: { kind: 'internal', message: `Page 1 of import ${job.id} is missing.` },
    });
  });

  it('fails a job whose platform has no context any more', async () => {
    const world = await openWorld({ context: createScriptedContext({ calls }) });
    const job = await startImport(world, { platform: 'fathom' });
    await advanceJob({ ...world.engine, findContext: () => null }, job.id);
    expect(await readJob(world, job.id)).toMatchObject({
      status: 'failed',
      lastError: { kind: 'contract', source: 'imports' },
    });
  });

  it('corrects counters that have lost some', async () => {
    const world = await openWorld({ context: createScriptedContext({ calls }) });
    const job = await startImport(world, { platform: 'fathom' });
    const count = () => world.events.filter(({ name }) => name === 'callImported').length;
    await drive(world, { until: () => count() === 25 });
    await world.db.doc(`importJobs/${job.id}/counters/shard-0`).set({ imported: 0, gone: 25 });
    await drive(world);
    expect(await readJob(world, job.id)).toMatchObject({ totals: { imported: 25 } });
    expect(world.events.filter(({ name }) => name === 'totalsCorrected')).toHaveLength(1);
  });

  it('reopens the listing when the cursor moved without it', async () => {
    const world = await openWorld({ context: createScriptedContext({ calls }) });
    const job = await startImport(world, { platform: 'fathom' });
    const listing = openListing();
    const totals = job.totals;
    const run = { engine: world.engine, epoch: 1, listing, job, totals };
    expect((await listing.next(run)).calls[0]?.sourceCallId).toBe(idOf(0));
    const moved = { ...run, job: { ...job, listing: { ...job.listing, cursor: '2' } } };
    expect((await listing.next(moved)).calls[0]?.sourceCallId).toBe(idOf(20));
    await listing.close();
  });
});

function isCallTask({ queue }: { readonly queue: string }): boolean {
  return queue === 'processCall';
}
