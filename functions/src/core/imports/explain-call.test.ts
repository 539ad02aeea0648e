import { sampleCall, sampleJob } from '../testing/sample-records.ts';
import { toCallKey } from './call-key.ts';
import { explainCall } from './explain-call.ts';
import type { CallPage, CallStore, JobStore } from './import-store.ts';
import type { ImportedCall } from './imported-call.ts';
import type { ImportJob } from './import-job.ts';

const customerId = 'customer-1';
const key = 'a'.repeat(52);
const { listing } = sampleJob('completed');

/** Stores that hold what is given, and keep what they were asked for. */
function openStores(held: {
  readonly calls?: readonly ImportedCall[];
  /** What a search finds. */
  readonly found?: readonly ImportedCall[];
  readonly jobs?: readonly ImportJob[];
  /** Jobs that are too old to be listed. */
  readonly oldJobs?: readonly ImportJob[];
  readonly pages?: readonly CallPage[];
}) {
  const { calls = [], found = [], jobs = [], oldJobs = [], pages = [] } = held;
  const asked: unknown[] = [];
  const stores = {
    calls: {
      getMany: async (keys) => calls.filter(({ callKey }) => keys.includes(callKey)),
      search: async (query) => {
        asked.push(query);
        return found;
      },
      getPage: async (_jobId, index) => pages[index] ?? null,
    } satisfies Pick<CallStore, 'getMany' | 'search' | 'getPage'>,
    jobs: {
      list: async () => jobs,
      get: async (jobId) => oldJobs.find(({ id }) => id === jobId) ?? null,
    } satisfies Pick<JobStore, 'list' | 'get'>,
  };
  return { stores, asked };
}

async function explain(
  held: Parameters<typeof openStores>[0],
  reference: string,
  startedAt: Date | null = null,
) {
  const { stores, asked } = openStores(held);
  return { ...(await explainCall(stores, { customerId, reference, startedAt })), asked };
}

describe('explainCall', () => {
  const jobs = [sampleJob('completed')];

  it('finds a call by our id', async () => {
    const calls = [sampleCall('completed', { callKey: key })];
    const found = await explain({ calls, jobs }, key);
    expect(found.calls.map(({ call }) => call.callKey)).toEqual([key]);
    expect(found.explanation).toBe('Imported from Gong on 2026-03-02 09:04 UTC by import job-1.');
    expect(found.next).toContain(`/calls/${key} shows its engagement.`);
    expect(found.asked).toEqual([]);
  });

  it('finds a call by the platform’s id, at each platform that the customer imports from', async () => {
    const callKey = toCallKey({ customerId, platform: 'gong', sourceCallId: '7742' });
    const calls = [sampleCall('completed', { callKey })];
    const reference = 'https://app.gong.example/call?id=7742';
    expect((await explain({ calls, jobs }, reference)).calls).toHaveLength(1);
    expect((await explain({ calls, jobs: [] }, reference)).calls).toHaveLength(0);
  });

  it('does not show another customer’s call, nor say that there is one', async () => {
    const theirs = [sampleCall('completed', { callKey: key, customerId: 'customer-2' })];
    const { asked: _asked, ...found } = await explain({ calls: theirs, jobs }, key);
    const { asked: _none, ...nothing } = await explain({ jobs }, key);
    expect(found).toEqual(nothing);
    expect(found.calls).toEqual([]);
  });

  it('looks for terms where no id fits', async () => {
    const found = await explain({ found: [sampleCall('failed')], jobs }, 'acme renewal');
    expect(found.asked).toEqual([{ customerId, terms: ['word acme', 'word renewal'], limit: 200 }]);
    expect(found.next).toContain('/retry?code=unavailable');
  });

  it('looks for nothing where there is nothing to look for', async () => {
    const found = await explain({ found: [sampleCall('failed')], jobs }, '?!');
    expect([found.calls, found.asked]).toEqual([[], []]);
  });

  it('asks which one is meant where several fit, and shows twenty', async () => {
    const two = [sampleCall('completed'), sampleCall('failed')];
    expect(await explain({ found: two, jobs }, 'acme')).toMatchObject({
      explanation: '2 calls fit "acme".',
      next: 'Look through them, and ask again with the id of the one that is meant.',
      calls: [
        { next: expect.stringContaining('Nothing') },
        { next: expect.stringContaining('retry') },
      ],
    });
    const many = Array.from({ length: 30 }, () => sampleCall('completed'));
    const found = await explain({ found: many, jobs }, 'acme');
    expect(found.explanation).toBe('20 or more calls fit "acme".');
    expect(found.calls).toHaveLength(20);
  });

  it('knows of an import that is too old to be listed', async () => {
    const calls = [sampleCall('pending', { callKey: key })];
    const found = await explain({ calls, oldJobs: [sampleJob('paused')] }, key);
    expect(found.explanation).toBe('Waits: import job-1 is paused.');
  });

  it('finds a record that could not be read on the pages of its import', async () => {
    const odd = sampleJob('partial', { listing: { ...listing, pages: 3, rejected: 1 } });
    const page = { index: 0, cursor: null, callKeys: [], duplicates: [], rejected: [], days: {} };
    const rejected = [
      { sourceCallId: null, reason: 'id: no text' },
      { sourceCallId: '7742', reason: 'started: no date' },
    ];
    const pages = [page, { ...page, index: 1, rejected }];
    const found = await explain({ jobs: [sampleJob('completed'), odd], pages }, '7742');
    expect(found.explanation).toBe(
      'Gong listed it for import job-1, but its record could not be read: started: no date.',
    );
    expect((await explain({ jobs: [odd], pages }, '7743')).explanation).not.toContain('record');
  });

  it('looks at no more than 200 pages', async () => {
    const odd = sampleJob('partial', { listing: { ...listing, pages: 300, rejected: 1 } });
    const page = { index: 0, cursor: null, callKeys: [], duplicates: [], days: {} };
    const pages = Array.from({ length: 300 }, (_, index) => ({
      ...{ ...page, index },
      rejected: [{ sourceCallId: `call-${index}`, reason: 'odd' }],
    }));
    const at = async (id: string) => (await explain({ jobs: [odd], pages }, id)).explanation;
    expect(await at('call-199')).toContain('could not be read');
    expect(await at('call-200')).not.toContain('could not be read');
  });

  it('says of a call that nobody listed what was asked for', async () => {
    const whole = sampleJob('completed', { listing: { ...listing, isFinished: true } });
    const found = await explain({ jobs: [whole] }, 'acme', new Date('2026-03-01T00:00:00Z'));
    expect(found.calls).toEqual([]);
    expect(found.jobs).toEqual([whole]);
    expect(found.explanation).toContain('Gong did not list it between');
  });
});
