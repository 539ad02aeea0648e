import { z } from 'zod';
import { ImportError } from '../errors.ts';
import { CountGap } from './find-gaps.ts';
import { platforms } from './import-context.ts';
import { DateRange } from './source-call.ts';

export const Lease = z.object({
  holder: z.string(),
  /** Grows by one with every claim: a write of an earlier holder names an older epoch and is refused. */
  epoch: z.int().nonnegative(),
  /** In the past or null: free. */
  expiresAt: z.date().nullable(),
});
export type Lease = z.infer<typeof Lease>;

/** What ended, by how it ended; the sum over the job's counter shards. */
export const CallTotals = z.object({
  imported: z.int(),
  failed: z.int(),
  gone: z.int(),
  noConsent: z.int(),
  filtered: z.int(),
});
export type CallTotals = z.infer<typeof CallTotals>;

export const JobError = z.object({
  kind: z.string(),
  source: z.string(),
  message: z.string(),
  at: z.date(),
});
export type JobError = z.infer<typeof JobError>;

const JobBase = z.object({
  id: z.string(),
  customerId: z.string(),
  platform: z.enum(platforms),
  jobType: z.literal('import'),
  requestedBy: z.string(),
  createdAt: z.date(),
  updatedAt: z.date(),
  /** Null for platforms without credentials, and once a one-off credential was destroyed. */
  credential: z.object({ id: z.string(), type: z.enum(['one_off', 'stored']) }).nullable(),
  config: z.object({
    dateRange: DateRange,
    filters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    schedule: z.enum(['now', 'nightly']),
    /** What a platform without credentials needs to find its calls, e.g. the manifest of uploads. */
    inputs: z.record(z.string(), z.string()).nullable(),
  }),
  listing: z.object({
    /** Where the next page starts; null at the beginning, and after the end. */
    cursor: z.string().nullable(),
    isFinished: z.boolean(),
    /** Pages recorded, those of a retry among them: the next page's index. */
    pages: z.int(),
    /** What the platform says there is; null where it cannot or did not say. */
    platformCount: z.int().nullable(),
    /** Where it counts more than it listed; null: not looked for. */
    gaps: z.array(CountGap).nullable().default(null),
    /** Records set aside because they broke the platform's contract. */
    rejected: z.int(),
    /** Failures in a row; a page that succeeds sets it back. */
    failures: z.int(),
    /** The page from which set-aside records are looked for once more; null: nothing is replayed. */
    replayPage: z.int().nullable().default(null),
  }),
  /** Calls that this job created or adopted. */
  listedCalls: z.int(),
  /** Listed calls that another job has imported or holds. */
  duplicateCalls: z.int(),
  totals: CallTotals,
  dispatch: z.object({
    /** The watermark: pages below it are in the queue or through it. */
    nextPage: z.int(),
    calls: z.int(),
    overdueCheckedAt: z.date().nullable(),
    /** Pages below `page` had been dispatched at `at`. */
    redispatch: z.object({ page: z.int(), at: z.date() }).nullable(),
    /** Numbers the rounds of dispatching again: makes their task names new. */
    round: z.int(),
    /** Calls that a nightly job may still start; null when not limited. */
    allowance: z.int().nullable(),
    /** The hour (since the epoch) that the allowance was given for: it is given once. */
    allowanceHour: z.int().nullable().default(null),
  }),
  lease: Lease,
  lastError: JobError.nullable(),
  limitedUntil: z.date().nullable(),
  /** When calls were last put into the queue or seen to have ended; null before the first. */
  movedAt: z.date().nullable().default(null),
  /** When the reconcile loop looks at this job next; later than that, its task was lost. */
  nextAdvanceAt: z.date().nullable(),
  /** When the totals of a stopped job are looked at again, as calls may end after it; null: they stand. */
  settleAt: z.date().nullable().default(null),
});

const running = { startedAt: z.date(), completedAt: z.null() };
const ended = { startedAt: z.date().nullable(), completedAt: z.date() };

