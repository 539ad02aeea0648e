import {
  FieldValue,
  type DocumentReference,
  type Firestore,
  type Timestamp,
  type Transaction,
  type UpdateData,
  type DocumentData,
} from 'firebase-admin/firestore';
import { ImportedCall } from '../../core/imports/imported-call.ts';
import { ImportJob } from '../../core/imports/import-job.ts';
import type {
  CallDecision,
  CallStore,
  CallTarget,
  FoundCall,
} from '../../core/imports/import-store.ts';
import type { Collections } from './collections.ts';
import { moveTotals, toTotalsDelta } from './counters.ts';
import {
  createDocumentMemory,
  inTransaction,
  isRefusalOfCommit,
  parseDocument,
  translated,
  type Writes,
} from './documents.ts';
import { toStoredCall } from './stored-call.ts';

interface ReadCall {
  readonly found: FoundCall;
  /** When the call was last written; null: there is none. */
  readonly version: Timestamp | null;
}

/**
 * Changes calls, mostly without a transaction: a call that is changed in the state in which it was
 * read, or last written by us, needs no lock, and the job beside it, which every claim looks at, is
 * not locked against its own loop. Whatever stands in the way of such a write, a newer state or a
 * lost answer, is settled by a transaction, which reads everything again.
 *
 * Reads the call and the job, a call that is known not at all; writes the fields that change, and at
 * the end the engagement and one counter.
 */
export function createCallTransactor(
  db: Firestore,
  collections: Collections,
): CallStore['transact'] {
  // Every claim reads the job, which changes about once a second.
  const parseJob = createDocumentMemory(ImportJob);
  /** Of calls that we wrote, as long as somebody holds them. */
  const versions = new WeakMap<ImportedCall, Timestamp>();

  async function find({ callKey, jobId }: CallTarget, reader: Reader): Promise<ReadCall> {
    const reference = collections.calls.doc(callKey);
    const references = jobId ? [reference, collections.jobs.doc(jobId)] : [reference];
    const [call, job] = await reader.getAll(...references);
    const found = {
      call: call ? parseDocument(call, ImportedCall) : null,
      job: job ? parseJob(job) : null,
    };
    return { found, version: call?.updateTime ?? null };
  }

  /** Null: what we know is not enough, or not true any more. */
  async function changeAtOnce<T>(
    target: CallTarget,
    decide: (found: FoundCall) => CallDecision<T>,
  ): Promise<{ readonly result: T } | null> {
    const { known } = target;
    const knownVersion = known && versions.get(known);
    if (known && !knownVersion) return null;
    const { found, version } =
      known && knownVersion
        ? { found: { call: known, job: null }, version: knownVersion }
        : await find(target, db);
    const decision = decide(found);
    // What we know may be old: that there is nothing to do is only believed of what was read.
    if (!decision.call) return known ? null : { result: decision.result };
    const batch = db.batch();
    writeDecision(batch, collections, { target, found, version, decision });
    const [written] = await batch.commit();
    if (written) versions.set(decision.call, written.writeTime);
    return { result: decision.result };
  }

  return (target, decide) =>
    translated(async () => {
      const done = await changeAtOnce(target, decide).catch((error: unknown) => {
        if (isRefusalOfCommit(error)) return null;
        throw error;
      });
      if (done) return done.result;
      return inTransaction(db, async (transaction) => {
        const { found } = await find(target, transaction);
        const decision = decide(found);
        // Its reads are the transaction's precondition.
        writeDecision(transaction, collections, { target, found, version: null, decision });
        return decision.result;
      });
    });
}

type Reader = Pick<Firestore | Transaction, 'getAll'>;

function writeDecision(
  writes: Writes,
  collections: Collections,
  change: {
    readonly target: CallTarget;
    readonly found: FoundCall;
    readonly version: Timestamp | null;
    readonly decision: CallDecision<unknown>;
  },
): void {
  const { target, found, version } = change;
  const { call: after, engagement } = change.decision;
  if (!after) return;
  const reference = collections.calls.doc(target.callKey);
  writeCall(writes, reference, { before: found.call, after, version });
  // Created, never replaced: a second engagement of the same call is refused by the store itself.
  if (engagement) writes.create(collections.engagements.doc(engagement.id), engagement);
  const delta = toTotalsDelta([{ before: found.call, after }]);
  moveTotals(writes, collections, { jobId: after.jobId, shardKey: target.callKey, delta });
}

function writeCall(
  writes: Writes,
  reference: DocumentReference,
  change: {
    readonly before: ImportedCall | null;
    readonly after: ImportedCall;
    readonly version: Timestamp | null;
  },
): void {
  const { before, after, version } = change;
  if (!before) writes.create(reference, toStoredCall(after));
  else {
    const precondition = version ? { lastUpdateTime: version } : {};
    writes.update(reference, toChanges(before, after), precondition);
  }
}

/** What is not the same object as before; a field that the new state does not have is deleted. */
function toChanges(before: ImportedCall, after: ImportedCall): UpdateData<DocumentData> {
  const isKnownSame = before.metadata === after.metadata;
  const stored = isKnownSame ? after : toStoredCall(after);
  const old = new Map<string, unknown>(Object.entries(before));
  const changed = Object.entries(stored).filter(([name, value]) => old.get(name) !== value);
  const gone = [...old.keys()].filter((name) => !(name in after));
  const deleted = gone.map((name): [string, unknown] => [name, FieldValue.delete()]);
  return Object.fromEntries<unknown>([...changed, ...deleted]);
}
