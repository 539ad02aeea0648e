import { z } from 'zod';
import type { Engagement } from '../../../src/core/engagements/engagement.ts';
import type { ImportedCall } from '../../../src/core/imports/imported-call.ts';
import type { ImportJob } from '../../../src/core/imports/import-job.ts';
import type { TestWorld } from './test-world.ts';

/** The job as stored. */
export async function readJob({ engine }: TestWorld, jobId: string): Promise<ImportJob> {
  const job = await engine.jobs.get(jobId);
  if (!job) throw new Error(`There is no job ${jobId}.`);
  return job;
}

/** Every call of a job, in the order of their keys. */
export function readCalls({ engine }: TestWorld, jobId: string): Promise<readonly ImportedCall[]> {
  return engine.calls.list({ jobId, status: null, limit: 5_000, afterCallKey: null });
}

/** Every engagement there is, whoever's. */
export async function readEngagements({ db, engine }: TestWorld): Promise<readonly Engagement[]> {
  const { docs } = await db.collection('engagements').get();
  const found = await Promise.all(docs.map((doc) => engine.calls.getEngagement(doc.id)));
  return found.filter((engagement) => engagement !== null);
}

const Shard = z.object({ imported: z.number().default(0), failed: z.number().default(0) });

/** What must hold of a world whose one import is through, however it got there. */
export interface WholeImport {
  readonly status: string;
  readonly listed: number;
  readonly totals: ImportJob['totals'];
  /** The sum of the counters, whatever the job says. */
  readonly counted: { readonly imported: number; readonly failed: number };
  readonly engagements: number;
  /** Source calls with an engagement, each once. */
  readonly sourceCalls: readonly string[];
  readonly callStatuses: readonly string[];
  /** Leases that somebody still has, of the job and its calls. */
  readonly leases: number;
  readonly credentials: number;
}

/** Gathers those facts from the store itself. */
export async function readWholeImport(world: TestWorld, jobId: string): Promise<WholeImport> {
  const { db } = world;
  const [job, calls, engagements] = await Promise.all([
    readJob(world, jobId),
    readCalls(world, jobId),
    readEngagements(world),
  ]);
  const shards = await db.collection(`importJobs/${jobId}/counters`).get();
  const sums = shards.docs.map((doc) => Shard.parse(doc.data()));
  const credentials = await db.collection('importCredentials').get();
  return {
    status: job.status,
    listed: job.listedCalls,
    totals: job.totals,
    counted: {
      imported: sums.reduce((sum, shard) => sum + shard.imported, 0),
      failed: sums.reduce((sum, shard) => sum + shard.failed, 0),
    },
    engagements: engagements.length,
    sourceCalls: engagements.map((engagement) => engagement.sourceCallId).sort(),
    callStatuses: [...new Set(calls.map((call) => call.status))],
    leases: [job, ...calls].filter(({ lease }) => lease.expiresAt !== null).length,
    credentials: credentials.size,
  };
}

/** What `readWholeImport` finds where every call of the Grain account was brought over. */
export function wholeImport(world: TestWorld): WholeImport {
  return wholeImportOf(world.sandbox.truth().map((call) => call.sourceCallId));
}

/** The same for these calls. */
export function wholeImportOf(sourceCallIds: readonly string[]): WholeImport {
  const imported = sourceCallIds.length;
  return {
    status: 'completed',
    listed: imported,
    totals: { imported, failed: 0, gone: 0, noConsent: 0, filtered: 0 },
    counted: { imported, failed: 0 },
    engagements: imported,
    sourceCalls: [...sourceCallIds].sort(),
    callStatuses: ['completed'],
    leases: 0,
    credentials: 0,
  };
}