export const ImportJob = z.discriminatedUnion('status', [
  JobBase.extend({ status: z.literal('queued'), startedAt: z.null(), completedAt: z.null() }),
  JobBase.extend({ status: z.literal('counting'), ...running }),
  JobBase.extend({ status: z.literal('in_progress'), ...running }),
  JobBase.extend({ status: z.literal('paused'), ...running }),
  JobBase.extend({ status: z.literal('completed'), ...ended }),
  JobBase.extend({ status: z.literal('partial'), ...ended }),
  JobBase.extend({ status: z.literal('failed'), ...ended }),
  JobBase.extend({ status: z.literal('cancelled'), ...ended }),
]);
export type ImportJob = z.infer<typeof ImportJob>;
export type JobStatus = ImportJob['status'];

export const jobStatuses = [
  'queued',
  'counting',
  'in_progress',
  'paused',
  'completed',
  'partial',
  'failed',
  'cancelled',
] as const satisfies readonly JobStatus[];

/** The states in which the reconcile loop works on a job. */
export const liveStatuses = ['counting', 'in_progress'] as const satisfies readonly JobStatus[];

/** Every state from which something may still happen by itself, or after a pause. */
export const openStatuses = [
  'queued',
  ...liveStatuses,
  'paused',
] as const satisfies readonly JobStatus[];

export type JobEvent =
  | { readonly type: 'start'; readonly at: Date }
  | { readonly type: 'counted' }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | {
      readonly type: 'end';
      readonly outcome: 'completed' | 'partial' | 'failed';
      readonly at: Date;
    }
  | { readonly type: 'cancel'; readonly at: Date }
  | { readonly type: 'reopen'; readonly at: Date };

/** The job after an event. @throws `conflict` naming what is possible, for an event that the state does not allow */
export function transitionJob(job: ImportJob, event: JobEvent): ImportJob {
  switch (event.type) {
    case 'start':
      if (job.status !== 'queued') throw refuse(job, 'started');
      return { ...job, status: 'counting', startedAt: event.at };
    case 'counted':
      if (job.status !== 'counting') throw refuse(job, 'counted');
      return { ...job, status: 'in_progress' };
    case 'pause':
      if (job.status !== 'in_progress') throw refuse(job, 'paused');
      return { ...job, status: 'paused' };
    case 'resume':
      if (job.status !== 'paused') throw refuse(job, 'resumed');
      return { ...job, status: 'in_progress' };
    case 'end':
      if (!isLive(job)) throw refuse(job, 'ended');
      return { ...job, status: event.outcome, completedAt: event.at };
    case 'cancel':
      if (isEnded(job)) throw refuse(job, 'cancelled');
      return { ...job, status: 'cancelled', completedAt: event.at };
    case 'reopen':
      // Cancelled is for good: a new import adopts what is left.
      if (!isEnded(job) || job.status === 'cancelled') throw refuse(job, 'reopened');
      return {
        ...job,
        status: 'in_progress',
        startedAt: job.startedAt ?? event.at,
        completedAt: null,
      };
  }
}

type EndedJob = Extract<ImportJob, { completedAt: Date }>;
type LiveJob = Extract<ImportJob, { status: (typeof liveStatuses)[number] }>;

/** True once nothing more happens by itself. */
export function isEnded(job: ImportJob): job is EndedJob {
  return job.completedAt !== null;
}

/** True while the reconcile loop works on it. */
export function isLive(job: ImportJob): job is LiveJob {
  return job.status === 'counting' || job.status === 'in_progress';
}

/** Calls of this job that are through, whatever became of them. */
export function endedCalls(totals: CallTotals): number {
  return totals.imported + totals.failed + skippedCalls(totals);
}

/** Calls of this job that ended without an engagement and without a failure. */
export function skippedCalls(totals: CallTotals): number {
  return totals.gone + totals.noConsent + totals.filtered;
}

function refuse(job: ImportJob, verb: string): ImportError {
  return new ImportError({
    kind: 'conflict',
    source: 'admin',
    publicMessage: `Import ${job.id} is ${job.status} and can't be ${verb}.`,
    retryable: false,
  });
}
