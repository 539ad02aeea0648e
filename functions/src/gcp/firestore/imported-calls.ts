import { FieldPath, type Firestore, type Transaction } from 'firebase-admin/firestore';
import { z } from 'zod';
import { Engagement } from '../../core/engagements/engagement.ts';
import { ImportedCall } from '../../core/imports/imported-call.ts';
import { ImportJob, jobStatuses, type JobStatus } from '../../core/imports/import-job.ts';
import type {
  CallPage,
  CallStore,
  PageDecision,
  PageFacts,
} from '../../core/imports/import-store.ts';
import { createCallTransactor } from './call-transactor.ts';
import { collectionsOf, type Collections } from './collections.ts';
import { moveTotals, toTotalsDelta } from './counters.ts';
import { inTransaction, parseDocument, parseDocuments, translated } from './documents.ts';
import { noSuchJob } from './import-jobs.ts';
import { toStoredCall } from './stored-call.ts';

const StoredPage: z.ZodType<CallPage> = z.object({
  index: z.int(),
  cursor: z.string().nullable().default(null),
  callKeys: z.array(z.string()),
  duplicates: z.array(
    z.object({
      callKey: z.string(),
      sourceCallId: z.string(),
      title: z.string().nullable(),
      heldByJobId: z.string(),
      reason: z.enum(['imported_before', 'in_another_import']),
    }),
  ),
  rejected: z.array(z.object({ sourceCallId: z.string().nullable(), reason: z.string() })),
  days: z.record(z.string(), z.int()).default({}),
});

const JobState = z.object({ status: z.enum(jobStatuses) });

const SearchTerms = z.array(z.string());

const openStatuses = ['pending', 'downloading', 'transcribing', 'processing'];

/** Calls in `importedCalls/{callKey}`, pages in `importJobs/{jobId}/pages`, results in `engagements/{callKey}`. */
export function createFirestoreCalls(db: Firestore): CallStore {
  const collections = collectionsOf(db);
  const { calls, engagements, pages } = collections;
  const ofJob = (jobId: string) => calls.where('jobId', '==', jobId);
  return {
    get: (callKey) =>
      translated(async () => parseDocument(await calls.doc(callKey).get(), ImportedCall)),
    getMany: (callKeys) =>
      translated(async () => {
        if (callKeys.length === 0) return [];
        const references = callKeys.map((callKey) => calls.doc(callKey));
        return parseDocuments(await db.getAll(...references), ImportedCall);
      }),
    search: ({ customerId, terms, limit }) =>
      translated(async () => {
        const [longest] = terms.toSorted((a, b) => b.length - a.length);
        const ofCustomer = calls.where('customerId', '==', customerId);
        const query = ofCustomer.where('searchTerms', 'array-contains', longest).limit(limit);
        const found = (await query.get()).docs.filter((document) => {
          const stored = SearchTerms.parse(document.get('searchTerms'));
          return terms.every((term) => stored.includes(term));
        });
        return parseDocuments(found, ImportedCall);
      }),
    getEngagement: (callKey) =>
      translated(async () => parseDocument(await engagements.doc(callKey).get(), Engagement)),
    getPage: (jobId, index) =>
      translated(async () => {
        const snapshot = await pages(jobId).doc(toPageId(index)).get();
        return parseDocument(snapshot, StoredPage);
      }),
    list: ({ jobId, status, limit, afterCallKey }) =>
      translated(async () => {
        let query = status ? ofJob(jobId).where('status', '==', status) : ofJob(jobId);
        query = query.orderBy(FieldPath.documentId());
        if (afterCallKey) query = query.startAfter(afterCallKey);
        return parseDocuments((await query.limit(limit).get()).docs, ImportedCall);
      }),
    transact: createCallTransactor(db, collections),
    transactPage: (target, decide) => transactPage({ db, collections, target }, decide),
    listOverdue: (jobId, now, limit) =>
      translated(async () => {
        const query = ofJob(jobId).where('checkAfter', '<=', now).orderBy('checkAfter');
        return parseDocuments((await query.limit(limit).get()).docs, ImportedCall);
      }),
    listPendingBelow: (jobId, page, limit) =>
      translated(async () => {
        const pending = ofJob(jobId).where('status', '==', 'pending').where('page', '<', page);
        const query = pending.orderBy('page').limit(limit);
        return parseDocuments((await query.get()).docs, ImportedCall);
      }),
    countOpenBelow: (jobId, page) =>
      translated(async () => {
        const open = ofJob(jobId).where('status', 'in', openStatuses).where('page', '<', page);
        const counted = await open.count().get();
        return counted.data().count;
      }),
    countByStatus: (jobId, status) =>
      translated(async () => {
        const counted = await ofJob(jobId).where('status', '==', status).count().get();
        return counted.data().count;
      }),
  };
}

