import {
  cancelImport,
  pauseImport,
  resumeImport,
  retryImport,
} from '../../src/core/imports/control-job.ts';
import { requireContext } from '../../src/core/imports/job-run.ts';
import { processCall } from '../../src/core/imports/process-call.ts';
import { createMortalEngine } from '../support/engine/crash.ts';
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
  platformError,
  type ContextScript,
} from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type TestWorld, type WorldOptions } from '../support/engine/test-world.ts';

const calls = 25;
const sourceCalls = Array.from({ length: calls }, (_, index) => idOf(index));

async function open(script: Partial<ContextScript> = {}, options: WorldOptions = {}) {
  const world = await openWorld({
    context: createScriptedContext({ calls, ...script }),
    ...options,
  });
  const job = await startImport(world, { platform: 'fathom' });
  return { world, jobId: job.id };
}

function countImported({ events }: TestWorld): number {
  return events.filter(({ name }) => name === 'callImported').length;
}

async function retry(world: TestWorld, jobId: string, credentials: object | null = { key: 'new' }) {
  const context = requireContext(world.engine, 'fathom');
  const job = await readJob(world, jobId);
  return retryImport(world.engine, context, {
    job,
    credentials: credentials && { ...credentials },
  });
}

/** Few calls in the queue at once, so that there is a middle. */
const narrow: WorldOptions = { settings: { windowCalls: 10 } };

describe('cancelling in the middle', () => {
  it('keeps what was imported, starts nothing more and destroys the credential', async () => {
    const { world, jobId } = await open({}, narrow);
    await drive(world, { until: () => countImported(world) >= 10 });
    const cancelled = await cancelImport(world.engine, jobId);
    await drive(world);

    expect(cancelled).toMatchObject({ status: 'cancelled', totals: { imported: 10 } });
    expect(await readEngagements(world)).toHaveLength(10);
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'cancelled', nextAdvanceAt: null, completedAt: cancelled.completedAt },
      totals: { imported: 10, failed: 0 },
    });
    expect((await world.db.collection('importCredentials').get()).size).toBe(0);
  });

  it('can be said twice, and not of a job that has ended otherwise', async () => {
    const { world, jobId } = await open({}, narrow);
    const first = await cancelImport(world.engine, jobId);
    expect(await cancelImport(world.engine, jobId)).toEqual(first);

    const { world: other, jobId: ended } = await open();
    await drive(other);
    await expect(cancelImport(other.engine, ended)).rejects.toMatchObject({
      kind: 'conflict',
      publicMessage: `Import ${ended} is completed and can't be cancelled.`,
    });
  });

  it('is not undone by a look that was under way', async () => {
    const { world, jobId } = await open({}, narrow);
    let isCancelled = false;
    await drive(world, {
      engineFor: ({ task }) =>
        task.queue === 'advanceJob'
          ? createMortalEngine(
              {
                ...world.engine,
                jobs: {
                  ...world.engine.jobs,
                  sumTotals: async (id) => {
                    const stale = await world.engine.jobs.sumTotals(id);
                    if (!isCancelled && countImported(world) >= 10) {
                      isCancelled = true;
                      await cancelImport(world.engine, jobId);
                    }
                    return { ...stale, imported: 0 };
                  },
                },
              },
              { crash: null },
            )
          : null,
    });
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'cancelled', nextAdvanceAt: null },
      totals: { imported: 10 },
      lease: { expiresAt: null },
    });
  });

  it('keeps a stored credential', async () => {
    const { world, jobId } = await open({}, narrow);
    const job = await readJob(world, jobId);
    const id = job.credential?.id ?? '';
    await world.db.doc(`importJobs/${jobId}`).update({ 'credential.type': 'stored' });
    await cancelImport(world.engine, jobId);
    expect((await world.db.doc(`importCredentials/${id}`).get()).exists).toBe(true);
  });

  it('of a job that is not there says so', async () => {
    const { world } = await open();
    await expect(cancelImport(world.engine, 'nothing')).rejects.toMatchObject({
      kind: 'not_found',
    });
  });
});

