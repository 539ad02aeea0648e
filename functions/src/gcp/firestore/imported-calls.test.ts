import type { EmbeddedFirestore } from '../../../local/store/embedded-store.ts';
import {
  meterFirestore,
  type FirestoreMeter,
} from '../../../test/support/engine/firestore-meter.ts';
import { openEmbeddedFirestore } from '../../../local/store/embedded-firestore.ts';
import type { Engagement } from '../../core/engagements/engagement.ts';
import type { CallDecision, CallStore, PageFacts } from '../../core/imports/import-store.ts';
import type { ImportedCall } from '../../core/imports/imported-call.ts';
import {
  noTotals,
  sampleCall,
  sampleJob,
  sampleMetadata,
} from '../../core/testing/sample-records.ts';
import { createFirestoreJobs } from './import-jobs.ts';
import { createFirestoreCalls } from './imported-calls.ts';

let store: EmbeddedFirestore;
let calls: CallStore;

beforeEach(async () => {
  store = await openEmbeddedFirestore({
    folder: null,
    projectId: 'demo-calls',
    emulatorHost: null,
  });
  calls = createFirestoreCalls(store.firestore);
});
afterEach(() => store.close());

const totalsOf = (jobId: string) => createFirestoreJobs(store.firestore).sumTotals(jobId);
const put = (call: ImportedCall) => store.firestore.doc(`importedCalls/${call.callKey}`).set(call);
const putJob = (...job: Parameters<typeof sampleJob>) =>
  createFirestoreJobs(store.firestore).create(sampleJob(...job));

const engagement: Engagement = {
  ...{ id: 'call-1', customerId: 'customer-1', title: 'Renewal', startedAt: null },
  ...{ durationSeconds: null, direction: null, summary: null, sourceUrl: null, participants: [] },
  ...{ companyIds: [], contactIds: [], media: null, transcript: null, importSource: 'gong' },
  importedAt: new Date('2026-03-02T09:04:00Z'),
  ...{ sourceCallId: '7742', importBatchId: 'job-1', metadataQuality: 'minimal' },
};

const target = { callKey: 'call-1', jobId: null };
const end = (call: ImportedCall, created?: Engagement) => (): CallDecision<null> => ({
  ...{ call, result: null },
  ...(created && { engagement: created }),
});

describe('finding calls', () => {
  const titled = (callKey: string, title: string, customerId = 'customer-1') =>
    sampleCall('pending', { callKey, customerId, metadata: { ...sampleMetadata, title } });

  beforeEach(async () => {
    const all = [
      titled('call-1', 'Renewal with Acme'),
      titled('call-2', 'Renewal with Globex'),
      titled('call-3', 'Renewal with Acme', 'customer-2'),
    ];
    for (const call of all) {
      await calls.transact({ callKey: call.callKey, jobId: null }, end(call));
    }
  });

  const search = async (...terms: string[]) => {
    const found = await calls.search({ customerId: 'customer-1', terms, limit: 10 });
    return found.map(({ callKey }) => callKey);
  };

  it('is by the terms that follow from what is known of them, all at once, of one customer', async () => {
    expect(await search('word renewal')).toEqual(['call-1', 'call-2']);
    expect(await search('word acme', 'word renewal')).toEqual(['call-1']);
    expect(await search('word acme', 'word globex')).toEqual([]);
    expect(await search('email ann@acme.example')).toEqual([]);
    expect(await calls.get('call-1')).toEqual(titled('call-1', 'Renewal with Acme'));
  });

  it('is by keys, those that there are', async () => {
    const found = await calls.getMany(['call-3', 'call-0', 'call-1']);
    expect(found.map(({ callKey }) => callKey)).toEqual(['call-3', 'call-1']);
    expect(await calls.getMany([])).toEqual([]);
  });
});