interface Place<Target> {
  readonly db: Firestore;
  readonly collections: Collections;
  readonly target: Target;
}

/**
 * One read per listed call, one per other job among their holders, and one per earlier page that shows
 * one of their duplicates; O(1) writes beside the calls.
 */
function transactPage<T>(
  {
    db,
    collections,
    target,
  }: Place<{ readonly jobId: string; readonly callKeys: readonly string[] }>,
  decide: (found: PageFacts) => PageDecision<T>,
): Promise<T> {
  const { jobId, callKeys } = target;
  const jobReference = collections.jobs.doc(jobId);
  return inTransaction(db, async (transaction) => {
    const references = callKeys.map((callKey) => collections.calls.doc(callKey));
    const [jobSnapshot, ...snapshots] = await transaction.getAll(jobReference, ...references);
    const job = jobSnapshot ? parseDocument(jobSnapshot, ImportJob) : null;
    if (!job) return noSuchJob(jobId);
    const known = parseDocuments(snapshots, ImportedCall);
    const calls = new Map(known.map((call) => [call.callKey, call]));
    const holders = await readHolders(transaction, collections, { jobId, calls: known });
    const noted = await readNoted(transaction, collections, { job, calls: known });
    const decision = decide({ job, calls, holders, noted });
    if (decision.job) transaction.set(jobReference, decision.job);
    const { page, changedPage } = decision;
    for (const one of [page, changedPage]) {
      if (!one) continue;
      transaction.set(collections.pages(jobId).doc(toPageId(one.index)), toStored(one));
    }
    for (const call of decision.calls) {
      transaction.set(collections.calls.doc(call.callKey), toStoredCall(call));
    }
    const changes = decision.calls.map((after) => ({
      before: calls.get(after.callKey) ?? null,
      after,
    }));
    const delta = toTotalsDelta(changes);
    moveTotals(transaction, collections, { jobId, shardKey: `page-${page?.index ?? 0}`, delta });
    return decision.result;
  });
}

async function readHolders(
  transaction: Transaction,
  { jobs }: Collections,
  known: { readonly jobId: string; readonly calls: readonly ImportedCall[] },
): Promise<ReadonlyMap<string, JobStatus>> {
  const others = new Set(known.calls.map((call) => call.jobId));
  others.delete(known.jobId);
  if (others.size === 0) return new Map();
  const references = [...others].map((jobId) => jobs.doc(jobId));
  const snapshots = await transaction.getAll(...references);
  return new Map(
    snapshots.flatMap((snapshot): [string, JobStatus][] => {
      const state = JobState.safeParse(snapshot.data());
      return state.success ? [[snapshot.id, state.data.status]] : [];
    }),
  );
}

/** Values that one query compares an array with: Firestore takes 30, the embedded store ten. */
const maxCompared = 10;

/** A platform that repeats a page shows duplicates again: each was noted once, on one of the job's pages. */
async function readNoted(
  transaction: Transaction,
  { pages }: Collections,
  { job, calls }: { readonly job: ImportJob; readonly calls: readonly ImportedCall[] },
): Promise<ReadonlySet<string>> {
  const others = calls.filter((call) => call.jobId !== job.id).map((call) => call.callKey);
  const noted = new Set<string>();
  if (job.duplicateCalls === 0) return noted;
  for (let start = 0; start < others.length; start += maxCompared) {
    const keys = others.slice(start, start + maxCompared);
    const query = pages(job.id).where('duplicateKeys', 'array-contains-any', keys);
    for (const { duplicates } of parseDocuments((await transaction.get(query)).docs, StoredPage)) {
      for (const { callKey } of duplicates) noted.add(callKey);
    }
  }
  return noted;
}

/** Beside the duplicates their keys, by which a page is found. */
function toStored(page: CallPage): CallPage & { readonly duplicateKeys: readonly string[] } {
  return { ...page, duplicateKeys: page.duplicates.map((duplicate) => duplicate.callKey) };
}

function toPageId(index: number): string {
  return String(index).padStart(6, '0');
}
