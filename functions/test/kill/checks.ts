import { createHash } from 'node:crypto';
import type { Firestore } from 'firebase-admin/firestore';
import { Engagement } from '../../src/core/engagements/engagement.ts';
import { ImportedCall } from '../../src/core/imports/imported-call.ts';
import { ImportJob } from '../../src/core/imports/import-job.ts';
import type { ObjectStore } from '../../src/core/ports.ts';
import { parseDocument, parseDocuments } from '../../src/gcp/firestore/documents.ts';
import type { SandboxCall } from '../../src/kit/sandbox.ts';

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  /** What was found. */
  readonly found: string;
}

export interface Outcome {
  readonly job: ImportJob | null;
  readonly calls: readonly ImportedCall[];
  readonly engagements: readonly Engagement[];
  /** The counter shards, added up by their own names. */
  readonly counters: Readonly<Record<string, number>>;
  readonly credentials: number;
}

/** Everything that the import has left in the store. */
export async function readOutcome(db: Firestore, jobId: string): Promise<Outcome> {
  const reference = db.collection('importJobs').doc(jobId);
  const [job, calls, engagements, shards, credentials] = await Promise.all([
    reference.get(),
    db.collection('importedCalls').get(),
    db.collection('engagements').get(),
    reference.collection('counters').get(),
    db.collection('importCredentials').get(),
  ]);
  const counters: Record<string, number> = {};
  for (const shard of shards.docs) {
    for (const [name, count] of Object.entries(shard.data())) {
      counters[name] = (counters[name] ?? 0) + Number(count);
    }
  }
  return {
    job: parseDocument(job, ImportJob),
    calls: parseDocuments(calls.docs, ImportedCall),
    engagements: parseDocuments(engagements.docs, Engagement),
    counters,
    credentials: credentials.size,
  };
}

/** Holds what the import has left against what the platform really has. */
export async function checkOutcome(options: {
  readonly outcome: Outcome;
  readonly truth: readonly SandboxCall[];
  readonly customerId: string;
  readonly objects: Pick<ObjectStore, 'read'>;
}): Promise<readonly Check[]> {
  const { outcome, truth, objects } = options;
  const { job, engagements } = outcome;
  return [
    toCheck('the import is completed', job?.status === 'completed', job?.status ?? 'no job'),
    ...checkEngagements(options),
    ...checkCounts(outcome, truth.length),
    checkLeases(outcome),
    toCheck(
      'the one-off credential is gone',
      outcome.credentials === 0,
      `${outcome.credentials} stored`,
    ),
    await checkMedia({ engagements, truth, objects }),
  ];
}

/** A check and what it found. */
export function toCheck(name: string, passed: boolean, found: string): Check {
  return { name, passed, found };
}

function checkEngagements(options: {
  readonly outcome: Outcome;
  readonly truth: readonly SandboxCall[];
  readonly customerId: string;
}): readonly Check[] {
  const { truth, customerId } = options;
  const { engagements, job } = options.outcome;
  const known = new Set(truth.map(({ sourceCallId }) => sourceCallId));
  const seen = new Set(engagements.map(({ sourceCallId }) => sourceCallId));
  const missing = [...known].filter((id) => !seen.has(id)).length;
  const twice = engagements.length - seen.size;
  const foreign = engagements.filter(
    (engagement) =>
      !known.has(engagement.sourceCallId) ||
      engagement.customerId !== customerId ||
      engagement.importBatchId !== job?.id,
  ).length;
  return [
    toCheck('every call has its engagement', missing === 0, `${missing} missing`),
    toCheck('no call has two engagements', twice === 0, `${twice} twice`),
    toCheck('no engagement is foreign', foreign === 0, `${foreign} foreign`),
  ];
}

function checkCounts({ job, calls, counters }: Outcome, expected: number): readonly Check[] {
  const totals = JSON.stringify(job?.totals ?? null);
  const exact = { imported: expected, failed: 0, gone: 0, noConsent: 0, filtered: 0 };
  const isCounted = totals === JSON.stringify(exact) && job?.listedCalls === expected;
  const shards = Object.entries(counters).filter(([, count]) => count !== 0);
  const completed = calls.filter(({ status }) => status === 'completed').length;
  return [
    toCheck("the job's totals are exact", isCounted, totals),
    toCheck(
      'the counter shards add up',
      JSON.stringify(shards) === JSON.stringify([['imported', expected]]),
      JSON.stringify(Object.fromEntries(shards)),
    ),
    toCheck(
      'every call is completed',
      completed === expected && calls.length === expected,
      `${completed} of ${calls.length} completed`,
    ),
  ];
}

function checkLeases({ job, calls }: Outcome): Check {
  const leases = [...calls.map(({ lease }) => lease), ...(job ? [job.lease] : [])];
  const taken = leases.filter(({ expiresAt }) => expiresAt !== null).length;
  return toCheck('every lease is free', taken === 0, `${taken} taken`);
}

/** By the bytes in the store, not by what the engagement says of them. */
async function checkMedia(options: {
  readonly engagements: readonly Engagement[];
  readonly truth: readonly SandboxCall[];
  readonly objects: Pick<ObjectStore, 'read'>;
}): Promise<Check> {
  const engagements = new Map(options.engagements.map((it) => [it.sourceCallId, it]));
  let wrong = 0;
  for (const { sourceCallId, mediaSha256 } of options.truth) {
    const media = engagements.get(sourceCallId)?.media ?? null;
    // An object that is not there, or can't be read, is not the bytes.
    const stored = media ? await hashObject(options.objects, media.key).catch(() => null) : null;
    if (stored !== mediaSha256 || (media?.sha256 ?? null) !== mediaSha256) wrong += 1;
  }
  return toCheck('every recording is the very bytes', wrong === 0, `${wrong} differ`);
}

async function hashObject(objects: Pick<ObjectStore, 'read'>, key: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await objects.read(key)) hash.update(chunk);
  return hash.digest('hex');
}
