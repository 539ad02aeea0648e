import { FieldPath, type Firestore } from 'firebase-admin/firestore';
import { ImportError } from '../../core/errors.ts';
import { ImportJob, openStatuses } from '../../core/imports/import-job.ts';
import type { JobStore } from '../../core/imports/import-store.ts';
import { collectionsOf } from './collections.ts';
import { sumTotals } from './counters.ts';
import {
  inTransaction,
  parseDocument,
  parseDocuments,
  parseReadable,
  translated,
  type ReportUnreadable,
} from './documents.ts';

/** Import jobs in `importJobs/{jobId}`, their counters in `importJobs/{jobId}/counters`. */
export function createFirestoreJobs(
  db: Firestore,
  reportUnreadable: ReportUnreadable = () => undefined,
): JobStore {
  const collections = collectionsOf(db);
  const { jobs } = collections;
  return {
    async create(job) {
      // A second execution finds the id taken: `conflict`, nothing changed.
      await translated(() => jobs.doc(job.id).create(job));
    },
    get: (jobId) => translated(async () => parseDocument(await jobs.doc(jobId).get(), ImportJob)),
    list: ({ customerId, status, platform, limit, after }) =>
      translated(async () => {
        let query = jobs.where('customerId', '==', customerId);
        if (status) query = query.where('status', '==', status);
        if (platform) query = query.where('platform', '==', platform);
        query = query.orderBy('createdAt', 'desc').orderBy(FieldPath.documentId(), 'desc');
        if (after) query = query.startAfter(after.createdAt, after.id);
        return parseDocuments((await query.limit(limit).get()).docs, ImportJob);
      }),
    listByStatus: (statuses, limit) =>
      translated(async () => {
        const query = jobs
          .where('status', 'in', [...statuses])
          .orderBy('createdAt')
          .limit(limit);
        return parseReadable((await query.get()).docs, ImportJob, reportUnreadable);
      }),
    listUnsettled: (now, limit) =>
      translated(async () => {
        const query = jobs.where('settleAt', '<=', now).orderBy('settleAt').limit(limit);
        return parseReadable((await query.get()).docs, ImportJob, reportUnreadable);
      }),
    findByCredential: (customerId, credentialId) =>
      translated(async () => {
        const query = jobs
          .where('customerId', '==', customerId)
          .where('credential.id', '==', credentialId)
          .limit(1);
        return parseDocuments((await query.get()).docs, ImportJob)[0] ?? null;
      }),
    findOpenByCredential: (customerId, credentialId) =>
      translated(async () => {
        const query = jobs
          .where('customerId', '==', customerId)
          .where('credential.id', '==', credentialId)
          .where('status', 'in', [...openStatuses])
          .limit(1);
        return parseDocuments((await query.get()).docs, ImportJob)[0] ?? null;
      }),
    transact: (jobId, decide) =>
      inTransaction(db, async (transaction) => {
        const reference = jobs.doc(jobId);
        const found = parseDocument(await transaction.get(reference), ImportJob);
        const decision = decide(found ?? noSuchJob(jobId));
        if (decision.job) transaction.set(reference, decision.job);
        return decision.result;
      }),
    sumTotals: (jobId) => translated(() => sumTotals(collections, jobId)),
  };
}

/** @throws `not_found`, always */
export function noSuchJob(jobId: string): never {
  throw new ImportError({
    kind: 'not_found',
    source: 'firestore',
    publicMessage: `There is no import "${jobId}". GET /admin/imports?customerId=… lists a customer's imports.`,
  });
}