describe('pausing in the middle', () => {
  it('stops starting calls, and resuming brings the rest', async () => {
    const { world, jobId } = await open({}, narrow);
    await drive(world, { until: () => countImported(world) >= 10 });
    await pauseImport(world.engine, jobId);
    await drive(world, { untilTime: new Date(world.clock.now().getTime() + 3_600_000) });
    expect(await readEngagements(world)).toHaveLength(10);
    expect(await readJob(world, jobId)).toMatchObject({ status: 'paused', nextAdvanceAt: null });

    await resumeImport(world.engine, jobId);
    await drive(world);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
  });

  it('brings those whose tasks came during the pause', async () => {
    const { world, jobId } = await open();
    await drive(world, { until: () => world.queue.accepted.length > calls });
    await pauseImport(world.engine, jobId);
    await drive(world);
    expect(countImported(world)).toBe(0);

    await resumeImport(world.engine, jobId);
    await drive(world);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
  });

  it('and resuming can each be said twice', async () => {
    const { world, jobId } = await open({}, narrow);
    await drive(world, { until: () => countImported(world) >= 10 });
    const paused = await pauseImport(world.engine, jobId);
    expect(await pauseImport(world.engine, jobId)).toEqual(paused);
    const resumed = await resumeImport(world.engine, jobId);
    expect(await resumeImport(world.engine, jobId)).toEqual(resumed);
  });

  it('is refused before the job is in progress', async () => {
    const { world, jobId } = await open();
    await expect(pauseImport(world.engine, jobId)).rejects.toMatchObject({ kind: 'conflict' });
    await expect(resumeImport(world.engine, jobId)).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('lets a look that was under way end without a successor', async () => {
    const { world, jobId } = await open({
      onPage: (index) => (index === 1 ? void pauses.shift()?.() : undefined),
    });
    const pauses = [() => void pauseImport(world.engine, jobId)];
    await drive(world);
    const job = await readJob(world, jobId);
    expect(job).toMatchObject({ status: 'paused', nextAdvanceAt: null });
    expect(job.lease.expiresAt).toBeNull();
  });
});

describe('retrying', () => {
  it('touches only the failed calls', async () => {
    const broken = new Set([idOf(3), idOf(14)]);
    const seen: string[] = [];
    const { world, jobId } = await open({
      onFetch: (id) => {
        seen.push(id);
        if (broken.has(id)) throw platformError('contract');
      },
    });
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({
      status: 'partial',
      totals: { imported: 23, failed: 2 },
    });
    const failed = (await readCalls(world, jobId)).filter((call) => call.status === 'failed');
    expect(failed.map((call) => call.sourceCallId).sort()).toEqual([...broken].sort());
    expect(failed[0]).toMatchObject({
      retryable: false,
      failures: 1,
      error: { kind: 'contract', source: 'fathom', message: 'The platform says contract.' },
    });

    broken.clear();
    seen.length = 0;
    expect(await retry(world, jobId)).toEqual({ retriedCount: 2 });
    await drive(world);
    expect(seen.sort()).toEqual([idOf(3), idOf(14)]);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
    const call = (await readCalls(world, jobId)).find((one) => one.sourceCallId === idOf(3));
    expect(call?.attempts).toHaveLength(1);
  });

  it('of a job where all is well retries nothing and leaves it ended', async () => {
    const { world, jobId } = await open();
    await drive(world);
    const before = await readJob(world, jobId);
    expect(await retry(world, jobId, null)).toEqual({ retriedCount: 0 });
    await drive(world);
    expect(await readJob(world, jobId)).toEqual(before);
  });

  it('of a job that goes on takes its failed calls up at once', async () => {
    let isBroken = true;
    const { world, jobId } = await open(
      {
        onFetch: (id) => {
          if (isBroken && id === idOf(2)) throw platformError('contract');
        },
      },
      narrow,
    );
    await drive(world, { until: () => countImported(world) >= 9 });
    isBroken = false;
    expect(await retry(world, jobId, null)).toEqual({ retriedCount: 1 });
    await drive(world);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
  });

  it('of a paused job waits for it to be resumed', async () => {
    let isBroken = true;
    const { world, jobId } = await open(
      {
        onFetch: (id) => {
          if (isBroken && id === idOf(2)) throw platformError('contract');
        },
      },
      narrow,
    );
    await drive(world, { until: () => countImported(world) >= 9 });
    await pauseImport(world.engine, jobId);
    isBroken = false;
    expect(await retry(world, jobId, null)).toEqual({ retriedCount: 1 });
    await drive(world);
    expect(countImported(world)).toBe(9);
    await resumeImport(world.engine, jobId);
    await drive(world);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
  });

  it('while the job is about to end keeps it going', async () => {
    let isBroken = true;
    const { world, jobId } = await open({
      onFetch: (id) => {
        if (isBroken && id === idOf(2)) throw platformError('contract');
      },
    });
    const { calls: store } = world.engine;
    const engineFor = () => ({
      died: new Promise<never>(() => undefined),
      engine: {
        ...world.engine,
        calls: {
          ...store,
          countByStatus: async (...query: Parameters<typeof store.countByStatus>) => {
            if (isBroken) {
              isBroken = false;
              await retry(world, jobId, null);
            }
            return store.countByStatus(...query);
          },
        },
      },
    });
    await drive(world, { engineFor });
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
  });

  it('an ended job needs credentials, which must be good', async () => {
    const { world, jobId } = await open({
      accepts: ({ key }) => key !== 'bad',
      onFetch: (id) => {
        if (id === idOf(2)) throw platformError('contract');
      },
    });
    await drive(world);
    await expect(retry(world, jobId, null)).rejects.toMatchObject({ kind: 'bad_request' });
    await expect(retry(world, jobId, { key: 'bad' })).rejects.toMatchObject({
      kind: 'auth_invalid',
    });
    expect(await readJob(world, jobId)).toMatchObject({ status: 'partial' });
    expect((await world.db.collection('importCredentials').get()).size).toBe(0);
  });

  it('a platform without credentials needs none', async () => {
    let isBroken = true;
    const { world, jobId } = await open({
      auth: 'none',
      onFetch: (id) => {
        if (isBroken && id === idOf(2)) throw platformError('contract');
      },
    });
    await drive(world);
    isBroken = false;
    expect(await retry(world, jobId, null)).toEqual({ retriedCount: 1 });
    await drive(world);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
  });

  it('a cancelled job is refused with what to do', async () => {
    const { world, jobId } = await open();
    await cancelImport(world.engine, jobId);
    await expect(retry(world, jobId)).rejects.toMatchObject({
      kind: 'conflict',
      retryable: false,
      publicMessage: `Import ${jobId} was cancelled. Start a new import: it takes over the calls that are not imported yet.`,
    });
  });

  it('twice at the same time retries each call once', async () => {
    let isBroken = true;
    const { world, jobId } = await open({
      onFetch: (id) => {
        if (isBroken && id.endsWith('7')) throw platformError('contract');
      },
    });
    await drive(world);
    isBroken = false;
    const answers = await Promise.all([retry(world, jobId), retry(world, jobId)]);
    expect(answers[0].retriedCount + answers[1].retriedCount).toBe(2);
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({
      status: 'completed',
      totals: { imported: 25, failed: 0 },
    });
    expect(await readEngagements(world)).toHaveLength(25);
  });

  it('what another import took over since comes to its end', async () => {
    let isBroken = true;
    const { world, jobId } = await open({
      onFetch: (id) => {
        if (isBroken && ['3', '7'].includes(id.slice(-1))) throw platformError('contract');
      },
    });
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({ totals: { imported: 20, failed: 5 } });
    isBroken = false;
    const second = await startImport(world, {
      platform: 'fathom',
      dateRange: { start: null, end: null },
    });
    await drive(world);
    expect(await readJob(world, second.id)).toMatchObject({
      ...{ status: 'completed', listedCalls: 5, duplicateCalls: 20 },
      totals: { imported: 5 },
    });
    await retry(world, jobId);
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({ completedAt: expect.any(Date) });
    expect(await readEngagements(world)).toHaveLength(25);
  });

  it('a stopped job whose waiting calls another import took over comes to its end', async () => {
    let isRevoked = false;
    const { world, jobId } = await open(
      {
        onFetch: () => {
          if (isRevoked) throw platformError('auth_invalid');
        },
      },
      narrow,
    );
    await drive(world, {
      until: () => {
        isRevoked ||= countImported(world) >= 10;
        return false;
      },
    });
    isRevoked = false;
    const second = await startImport(world, { platform: 'fathom' });
    await drive(world);
    expect(await readJob(world, second.id)).toMatchObject({ totals: { imported: 15 } });
    await retry(world, jobId);
    // Every other answer is lost, so that each step runs twice.
    let commits = 0;
    world.meter.loseAnswers(() => (commits += 1) % 2 === 1);
    await drive(world);
    world.meter.loseAnswers(() => false);
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'completed', listedCalls: 10, duplicateCalls: 15 },
      totals: { imported: 10 },
    });
    expect(await readEngagements(world)).toHaveLength(25);
  });
});