describe('changing a call', () => {
  it('shows the call and the job beside it, as they are', async () => {
    const seen: unknown[] = [];
    const look = (jobId: string | null) =>
      calls.transact({ callKey: 'call-1', jobId }, (found) => {
        seen.push(found);
        return { call: null, result: null };
      });
    await look('job-1');
    await put(sampleCall('transcribing'));
    await putJob('in_progress');
    await look('job-1');
    await look(null);
    expect(seen).toEqual([
      { call: null, job: null },
      { call: sampleCall('transcribing'), job: sampleJob('in_progress') },
      { call: sampleCall('transcribing'), job: null },
    ]);
  });

  it('writes the call, its engagement and one counter together', async () => {
    await put(sampleCall('processing'));
    await calls.transact(target, end(sampleCall('completed'), engagement));
    expect(await calls.get('call-1')).toEqual(sampleCall('completed'));
    expect(await calls.getEngagement('call-1')).toEqual(engagement);
    expect(await totalsOf('job-1')).toEqual({ ...noTotals, imported: 1 });
  });

  it('refuses a second engagement of the same call, and then writes nothing', async () => {
    await put(sampleCall('processing'));
    await calls.transact(target, end(sampleCall('completed'), engagement));
    await put(sampleCall('processing'));
    const second = { ...engagement, title: 'Another' };
    await expect(
      calls.transact(target, end(sampleCall('completed'), second)),
    ).rejects.toMatchObject({ kind: 'conflict' });
    expect(await calls.getEngagement('call-1')).toEqual(engagement);
    expect(await calls.get('call-1')).toEqual(sampleCall('processing'));
    expect(await totalsOf('job-1')).toEqual({ ...noTotals, imported: 1 });
  });

  it('counts a call by its state, and takes it back when it is requeued', async () => {
    await put(sampleCall('processing'));
    await calls.transact(target, end(sampleCall('failed')));
    expect(await totalsOf('job-1')).toEqual({ ...noTotals, failed: 1 });
    await calls.transact(target, end(sampleCall('pending')));
    expect(await totalsOf('job-1')).toEqual(noTotals);
    await calls.transact(target, end(sampleCall('skipped', {})));
    expect(await totalsOf('job-1')).toEqual({ ...noTotals, gone: 1 });
  });

  it('sums over shards, where many calls end at once', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `call-${index}`);
    await Promise.all(
      keys.map(async (callKey, index) => {
        const status = index % 4 === 0 ? 'failed' : 'completed';
        await calls.transact({ callKey, jobId: null }, end(sampleCall(status, { callKey })));
      }),
    );
    expect(await totalsOf('job-1')).toEqual({ ...noTotals, imported: 30, failed: 10 });
    const shards = await store.firestore.collection('importJobs/job-1/counters').get();
    expect(shards.size).toBe(8);
  });

  it('drops the fields that the new state does not have', async () => {
    await put(sampleCall('transcribing'));
    await calls.transact(target, end(sampleCall('downloading')));
    expect(await calls.get('call-1')).toEqual(sampleCall('downloading'));
  });

  describe('that this process has written before', () => {
    const claimed = sampleCall('downloading');
    const knowing = { ...target, known: claimed };
    let meter: FirestoreMeter;
    beforeEach(async () => {
      await put(sampleCall('pending'));
      await calls.transact(target, end(claimed));
      meter = meterFirestore(store.firestore);
    });
    const complete = ({ call }: { call: ImportedCall | null }): CallDecision<string> =>
      call?.status === 'downloading'
        ? { call: sampleCall('completed'), engagement, result: 'done' }
        : { call: null, result: `it is ${call?.status}` };

    it('reads nothing', async () => {
      expect(await calls.transact(knowing, complete)).toBe('done');
      expect(meter.total()).toEqual({ reads: 0, writes: 3 });
      expect(await calls.get('call-1')).toEqual(sampleCall('completed'));
      expect(await calls.getEngagement('call-1')).toEqual(engagement);
    });

    it('reads it again when somebody has changed it since, and decides on what it is now', async () => {
      await put(sampleCall('skipped', {}));
      expect(await calls.transact(knowing, complete)).toBe('it is skipped');
      expect(await calls.get('call-1')).toEqual(sampleCall('skipped', {}));
      expect(await calls.getEngagement('call-1')).toBeNull();
      expect(await totalsOf('job-1')).toEqual(noTotals);
    });

    it('reads it again when it is gone', async () => {
      await store.firestore.doc('importedCalls/call-1').delete();
      expect(await calls.transact(knowing, complete)).toBe('it is undefined');
    });

    it('reads what became of a commit whose answer was lost', async () => {
      let isLost = false;
      meter.loseAnswers(() => {
        const isFirst = !isLost;
        isLost = true;
        return isFirst;
      });
      expect(await calls.transact(knowing, complete)).toBe('it is completed');
      expect(await totalsOf('job-1')).toEqual({ ...noTotals, imported: 1 });
    });

    it('believes that there is nothing to do only of what it has read', async () => {
      await calls.transact(knowing, () => ({ call: null, result: null }));
      expect(meter.total()).toEqual({ reads: 1, writes: 0 });
    });

    it('reads it when another process wrote it', async () => {
      const elsewhere = { ...target, known: sampleCall('downloading') };
      expect(await calls.transact(elsewhere, complete)).toBe('done');
      expect(meter.total()).toEqual({ reads: 1, writes: 3 });
    });
  });

  it('fails for good where a transaction would', async () => {
    await put(sampleCall('processing'));
    const broken = { ...sampleCall('failed'), failures: Symbol('no number') };
    await expect(
      // A value that Firestore refuses: what its type forbids.
      calls.transact(target, end(broken as unknown as ImportedCall)),
    ).rejects.toMatchObject({ kind: 'internal' });
    expect(await calls.get('call-1')).toEqual(sampleCall('processing'));
  });

  it('sums to nothing for a job in which nothing has ended', async () => {
    expect(await totalsOf('job-1')).toEqual(noTotals);
  });
});

