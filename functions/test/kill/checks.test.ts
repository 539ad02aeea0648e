import { Readable } from 'node:stream';
import type { SandboxCall } from '../../src/kit/sandbox.ts';
import { checkOutcome, type Outcome } from './checks.ts';

const customerId = 'acme';
/** SHA-256 of `abc`. @see https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values */
const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const at = new Date('2026-01-05T10:00:00.000Z');

const truth: readonly SandboxCall[] = ['c1', 'c2'].map((sourceCallId) => ({
  sourceCallId,
  ...{ title: null, startedAt: at, durationSeconds: 1, hasMedia: true, hasTranscript: true },
  ...{ mediaSha256: sha256, speakers: 2 },
}));
const objects = { read: async () => Readable.from([Buffer.from('abc')]) };
const lease = { holder: 'w000', epoch: 1, expiresAt: null };

const engagement = (sourceCallId: string) => ({
  ...{ id: `k-${sourceCallId}`, sourceCallId, customerId, importBatchId: 'j1' },
  media: { key: 'm', contentType: 'audio/mpeg', sizeBytes: 3, sha256, crc32c: 'NrcSzw==' },
});

/** What a perfect import leaves, as far as the checks look at it. */
function perfect() {
  return {
    job: {
      ...{ id: 'j1', status: 'completed', listedCalls: 2, lease },
      totals: { imported: 2, failed: 0, gone: 0, noConsent: 0, filtered: 0 },
    },
    calls: [1, 2].map(() => ({ status: 'completed', lease })),
    engagements: [engagement('c1'), engagement('c2')],
    counters: { imported: 2 },
    credentials: 0,
  };
}

/** The names of the checks that fail. */
async function failuresOf(outcome: object, read = objects.read): Promise<readonly string[]> {
  // Only what the checks read is there.
  const whole = outcome as unknown as Outcome;
  const checks = await checkOutcome({ outcome: whole, truth, customerId, objects: { read } });
  return checks.filter(({ passed }) => !passed).map(({ name }) => name);
}

it('finds nothing wrong with a perfect import', async () => {
  expect(await failuresOf(perfect())).toEqual([]);
});

it.each([
  [
    'a call is lost',
    { engagements: [engagement('c1')] },
    ['every call has its engagement', 'every recording is the very bytes'],
  ],
  [
    'a call is there twice',
    { engagements: [engagement('c1'), engagement('c2'), engagement('c2')] },
    ['no call has two engagements'],
  ],
  [
    'an engagement is of no call',
    { engagements: [engagement('c1'), engagement('c2'), engagement('c3')] },
    ['no engagement is foreign'],
  ],
  [
    "an engagement is another customer's",
    { engagements: [engagement('c1'), { ...engagement('c2'), customerId: 'other' }] },
    ['no engagement is foreign'],
  ],
  ['a counter was moved twice', { counters: { imported: 3 } }, ['the counter shards add up']],
  [
    'a call has failed',
    {
      calls: [
        { status: 'completed', lease },
        { status: 'failed', lease },
      ],
    },
    ['every call is completed'],
  ],
  [
    'a lease was not given back',
    { calls: [1, 2].map(() => ({ status: 'completed', lease: { ...lease, expiresAt: at } })) },
    ['every lease is free'],
  ],
  ['a credential is left', { credentials: 1 }, ['the one-off credential is gone']],
])('notices when %s', async (_what, change, names) => {
  expect(await failuresOf({ ...perfect(), ...change })).toEqual(names);
});

it("notices totals that are not the calls'", async () => {
  const { job } = perfect();
  const totals = { ...job.totals, imported: 1 };
  expect(await failuresOf({ ...perfect(), job: { ...job, totals } })).toEqual([
    "the job's totals are exact",
  ]);
});

it('notices other bytes than the platform has, and bytes that are not there', async () => {
  const names = ['every recording is the very bytes'];
  const other = async () => Readable.from([Buffer.from('abd')]);
  expect(await failuresOf(perfect(), other)).toEqual(names);
  const missing = () => Promise.reject(new Error('not found'));
  expect(await failuresOf(perfect(), missing)).toEqual(names);
});