describe('credentials that their check completes', () => {
  it('are kept as it completed them, by a new import and by a retry', async () => {
    const fetchedWith: unknown[] = [];
    const context: ReturnType<typeof createScriptedContext> = {
      ...createScriptedContext({ calls: 1 }),
      validateCredentials: async (credentials) => ({
        ...{ valid: true, credentials: { ...credentials, region: 'eu' } },
      }),
      fetchCall: async (credentials) => {
        fetchedWith.push(credentials);
        throw platformError('auth_invalid');
      },
    };
    const world = await openWorld({ context });
    const credentials = { key: 'old' };
    const job = await startImport(world, { platform: 'fathom', credentials });
    await drive(world);
    await retry(world, job.id);
    await drive(world);
    expect(fetchedWith).toEqual([
      { key: 'old', region: 'eu' },
      { key: 'new', region: 'eu' },
    ]);
  });
});

describe('a key that is revoked in the middle', () => {
  it('stops the job with its reason, and a retry with new credentials finishes it', async () => {
    let revoked = false;
    const { world, jobId } = await open(
      {
        onFetch: () => {
          if (revoked) throw platformError('auth_invalid');
        },
      },
      narrow,
    );
    await drive(world, {
      together: 3,
      until: () => {
        revoked ||= countImported(world) >= 10;
        return false;
      },
    });
    const stopped = await readJob(world, jobId);
    expect(stopped).toMatchObject({
      status: 'partial',
      totals: { imported: 10, failed: 0 },
      lastError: {
        ...{ kind: 'auth_invalid', source: 'fathom', message: 'The platform says auth_invalid.' },
      },
    });
    expect((await world.db.collection('importCredentials').get()).size).toBe(0);

    revoked = false;
    expect(await retry(world, jobId)).toEqual({ retriedCount: 0 });
    await drive(world);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
    expect(await readJob(world, jobId)).toMatchObject({ lastError: null });
  });

  it('does not stop the job again that goes on with another, when a call comes back late', async () => {
    let fetched = 0;
    const { world, jobId } = await open({
      onFetch: async () => {
        fetched += 1;
        if (fetched > 2) return;
        if (fetched === 1) {
          const isStopped = async () => (await readJob(world, jobId)).status === 'failed';
          while (!(await isStopped())) await new Promise((resolve) => setImmediate(resolve));
          await retry(world, jobId);
        }
        throw platformError('auth_invalid');
      },
    });
    await drive(world, { together: 2 });
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
    expect(world.events.filter(({ name }) => name === 'jobEnded')).toHaveLength(2);
  });

  it('does not stop the job again that goes on with another, when a page comes back late', async () => {
    let isLate = false;
    const scripted = createScriptedContext({
      ...{ calls, pageSize: 10 },
      onFetch: () => {
        if (isLate) throw platformError('auth_invalid');
      },
    });
    const context: typeof scripted = {
      ...scripted,
      async *listCalls(credentials, options) {
        for await (const page of scripted.listCalls(credentials, options)) {
          yield page;
          if (world.events.some(({ name }) => name === 'jobEnded')) continue;
          isLate = true;
          const [call] = await readCalls(world, job.id);
          await processCall(world.engine, { jobId: job.id, callKey: call?.callKey ?? '' });
          isLate = false;
          await retry(world, job.id);
          throw platformError('auth_invalid');
        }
      },
    };
    const world = await openWorld({ context });
    const job = await startImport(world, { platform: 'fathom' });
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(wholeImportOf(sourceCalls));
  });

  it('while the job is listed ends it too, and a retry goes on where the listing stood', async () => {
    let isRevoked = true;
    const pages: number[] = [];
    const { world, jobId } = await open({
      onPage: (index) => {
        pages.push(index);
        if (isRevoked && index === 1) throw platformError('auth_invalid');
      },
    });
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({
      status: 'failed',
      listing: { isFinished: false, cursor: '1' },
      lastError: { kind: 'auth_invalid' },
    });
    isRevoked = false;
    pages.length = 0;
    await retry(world, jobId);
    await drive(world);
    expect(pages).toEqual([1, 2]);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
  });

  it('before anything was imported leaves the job failed', async () => {
    const { world, jobId } = await open({
      onFetch: () => {
        throw platformError('payment_required');
      },
    });
    await drive(world, { together: 25 });
    expect(await readJob(world, jobId)).toMatchObject({
      status: 'failed',
      lastError: { kind: 'payment_required' },
    });
    expect(world.events.filter(({ name }) => name === 'jobEnded')).toHaveLength(1);
  });

  it('is not retried by a stored credential that the platform no longer accepts', async () => {
    const rejected = { now: false };
    const { world, jobId } = await open({
      accepts: () => !rejected.now,
      onFetch: () => {
        throw platformError('payment_required');
      },
    });
    await world.db.doc(`importJobs/${jobId}`).update({ 'credential.type': 'stored' });
    await drive(world);
    rejected.now = true;

    await expect(retry(world, jobId, null)).rejects.toMatchObject({
      kind: 'auth_invalid',
      publicMessage: 'The key was revoked.',
    });

    expect(await readJob(world, jobId)).toMatchObject({ status: 'failed' });
    expect((await world.db.collection('importCredentials').get()).size).toBe(1);
  });

  it('stops a job with a stored credential and keeps that', async () => {
    const { world, jobId } = await open({
      onFetch: () => {
        throw platformError('auth_invalid');
      },
    });
    await world.db.doc(`importJobs/${jobId}`).update({ 'credential.type': 'stored' });
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({ status: 'failed' });
    expect((await world.db.collection('importCredentials').get()).size).toBe(1);
    expect(await retry(world, jobId, null)).toEqual({ retriedCount: 0 });
  });
});
