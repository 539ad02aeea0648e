import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDiskObjectStore } from '../../local/object-store/disk-object-store.ts';
import { sampleJob } from '../../src/core/testing/sample-records.ts';
import { createImport } from '../../src/core/imports/create-import.ts';
import { withCredentials } from '../../src/core/imports/job-credentials.ts';
import { createFakeClock } from '../../src/contexts/testing/fake-clock.ts';
import { drive } from '../support/engine/drive.ts';
import { readCalls, readEngagements, readJob, readWholeImport } from '../support/engine/facts.ts';
import { wholeImport, wholeImportOf } from '../support/engine/facts.ts';
import { createScriptedContext, idOf, platformError } from '../support/engine/scripted-context.ts';
import { requestImport, startImport } from '../support/engine/start-import.ts';
import { openWorld, type TestWorld } from '../support/engine/test-world.ts';

const allCollections = [
  'importJobs',
  'importedCalls',
  'engagements',
  'importCredentials',
  'auditLog',
];

async function countDocuments({ db }: TestWorld): Promise<number> {
  const found = await Promise.all(allCollections.map((name) => db.collection(name).get()));
  return found.reduce((sum, { size }) => sum + size, 0);
}

describe('an import', () => {
  it('of 25 calls ends completed with 25 engagements, exact counts and every recording as it was', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'flows-'));
    try {
      const store = createDiskObjectStore({
        ...{ folder, signingKey: 'test', clock: createFakeClock() },
        baseUrl: () => 'http://127.0.0.1:1',
      });
      const world = await openWorld({ store });
      const job = await startImport(world);
      await drive(world);

      expect(world.thrown).toEqual([]);
      expect(await readWholeImport(world, job.id)).toEqual(wholeImport(world));
      const engagements = await readEngagements(world);
      const recordings = engagements.map(({ sourceCallId, media }) => [
        sourceCallId,
        media?.sha256 ?? null,
      ]);
      const truth = world.sandbox.truth();
      expect(truth).toHaveLength(25);
      expect(recordings.sort()).toEqual(
        truth.map((call) => [call.sourceCallId, call.mediaSha256]).sort(),
      );
      const stored = await Promise.all(
        engagements.map(({ media }) => store.find(media?.key ?? 'x')),
      );
      expect(stored.map((object) => object?.sizeBytes)).toEqual(
        engagements.map(({ media }) => media?.sizeBytes),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names each engagement after its call, its job and its source', async () => {
    const world = await openWorld({ context: createScriptedContext({ calls: 1 }) });
    await world.db.doc('companies/acme').set({
      ...{ id: 'acme', customerId: 'customer-1', domains: ['acme.example'] },
    });
    await world.db.doc('contacts/tom').set({
      ...{ id: 'tom', customerId: 'customer-1', companyId: null },
      ...{ emails: [], phones: ['+14155550142'] },
    });
    const job = await startImport(world, { platform: 'fathom' });
    await drive(world);

    const [call] = await readCalls(world, job.id);
    const key = call?.callKey ?? '';
    const folder = `customers/customer-1/calls/${key}`;
    expect(await readEngagements(world)).toEqual([
      {
        id: key,
        customerId: 'customer-1',
        title: 'Call 0',
        startedAt: new Date('2025-10-01T00:00:00Z'),
        durationSeconds: 60,
        direction: null,
        summary: null,
        sourceUrl: null,
        participants: [
          {
            ...{ name: 'Ann Lee', email: 'ann.lee@northwind.example', phone: null },
            ...{ role: 'internal', attended: true, speakerId: 'a' },
            ...{ contactId: null, companyId: null },
          },
          {
            ...{ name: 'Tom Baker', email: 'tom.baker@acme.example', phone: '+14155550142' },
            ...{ role: 'external', attended: true, speakerId: 'b' },
            ...{ contactId: 'tom', companyId: 'acme' },
          },
        ],
        companyIds: ['acme'],
        contactIds: ['tom'],
        media: {
          key: `${folder}/media.mp3`,
          contentType: 'audio/mpeg',
          sizeBytes: 22,
          sha256: 'a8e526effc0b14070d44f4b96590bfae570e5aa3453f6d782c06b3a4ae6d8dbb',
          crc32c: expect.any(String),
        },
        transcript: {
          key: `${folder}/transcript.json`,
          sourceKey: `${folder}/transcript.source.json`,
          origin: 'platform',
          segmentCount: 1,
          preview: 'The words of call-0000.',
        },
        importSource: 'fathom',
        importedAt: new Date('2025-11-20T10:17:23.456Z'),
        sourceCallId: 'call-0000',
        importBatchId: job.id,
        metadataQuality: 'full',
      },
    ]);
    expect(world.objects.keys()).toEqual([
      `${folder}/media.mp3`,
      `${folder}/transcript.json`,
      `${folder}/transcript.source.json`,
    ]);
  });

  it('that is run again imports nothing new and knows all 25 calls', async () => {
    const world = await openWorld();
    const first = await startImport(world);
    await drive(world);
    const second = await startImport(world);
    await drive(world);

    expect(await readJob(world, second.id)).toMatchObject({
      status: 'completed',
      listedCalls: 0,
      duplicateCalls: 25,
      totals: { imported: 0, failed: 0 },
    });
    expect(await readWholeImport(world, first.id)).toEqual(wholeImport(world));
    const page = await world.engine.calls.getPage(second.id, 0);
    expect(page?.callKeys).toEqual([]);
    expect(page?.duplicates).toHaveLength(10);
    expect(page?.duplicates[0]).toMatchObject({
      heldByJobId: first.id,
      reason: 'imported_before',
    });
  });

  it('of another over the same account imports each call once, and the second says which job has it', async () => {
    const world = await openWorld({ pageSize: 25 });
    const first = await startImport(world);
    const second = await startImport(world);
    await drive(world, { together: 10 });

    const engagements = await readEngagements(world);
    expect(engagements).toHaveLength(25);
    const jobs = [await readJob(world, first.id), await readJob(world, second.id)];
    expect(jobs.map((job) => job.status)).toEqual(['completed', 'completed']);
    const imported = jobs.map((job) => job.totals.imported);
    expect(imported).toEqual([25, 0]);
    const page = await world.engine.calls.getPage(second.id, 0);
    expect(page?.duplicates).toHaveLength(25);
    expect(new Set(page?.duplicates.map((one) => `${one.reason} ${one.heldByJobId}`))).toEqual(
      new Set([`in_another_import ${first.id}`]),
    );
  });

  it('for another customer makes engagements of its own from the same calls', async () => {
    const world = await openWorld({ calls: 5 });
    const first = await startImport(world, { customerId: 'customer-1' });
    const second = await startImport(world, { customerId: 'customer-2' });
    await drive(world);

    const engagements = await readEngagements(world);
    expect(engagements).toHaveLength(10);
    expect(new Set(engagements.map((one) => one.id)).size).toBe(10);
    for (const job of [first, second]) {
      const own = engagements.filter((one) => one.importBatchId === job.id);
      expect(own.map((one) => one.customerId)).toEqual(Array(5).fill(job.customerId));
      expect(await readJob(world, job.id)).toMatchObject({ totals: { imported: 5 } });
    }
  });

  it('takes over what a cancelled import left, and nothing of what it imported', async () => {
    const { cancelImport } = await import('../../src/core/imports/control-job.ts');
    const world = await openWorld({ context: createScriptedContext({ calls: 25 }) });
    const first = await startImport(world, { platform: 'fathom' });
    await drive(world, { until: () => world.events.filter(isImported).length >= 8 });
    await cancelImport(world.engine, first.id);
    const before = (await readEngagements(world)).length;
    const second = await startImport(world, { platform: 'fathom' });
    await drive(world);

    const job = await readJob(world, second.id);
    expect(job).toMatchObject({ status: 'completed', duplicateCalls: before });
    expect(job.totals.imported).toBe(25 - before);
    const engagements = await readEngagements(world);
    expect(engagements.map((one) => one.sourceCallId).sort()).toEqual(
      wholeImportOf(Array.from({ length: 25 }, (_, index) => idOf(index))).sourceCalls,
    );
  });
});

