import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FirestoreMock } from '@firebase-bridge/firestore-admin';
import type { AuditLog } from '../../src/core/audit/audit-log.ts';
import type { CredentialRecords } from '../../src/core/credentials/credential-record.ts';
import type { CredentialStore } from '../../src/core/credentials/credential-store.ts';
import type { RotationStore } from '../../src/core/credentials/rotate-keys.ts';
import type { Directory } from '../../src/core/engagements/match-participants.ts';
import type { CallStore, JobStore } from '../../src/core/imports/import-store.ts';
import { createFirestoreAuditLog } from '../../src/gcp/firestore/audit-log.ts';
import { createFirestoreCredentialRecords } from '../../src/gcp/firestore/credential-records.ts';
import { createFirestoreRotation } from '../../src/gcp/firestore/key-rotation.ts';
import { createFirestoreDirectory } from '../../src/gcp/firestore/directory.ts';
import { createFirestoreCredentials } from '../../src/gcp/firestore/import-credentials.ts';
import { createFirestoreJobs } from '../../src/gcp/firestore/import-jobs.ts';
import { createFirestoreCalls } from '../../src/gcp/firestore/imported-calls.ts';
import { compareIndexes, IndexFile } from './index-coverage.ts';
import { recordQueries } from './query-recorder.ts';
import { requiredIndexFor } from './required-index.ts';

/**
 * Every way to call each method of a store, `byId` where it reads and writes by id only. A method
 * that is added to a port does not compile until it is here.
 */
type Calls<Store> = {
  readonly [Method in keyof Required<Store>]: 'byId' | ((store: Store) => Promise<unknown>[]);
};

const now = new Date('2026-01-02T03:04:05Z');
const credentialCalls: Calls<CredentialStore> = {
  create: 'byId',
  get: 'byId',
  transact: 'byId',
  remove: 'byId',
  listOneOff: (store) => [store.listOneOff(10)],
};
const recordCalls: Calls<CredentialRecords> = {
  get: 'byId',
  recordCheck: 'byId',
  list: (store) =>
    ([null, 'gong'] as const).flatMap((platform) =>
      [null, { createdAt: now, id: 'credential' }].map((after) =>
        store.list({ customerId: 'customer', platform, limit: 10, after }),
      ),
    ),
};
const rotationCalls: Calls<RotationStore> = {
  get: 'byId',
  save: 'byId',
  listAfter: (store) => [null, 'credential'].map((id) => store.listAfter(id, 10)),
};
const auditCalls: Calls<AuditLog> = {
  open: 'byId',
  close: 'byId',
  list: (store) =>
    ([null, 'customer'] as const).flatMap((customerId) =>
      ([null, 'ann@example.com'] as const).flatMap((actor) =>
        ([null, 'createImport'] as const).flatMap((action) =>
          [null, now].map((from) => {
            const after = from && { at: now, id: 'entry' };
            return store.list({ customerId, actor, action, from, to: from, limit: 10, after });
          }),
        ),
      ),
    ),
};
const directoryCalls: Calls<Directory> = {
  findCompanies: (store) => [store.findCompanies('customer', ['acme.example'])],
  findContacts: (store) => [
    store.findContacts('customer', { emails: ['ann@acme.example'], phones: ['+15550100'] }),
  ],
};
const jobCalls: Calls<JobStore> = {
  create: 'byId',
  get: 'byId',
  transact: 'byId',
  sumTotals: (store) => [store.sumTotals('job')],
  findByCredential: (store) => [store.findByCredential('customer', 'credential')],
  findOpenByCredential: (store) => [store.findOpenByCredential('customer', 'credential')],
  listByStatus: (store) => [store.listByStatus(['queued', 'in_progress'], 10)],
  listUnsettled: (store) => [store.listUnsettled(now, 10)],
  list: (store) =>
    ([null, 'failed'] as const).flatMap((status) =>
      ([null, 'gong'] as const).flatMap((platform) =>
        [null, { createdAt: now, id: 'job' }].map((after) =>
          store.list({ customerId: 'customer', status, platform, limit: 10, after }),
        ),
      ),
    ),
};
const callCalls: Calls<CallStore> = {
  get: 'byId',
  getMany: 'byId',
  getEngagement: 'byId',
  search: (store) => [store.search({ customerId: 'customer', terms: ['word acme'], limit: 10 })],
  getPage: 'byId',
  transact: 'byId',
  transactPage: 'byId',
  list: (store) =>
    ([null, 'failed'] as const).flatMap((status) =>
      [null, 'call'].map((afterCallKey) =>
        store.list({ jobId: 'job', status, limit: 10, afterCallKey }),
      ),
    ),
  listOverdue: (store) => [store.listOverdue('job', now, 10)],
  listPendingBelow: (store) => [store.listPendingBelow('job', 3, 10)],
  countOpenBelow: (store) => [store.countOpenBelow('job', 3)],
  countByStatus: (store) => [store.countByStatus('job', 'completed')],
};

function callAll<Store>(store: Store, calls: Calls<Store>): Promise<unknown>[] {
  const all = Object.values<Calls<Store>[keyof Store]>(calls);
  return all.flatMap((call) => (call === 'byId' ? [] : call(store)));
}

describe('firestore.indexes.json', () => {
  it('has the indexes that the stores’ queries need, and no other', async () => {
    const db = new FirestoreMock().createDatabase().firestore();
    const recorder = recordQueries(db);
    const directory = createFirestoreDirectory(db, { clock: { now: () => now }, cacheMs: 1000 });
    await Promise.all([
      ...callAll(createFirestoreCredentials(db), credentialCalls),
      ...callAll(createFirestoreCredentialRecords(db), recordCalls),
      ...callAll(createFirestoreAuditLog(db), auditCalls),
      ...callAll(createFirestoreRotation(db), rotationCalls),
      ...callAll(directory, directoryCalls),
      ...callAll(createFirestoreJobs(db), jobCalls),
      ...callAll(createFirestoreCalls(db), callCalls),
    ]);
    const file = path.resolve(import.meta.dirname, '../../../firestore.indexes.json');
    const deployed = IndexFile.parse(JSON.parse(readFileSync(file, 'utf8')));

    expect(compareIndexes(recorder.queries.map(requiredIndexFor), deployed)).toEqual({
      missing: [],
      unused: [],
      exempted: [],
    });
  });
});
