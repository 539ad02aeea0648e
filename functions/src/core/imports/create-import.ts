import type { Engine } from '../engine.ts';
import { ImportError } from '../errors.ts';
import {
  decideSchedule,
  estimateCalls,
  estimateDuration,
  type ImportScope,
} from './estimate-import.ts';
import type { Credentials, ImportContext, Platform } from './import-context.ts';
import type { ImportJob } from './import-job.ts';
import { keepWhatWorks, verify } from './job-credentials.ts';

export interface ImportRequest extends Omit<ImportScope, 'credentials'> {
  /** Of the job, where a repeat of this request shall find it; null: any new one. */
  readonly id: string | null;
  readonly customerId: string;
  readonly platform: Platform;
  /** For this import alone, already parsed by the context; null: none are needed, or they are named. */
  readonly credentials: Credentials | null;
  /** A stored credential of this customer and platform. */
  readonly credentialId?: string;
  readonly schedule: 'auto' | 'now' | 'nightly';
  readonly requestedBy: string;
}

export interface CreatedImport {
  readonly job: ImportJob;
  readonly estimate: { readonly calls: number | null; readonly durationSeconds: number | null };
}

/**
 * Creates an import job: keeps the credentials sealed, verifies them with the platform, asks it how
 * many calls there are, writes the job, and pokes the reconcile loop. A crash between two of these
 * leaves a credential without a job, which the sweep destroys, or a job without a poke, which the
 * sweep gives it, or a repeat with the same `id`, which answers with the job it finds.
 * @throws `auth_invalid` with the platform's reason, `unavailable` when it can't be asked
 */
export async function createImport(
  engine: Engine,
  context: ImportContext,
  request: ImportRequest,
): Promise<CreatedImport> {
  const known = request.id === null ? null : await engine.jobs.get(request.id);
  if (known) {
    return announce(engine, context, { job: known, calls: known.listing.platformCount });
  }
  const estimateWith = (credentials: Credentials) =>
    estimateCalls(engine, context, { ...request, credentials });
  const { credential, result: calls } =
    context.auth === 'none'
      ? {
          credential: null,
          result: await estimateWith(await verify(context, request.credentials ?? {})),
        }
      : await keepWhatWorks(engine, { ...request, context }, estimateWith);
  const job = await writeJob(engine, context, { ...request, credential, calls });
  const { id: jobId, customerId, platform } = job;
  engine.logs.jobCreated({ jobId, customerId, platform, estimatedCalls: calls });
  return announce(engine, context, { job, calls });
}

/** The queue takes the poke once, however often a request is repeated. */
async function announce(
  engine: Engine,
  context: ImportContext,
  { job, calls }: { readonly job: ImportJob; readonly calls: number | null },
): Promise<CreatedImport> {
  if (job.config.schedule === 'now') await pokeJob(engine, job.id, 'created');
  return { job, estimate: { calls, durationSeconds: estimateDuration(context, calls) } };
}

/** Asks the reconcile loop to look at a job soon; `reason` makes one poke of several. */
export async function pokeJob(engine: Engine, jobId: string, reason: string): Promise<void> {
  await engine.queue.enqueue({
    queue: 'advanceJob',
    name: `advance-${jobId}-${reason}`,
    payload: { jobId },
    runAt: null,
  });
}

async function writeJob(
  engine: Engine,
  context: ImportContext,
  request: ImportRequest & Pick<ImportJob, 'credential'> & { readonly calls: number | null },
): Promise<ImportJob> {
  const { customerId, platform, credentials, dateRange, filters, requestedBy } = request;
  const { credential } = request;
  const now = engine.clock.now();
  const job: ImportJob = {
    ...emptyProgress(now),
    id: request.id ?? engine.createId(),
    customerId,
    platform,
    jobType: 'import',
    requestedBy,
    credential,
    config: {
      dateRange,
      filters: { ...filters },
      schedule: decideSchedule(engine, request),
      inputs: context.auth === 'none' ? toInputs(credentials ?? {}) : null,
    },
  };
  return storeJob(engine, job);
}

/** Writes the job, or finds the one that it is: a commit whose answer was lost did happen. */
async function storeJob(engine: Engine, job: ImportJob): Promise<ImportJob> {
  try {
    await engine.jobs.create(job);
    return job;
  } catch (error) {
    const isTaken = error instanceof ImportError && error.kind === 'conflict';
    const known = isTaken ? await engine.jobs.get(job.id) : null;
    if (!known) throw error;
    // Another request with this id came through meanwhile: it has a credential of its own.
    const { credential } = job;
    if (credential?.type === 'one_off' && credential.id !== known.credential?.id) {
      await engine.vault.destroy(credential.id);
    }
    return known;
  }
}

function toInputs(credentials: Credentials): Record<string, string> {
  return Object.fromEntries(
    Object.entries(credentials).map(([name, value]) => [name, String(value)]),
  );
}

function emptyProgress(now: Date) {
  return {
    status: 'queued' as const,
    createdAt: now,
    updatedAt: now,
    startedAt: null,
    completedAt: null,
    listing: {
      cursor: null,
      isFinished: false,
      pages: 0,
      platformCount: null,
      gaps: null,
      rejected: 0,
      failures: 0,
      replayPage: null,
    },
    listedCalls: 0,
    duplicateCalls: 0,
    totals: { imported: 0, failed: 0, gone: 0, noConsent: 0, filtered: 0 },
    dispatch: {
      nextPage: 0,
      calls: 0,
      overdueCheckedAt: null,
      redispatch: null,
      round: 0,
      allowance: null,
      allowanceHour: null,
    },
    lease: { holder: '', epoch: 0, expiresAt: null },
    lastError: null,
    limitedUntil: null,
    movedAt: null,
    nextAdvanceAt: null,
    settleAt: null,
  };
}