describe('asking for an import', () => {
  it('with a rejected key is refused with the platform’s reason, and nothing is written', async () => {
    const world = await openWorld({
      context: createScriptedContext({ calls: 3, accepts: () => false }),
    });
    await expect(startImport(world, { platform: 'fathom' })).rejects.toMatchObject({
      kind: 'auth_invalid',
      source: 'fathom',
      publicMessage: 'The key was revoked.',
    });
    expect(await countDocuments(world)).toBe(0);
  });

  it('does not wait for a count that the platform can’t give now', async () => {
    const count = () => Promise.reject(platformError('unavailable'));
    const world = await openWorld({ context: createScriptedContext({ calls: 3, count }) });
    const { estimate } = await requestImport(world, { platform: 'fathom' });
    expect(estimate).toEqual({ calls: null, durationSeconds: null });
  });

  it('gives up counting when the platform does not answer in time', async () => {
    const context = createScriptedContext({ calls: 3 });
    const world = await openWorld({
      settings: { countTimeoutMs: 5 },
      context: {
        ...context,
        countCalls: (_credentials, _options, signal) =>
          new Promise((_, reject) => {
            signal?.addEventListener('abort', () => reject(new Error('aborted')));
          }),
      },
    });
    const { estimate } = await requestImport(world, { platform: 'fathom' });
    expect(estimate).toEqual({ calls: null, durationSeconds: null });
  });

  it('fails when the count is refused for good', async () => {
    const count = () => Promise.reject(platformError('permission_denied'));
    const world = await openWorld({ context: createScriptedContext({ calls: 3, count }) });
    await expect(requestImport(world, { platform: 'fathom' })).rejects.toMatchObject({
      kind: 'permission_denied',
    });
  });

  it('starts a small one at once and leaves a large one to the night', async () => {
    const schedules = [];
    for (const calls of [500, 501]) {
      const context = createScriptedContext({ calls: 1, count: () => calls });
      const world = await openWorld({ context });
      const job = await startImport(world, { platform: 'fathom', schedule: 'auto' });
      schedules.push([calls, job.config.schedule, world.queue.accepted.length]);
    }
    expect(schedules).toEqual([
      [500, 'now', 1],
      [501, 'nightly', 0],
    ]);
  });

  it('starts one at once whose size nobody can say', async () => {
    const world = await openWorld({ context: createScriptedContext({ calls: 1 }) });
    const job = await startImport(world, { platform: 'fathom', schedule: 'auto' });
    expect(job.config.schedule).toBe('now');
  });

  it('of a platform without credentials keeps what it was given as the job’s inputs', async () => {
    const context = createScriptedContext({ calls: 2, auth: 'none' });
    const world = await openWorld({ context });
    const credentials = { batchId: 'batch-1' };
    const job = await startImport(world, { platform: 'fathom', credentials });
    await drive(world);
    expect(await readJob(world, job.id)).toMatchObject({
      status: 'completed',
      credential: null,
      config: { inputs: { batchId: 'batch-1' } },
      totals: { imported: 2 },
    });
  });

  it('of a platform without credentials may come with nothing at all', async () => {
    const context = createScriptedContext({ calls: 1, auth: 'none' });
    const world = await openWorld({ context });
    const { job } = await createImport(world.engine, context, {
      ...{ customerId: 'customer-1', platform: 'fathom', credentials: null, filters: {} },
      ...{ dateRange: { start: null, end: null }, schedule: 'now', id: null },
      requestedBy: 'support@example.com',
    });
    expect(job.config.inputs).toEqual({});
    const without = { job: sampleJob('in_progress', { credential: null }), context };
    expect(await withCredentials(world.engine, without, async (given) => given)).toEqual({});
  });

  it('of a platform without a context is refused', async () => {
    const world = await openWorld();
    await expect(async () => startImport(world, { platform: 'five9' })).rejects.toMatchObject({
      kind: 'contract',
      publicMessage: "The platform five9 can't be imported from yet.",
    });
  });
});

function isImported({ name }: { readonly name: string }): boolean {
  return name === 'callImported';
}
