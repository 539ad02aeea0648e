import type { Engine } from '../engine.ts';
import { ImportError } from '../errors.ts';
import {
  toCallsPerSecond,
  type Credentials,
  type ImportContext,
  type Platform,
} from './import-context.ts';
import type { ImportJob } from './import-job.ts';
import { keepWhatWorks, verify } from './job-credentials.ts';
import type { CallFilters, DateRange } from './source-call.ts';

export interface ImportRequest {
  readonly customerId: string;
  readonly platform: Platform;
  /** For this import alone, already parsed by the context; null: none are needed, or they are named. */
  readonly credentials: Credentials | null;
  /** A stored credential of this customer and platform. */
  readonly credentialId?: string;
  readonly dateRange: DateRange;
  readonly filters: CallFilters;
  readonly schedule: 'auto' | 'now' | 'nightly';
  readonly dryRun: boolean;
  readonly requestedBy: string;
}

export interface ImportEstimate {
  readonly calls: number | null;
  readonly durationSeconds: number | null;
}

export interface CreatedImport {
  /** Null for a dry run: nothing was created. */
  readonly job: ImportJob | null;
  readonly estimate: ImportEstimate;
}

/**
 * Creates an import job: keeps the credentials sealed, verifies them with the platform, asks it how
 * many calls there are, writes the job, and pokes the reconcile loop. A crash between two of these
 * leaves a credential without a job, which the sweep destroys, or a job without a poke, which the
 * sweep gives it.
 * @throws `auth_invalid` with the platform's reason, `unavailable` when it can't be asked
 */
export async function createImport(
  engine: Engine,
  context: ImportContext,
  request: ImportRequest,
): Promise<CreatedImport> {
  const { credentials, credentialId } = request;
  const estimateWith = (verified: Credentials) =>
    estimateCalls(engine, context, { ...request, credentials: verified });
  const isKept = context.auth !== 'none' && (credentialId !== undefined || !request.dryRun);
  const { credential, result: calls } = isKept
    ? await keepWhatWorks(engine, { ...request, context }, estimateWith)
    : { credential: null, result: await estimateWith(await verify(context, credentials ?? {})) };
  const estimate = { calls, durationSeconds: estimateDuration(context, calls) };
  if (request.dryRun) return { job: null, estimate };
  const resolved = { ...request, credential, estimatedCalls: calls };
  const job = await writeJob(engine, context, resolved);
  const { id: jobId, customerId, platform } = job;
  engine.logs.jobCreated({ jobId, customerId, platform, estimatedCalls: calls });
  if (job.config.schedule === 'now') await pokeJob(engine, jobId, 'created');
  return { job, estimate };
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

type Resolved = ImportRequest & { readonly credentials: Credentials };

/** Null where the platform can't count, or not within `countTimeoutMs`. */
async function estimateCalls(
  engine: Engine,
  context: ImportContext,
  { credentials, dateRange, filters }: Resolved,
): Promise<number | null> {
  if (!context.countCalls) return null;
  const signal = AbortSignal.timeout(engine.settings.countTimeoutMs);
  try {
    return await context.countCalls(credentials, { dateRange, filters }, signal);
  } catch (error) {
    const isLate = error instanceof ImportError && error.retryable;
    if (isLate || signal.aborted) return null;
    throw error;
  }
}

/** Working time at the platform's own pace, in seconds. */
function estimateDuration(context: ImportContext, calls: number | null): number | null {
  if (calls === null) return null;
  return Math.ceil(calls / toCallsPerSecond(context.rateLimits));
}

async function writeJob(
  engine: Engine,
  context: ImportContext,
  request: ImportRequest & {
    readonly credential: ImportJob['credential'];
    readonly estimatedCalls: number | null;
  },
): Promise<ImportJob> {
  const { customerId, platform, credentials, dateRange, filters, requestedBy } = request;
  const { credential } = request;
  const now = engine.clock.now();
  const job: ImportJob = {
    ...emptyProgress(now),
    id: engine.createId(),
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
  await engine.jobs.create(job);
  return job;
}

/** Small imports start at once, as do those whose size nobody can say before listing them. */
function decideSchedule(
  { settings }: Engine,
  request: { readonly schedule: ImportRequest['schedule']; readonly estimatedCalls: number | null },
): 'now' | 'nightly' {
  if (request.schedule !== 'auto') return request.schedule;
  const isLarge = (request.estimatedCalls ?? 0) > settings.smallJobCalls;
  return isLarge ? 'nightly' : 'now';
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
      rejected: 0,
      failures: 0,
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
  };
}
