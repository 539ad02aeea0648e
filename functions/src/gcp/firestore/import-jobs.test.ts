import type { EmbeddedFirestore } from '../../../local/store/embedded-store.ts';
import { openEmbeddedFirestore } from '../../../local/store/embedded-firestore.ts';
import type { JobQuery, JobStore } from '../../core/imports/import-store.ts';
import { sampleJob } from '../../core/testing/sample-records.ts';
import { createFirestoreJobs } from './import-jobs.ts';

let store: EmbeddedFirestore;
let jobs: JobStore;

beforeEach(async () => {
  store = await openEmbeddedFirestore({ folder: null, projectId: 'demo-jobs', emulatorHost: null });
  jobs = createFirestoreJobs(store.firestore);
});
afterEach(() => store.close());

function at(minute: number): Date {
  return new Date(Date.UTC(2026, 2, 2, 8, minute));
}

describe('a job', () => {
  it('is read as it was written, instants and all', async () => {
    const job = sampleJob('partial', { limitedUntil: at(5), nextAdvanceAt: at(6) });
    await jobs.create(job);
    expect(await jobs.get('job-1')).toEqual(job);
  });

  it('that is not there is null', async () => {
    expect(await jobs.get('job-1')).toBeNull();
  });

  it('is not created over one that is there', async () => {
    await jobs.create(sampleJob('queued'));
    await expect(jobs.create(sampleJob('completed'))).rejects.toMatchObject({
      ...{ kind: 'conflict', source: 'firestore' },
      publicMessage: 'The record exists already.',
    });
    expect((await jobs.get('job-1'))?.status).toBe('queued');
  });

  it('that breaks its schema is an error that names the document and the field, not its content', async () => {
    await jobs.create(sampleJob('queued'));
    await store.firestore.doc('importJobs/job-1').update({ 'lease.epoch': 'hunter2' });
    await expect(jobs.get('job-1')).rejects.toMatchObject({
      ...{ kind: 'internal', source: 'firestore' },
      publicMessage: 'The stored document importJobs/job-1 is not valid at "lease.epoch".',
      message: expect.not.stringContaining('hunter2'),
    });
  });

  it('that is no job at all is an error that says so', async () => {
    await store.firestore.doc('importJobs/job-1').set({ status: 'asleep' });
    await expect(jobs.get('job-1')).rejects.toMatchObject({
      kind: 'internal',
      publicMessage: 'The stored document importJobs/job-1 is not valid at "status".',
    });
  });
});

describe('changing a job', () => {
  it('writes what was decided on what was read, and returns the result', async () => {
    await jobs.create(sampleJob('queued'));
    const result = await jobs.transact('job-1', (job) => ({
      job: { ...job, requestedBy: 'somebody else' },
      result: job.requestedBy,
    }));
    expect(result).toBe('support@example.com');
    expect((await jobs.get('job-1'))?.requestedBy).toBe('somebody else');
  });

  it('writes nothing where nothing was decided', async () => {
    await jobs.create(sampleJob('queued'));
    const before = await store.firestore.doc('importJobs/job-1').get();
    expect(await jobs.transact('job-1', () => ({ job: null, result: 7 }))).toBe(7);
    const after = await store.firestore.doc('importJobs/job-1').get();
    expect(after.updateTime).toEqual(before.updateTime);
  });

  it('that is not there is not_found, and tells where to look', async () => {
    await expect(jobs.transact('job-1', (job) => ({ job, result: null }))).rejects.toMatchObject({
      kind: 'not_found',
      publicMessage:
        'There is no import "job-1". GET /admin/imports?customerId=… lists a customer\'s imports.',
    });
  });

  it('loses no change when two come at once', async () => {
    await jobs.create(sampleJob('queued'));
    const add = () =>
      jobs.transact('job-1', (job) => ({
        job: { ...job, listedCalls: job.listedCalls + 1 },
        result: null,
      }));
    await Promise.all([add(), add()]);
    expect((await jobs.get('job-1'))?.listedCalls).toBe(2);
  });

  it('lets what the decision throws through', async () => {
    await jobs.create(sampleJob('queued'));
    const refuse = () => {
      throw new Error('no');
    };
    await expect(jobs.transact('job-1', refuse)).rejects.toMatchObject({
      kind: 'internal',
      publicMessage: 'The database refused the operation.',
      cause: expect.objectContaining({ message: 'no' }),
    });
  });
});

describe('listing jobs', () => {
  const everything: JobQuery = {
    ...{ customerId: 'customer-1', status: null, platform: null, limit: 10, after: null },
  };
  const ids = async (query: Partial<JobQuery>) =>
    (await jobs.list({ ...everything, ...query })).map((job) => job.id);

  beforeEach(async () => {
    await Promise.all([
      jobs.create(sampleJob('completed', { id: 'a', createdAt: at(1) })),
      jobs.create(sampleJob('failed', { id: 'b', createdAt: at(3), platform: 'grain' })),
      jobs.create(sampleJob('completed', { id: 'c', createdAt: at(2) })),
      jobs.create(sampleJob('completed', { id: 'd', createdAt: at(2) })),
      jobs.create(sampleJob('completed', { id: 'x', customerId: 'customer-2', createdAt: at(9) })),
    ]);
  });

  it('gives a customer’s own, newest first', async () => {
    expect(await ids({})).toEqual(['b', 'd', 'c', 'a']);
    expect(await ids({ customerId: 'customer-2' })).toEqual(['x']);
    expect(await ids({ customerId: 'customer-3' })).toEqual([]);
  });

  it('filters by status and platform', async () => {
    expect(await ids({ status: 'completed' })).toEqual(['d', 'c', 'a']);
    expect(await ids({ platform: 'grain' })).toEqual(['b']);
    expect(await ids({ platform: 'grain', status: 'completed' })).toEqual([]);
  });

  it('goes on after the last of a page, also between jobs of the same instant', async () => {
    expect(await ids({ limit: 2 })).toEqual(['b', 'd']);
    expect(await ids({ limit: 2, after: { createdAt: at(2), id: 'd' } })).toEqual(['c', 'a']);
    expect(await ids({ limit: 2, after: { createdAt: at(1), id: 'a' } })).toEqual([]);
  });

  it('across customers gives the oldest of some states first, as many as wanted', async () => {
    const listed = await jobs.listByStatus(['completed', 'failed'], 4);
    expect(listed.map((job) => job.id)).toEqual(['a', 'c', 'd', 'b']);
    expect(await jobs.listByStatus(['queued'], 4)).toEqual([]);
  });

  it('lists the jobs whose totals are to be looked at, the one that waits longest first', async () => {
    await jobs.create(sampleJob('cancelled', { id: 's1', settleAt: at(2) }));
    await jobs.create(sampleJob('failed', { id: 's2', settleAt: at(1) }));
    await jobs.create(sampleJob('partial', { id: 's3', settleAt: at(4) }));
    expect((await jobs.listUnsettled(at(3), 10)).map((job) => job.id)).toEqual(['s2', 's1']);
    expect((await jobs.listUnsettled(at(3), 1)).map((job) => job.id)).toEqual(['s2']);
  });

  it('finds the job that a credential belongs to, of that customer only', async () => {
    const credential = { id: 'credential-9', type: 'one_off' } as const;
    await jobs.create(sampleJob('queued', { id: 'y', credential }));
    expect((await jobs.findByCredential('customer-1', 'credential-9'))?.id).toBe('y');
    expect(await jobs.findByCredential('customer-2', 'credential-9')).toBeNull();
    expect(await jobs.findByCredential('customer-1', 'credential-0')).toBeNull();
  });
});