describe('changing a page of calls', () => {
  const pageTarget = { jobId: 'job-1', callKeys: ['call-1', 'call-2', 'call-3'] };
  const page = {
    ...{ index: 3, cursor: 'cursor-3', callKeys: ['call-1'], days: { '2026-03-01': 2 } },
    rejected: [{ sourceCallId: null, reason: 'id: none' }],
    duplicates: [
      {
        ...{ callKey: 'call-2', sourceCallId: '2', title: null, heldByJobId: 'job-2' },
        reason: 'imported_before' as const,
      },
    ],
  };

  it('shows the job, the calls that are known, and the states of their other jobs', async () => {
    await putJob('in_progress');
    await putJob('paused', { id: 'job-2' });
    await put(sampleCall('pending'));
    await put(sampleCall('failed', { callKey: 'call-2', jobId: 'job-2' }));
    await put(sampleCall('failed', { callKey: 'call-3', jobId: 'job-gone' }));
    let found: PageFacts | null = null;
    await calls.transactPage(pageTarget, (facts) => {
      found = facts;
      return { job: null, calls: [], page: null, result: null };
    });
    expect(found).toEqual({
      job: sampleJob('in_progress'),
      calls: new Map([
        ['call-1', sampleCall('pending')],
        ['call-2', sampleCall('failed', { callKey: 'call-2', jobId: 'job-2' })],
        ['call-3', sampleCall('failed', { callKey: 'call-3', jobId: 'job-gone' })],
      ]),
      holders: new Map([['job-2', 'paused']]),
      noted: new Set(),
    });
  });

  it('shows which calls of others the job has noted as duplicates on some page', async () => {
    await putJob('in_progress', { duplicateCalls: 1 });
    for (const callKey of ['call-2', 'call-3']) {
      await put(sampleCall('completed', { callKey, jobId: 'job-2' }));
    }
    await calls.transactPage(pageTarget, () => ({ job: null, calls: [], page, result: null }));
    const noted = await calls.transactPage(pageTarget, (facts) => ({
      ...{ job: null, calls: [], page: null },
      result: facts.noted,
    }));
    expect(noted).toEqual(new Set(['call-2']));
  });

  it('shows them on a page of many calls that others have', async () => {
    await putJob('in_progress', { duplicateCalls: 1 });
    const callKeys = Array.from({ length: 35 }, (_, index) => `call-${index}`);
    for (const callKey of callKeys) {
      await put(sampleCall('completed', { callKey, jobId: 'job-2' }));
    }
    const target = { jobId: 'job-1', callKeys };
    await calls.transactPage(target, () => ({ job: null, calls: [], page, result: null }));
    const noted = await calls.transactPage(target, (facts) => ({
      ...{ job: null, calls: [], page: null },
      result: facts.noted,
    }));
    expect(noted).toEqual(new Set(['call-2']));
  });

  it('writes the job, the page and its calls together', async () => {
    await putJob('in_progress');
    const job = sampleJob('in_progress', { listedCalls: 1 });
    await calls.transactPage(pageTarget, () => ({
      ...{ job, page, result: null },
      calls: [sampleCall('pending')],
    }));
    expect(await calls.getPage('job-1', 3)).toEqual(page);
    expect(await calls.getPage('job-1', 4)).toBeNull();
    expect(await calls.get('call-1')).toEqual(sampleCall('pending'));
    expect((await createFirestoreJobs(store.firestore).get('job-1'))?.listedCalls).toBe(1);
  });

  it('writes a page that was recorded before as it is now', async () => {
    await putJob('in_progress');
    const write = { job: null, calls: [], result: null };
    await calls.transactPage(pageTarget, () => ({ ...write, page }));
    const changedPage = { ...page, rejected: [] };
    await calls.transactPage(pageTarget, () => ({ ...write, page: null, changedPage }));
    expect(await calls.getPage('job-1', 3)).toEqual(changedPage);
  });

  it('counts what a retry takes back from its own job, and leaves another job’s numbers', async () => {
    await putJob('in_progress');
    await calls.transact(target, end(sampleCall('failed')));
    const other = sampleCall('failed', { callKey: 'call-2', jobId: 'job-2' });
    await calls.transact({ callKey: 'call-2', jobId: null }, end(other));
    await calls.transactPage(pageTarget, () => ({
      ...{ job: null, page: null, result: null },
      calls: [sampleCall('pending'), sampleCall('pending', { callKey: 'call-2' })],
    }));
    expect(await totalsOf('job-1')).toEqual(noTotals);
    expect(await totalsOf('job-2')).toEqual({ ...noTotals, failed: 1 });
  });

  it('of a job that is not there is not_found', async () => {
    await expect(
      calls.transactPage(pageTarget, () => ({ job: null, calls: [], page: null, result: null })),
    ).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('listing calls', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 2, 2, 9, minute));
  beforeEach(async () => {
    const some = [
      sampleCall('pending', { callKey: 'a', page: 0, checkAfter: null }),
      sampleCall('downloading', { callKey: 'b', page: 1, checkAfter: at(7) }),
      sampleCall('failed', { callKey: 'c', page: 1, checkAfter: null }),
      sampleCall('transcribing', { callKey: 'd', page: 2, checkAfter: at(5) }),
      sampleCall('pending', { callKey: 'e', page: 3, checkAfter: at(9) }),
      sampleCall('pending', { callKey: 'x', jobId: 'job-2', page: 0, checkAfter: at(1) }),
    ];
    await Promise.all(some.map(put));
  });
  const keys = (found: readonly ImportedCall[]) => found.map((call) => call.callKey);
  const all = { jobId: 'job-1', status: null, limit: 10, afterCallKey: null };

  it('gives a job’s own in the order of their keys, page by page', async () => {
    expect(keys(await calls.list(all))).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(keys(await calls.list({ ...all, limit: 2 }))).toEqual(['a', 'b']);
    expect(keys(await calls.list({ ...all, limit: 2, afterCallKey: 'b' }))).toEqual(['c', 'd']);
    expect(keys(await calls.list({ ...all, status: 'pending' }))).toEqual(['a', 'e']);
    const later = { ...all, status: 'pending', afterCallKey: 'a' } as const;
    expect(keys(await calls.list(later))).toEqual(['e']);
  });

  it('finds those that are overdue, longest first', async () => {
    expect(keys(await calls.listOverdue('job-1', at(4), 10))).toEqual([]);
    expect(keys(await calls.listOverdue('job-1', at(7), 10))).toEqual(['d', 'b']);
    expect(keys(await calls.listOverdue('job-1', at(30), 2))).toEqual(['d', 'b']);
  });

  it('finds those that wait below a page', async () => {
    expect(keys(await calls.listPendingBelow('job-1', 3, 10))).toEqual(['a']);
    expect(keys(await calls.listPendingBelow('job-1', 4, 10))).toEqual(['a', 'e']);
    expect(keys(await calls.listPendingBelow('job-1', 4, 1))).toEqual(['a']);
  });

  it('counts those of a state, and the open ones below a page', async () => {
    expect(await calls.countByStatus('job-1', 'pending')).toBe(2);
    expect(await calls.countByStatus('job-1', 'completed')).toBe(0);
    expect(await calls.countOpenBelow('job-1', 2)).toBe(2);
    expect(await calls.countOpenBelow('job-1', 4)).toBe(4);
    expect(await calls.countOpenBelow('job-1', 0)).toBe(0);
  });

  it('stops at a document that breaks its schema, and names it', async () => {
    await store.firestore.doc('importedCalls/b').update({ failures: 0.5 });
    await expect(calls.list(all)).rejects.toMatchObject({
      kind: 'internal',
      publicMessage: 'The stored document importedCalls/b is not valid at "failures".',
    });
  });
});
