import { Timestamp, type DocumentData } from 'firebase-admin/firestore';
import { z } from 'zod';
import type { Commit } from '../../local/store/stored-document.ts';
import { findActor } from './instance.ts';
import { shorten } from './gated-ports.ts';

/*
 * What every write of the store is held against, written out once more, apart from the code: a rule
 * that both had wrong would be wrong here too, but no rule is read from the code under test.
 */

const Instant = z.instanceof(Timestamp);
const Lease = z.object({ holder: z.string(), epoch: z.number(), expiresAt: Instant.nullable() });
export const SeenJob = z.object({
  id: z.string(),
  customerId: z.string(),
  platform: z.string(),
  requestedBy: z.string(),
  status: z.string(),
  createdAt: Instant,
  completedAt: Instant.nullable(),
  listing: z.object({ isFinished: z.boolean(), pages: z.number(), rejected: z.number() }),
  listedCalls: z.number(),
  duplicateCalls: z.number(),
  totals: z.record(z.string(), z.number()),
  credential: z.object({ id: z.string(), type: z.enum(['one_off', 'stored']) }).nullable(),
  lease: Lease,
  lastError: z.object({ kind: z.string(), source: z.string(), message: z.string() }).nullable(),
});
export type SeenJob = z.infer<typeof SeenJob>;
const Failure = z.object({ kind: z.string(), source: z.string(), message: z.string() });
export const SeenCall = z.object({
  callKey: z.string(),
  customerId: z.string(),
  platform: z.string(),
  sourceCallId: z.string(),
  jobId: z.string(),
  page: z.number(),
  status: z.string(),
  reason: z.string().optional(),
  error: Failure.optional(),
  attempts: z.array(Failure),
  /** When it is looked at again at the latest; null: its task is in the queue. */
  checkAfter: Instant.nullable(),
  lease: Lease,
});
export type SeenCall = z.infer<typeof SeenCall>;
export const SeenEngagement = z.object({
  id: z.string(),
  customerId: z.string(),
  importSource: z.string(),
  sourceCallId: z.string(),
  importBatchId: z.string(),
  media: z.object({ sha256: z.string() }).nullable(),
});
export type SeenEngagement = z.infer<typeof SeenEngagement>;
const SeenPage = z.object({
  callKeys: z.array(z.string()),
  duplicates: z.array(z.object({ callKey: z.string() })),
});

const jobMoves: Readonly<Record<string, readonly string[]>> = {
  queued: ['counting', 'cancelled'],
  counting: ['in_progress', 'failed', 'partial', 'cancelled'],
  in_progress: ['paused', 'completed', 'partial', 'failed', 'cancelled'],
  paused: ['in_progress', 'cancelled'],
  completed: ['in_progress'],
  partial: ['in_progress'],
  failed: ['in_progress'],
  cancelled: [],
};
const callMoves: Readonly<Record<string, readonly string[]>> = {
  pending: ['downloading'],
  downloading: ['pending', 'transcribing', 'completed', 'failed', 'skipped'],
  transcribing: ['completed', 'failed', 'skipped'],
  completed: [],
  failed: [],
  skipped: [],
};
export const endedJobs: ReadonlySet<string> = new Set([
  'completed',
  'partial',
  'failed',
  'cancelled',
]);
export const endedCalls: ReadonlySet<string> = new Set(['completed', 'failed', 'skipped']);
/** As long as a platform takes to make what a call lacks. */
const longestAppointmentMs = 7 * 3_600_000;
const inWork: ReadonlySet<string> = new Set(['downloading', 'transcribing']);

export interface Violation {
  readonly rule: string;
  readonly detail: string;
  /** The last steps before it. */
  readonly steps: readonly string[];
}

/** The store as it stands, and what was wrong on the way there. */
export interface History {
  readonly jobs: ReadonlyMap<string, SeenJob>;
  readonly calls: ReadonlyMap<string, SeenCall>;
  readonly engagements: ReadonlyMap<string, SeenEngagement>;
  /** Those of one import alone. */
  readonly credentials: ReadonlySet<string>;
  /** Every call that was ever a job's own, and every one that it called a duplicate. */
  readonly owned: ReadonlyMap<string, ReadonlySet<string>>;
  readonly duplicates: ReadonlyMap<string, ReadonlySet<string>>;
  /** What the counters of a job should say, from its calls' changes alone. */
  readonly expectedTotals: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly shardTotals: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly violations: readonly Violation[];
  readonly endedAtMs: number;
  /** When something last changed that brings a job nearer to its end, or will: a call's appointment. */
  readonly progressAtMs: number;
  violate(rule: string, detail: string): void;
  see(commit: Commit): void;
}

type Change = Commit['changes'][number];

/** Creates an empty history; `see` is to be called for every commit, inside it. */
export function createHistory(options: {
  readonly trace: { add(step: string): void; last(): readonly string[] };
  readonly onJobWritten: (jobId: string) => void;
}): History {
  const { trace } = options;
  const jobs = new Map<string, SeenJob>();
  const calls = new Map<string, SeenCall>();
  const engagements = new Map<string, SeenEngagement>();
  const credentials = new Set<string>();
  const owned = new Map<string, Set<string>>();
  const duplicates = new Map<string, Set<string>>();
  const expectedTotals = new Map<string, Map<string, number>>();
  const shardTotals = new Map<string, Map<string, number>>();
  /** Jobs whose numbers the commit at hand has moved. */
  const recounted = new Set<string>();
  const callHolders = new Map<string, string>();
  const jobHolders = new Map<string, string>();
  const violations: Violation[] = [];
  let [endedAtMs, progressAtMs] = [0, 0];
  const violate = (rule: string, detail: string): void => {
    violations.push({ rule, detail: shorten(detail), steps: trace.last() });
  };

  function seeJob({ path, after }: Change, timeMs: number): void {
    if (!after) return violate('job_deleted', path);
    const job = SeenJob.parse(after.data);
    const earlier = jobs.get(job.id);
    jobs.set(job.id, job);
    options.onJobWritten(job.id);
    if (endedJobs.has(job.status)) endedAtMs = timeMs;
    if (earlier?.status !== job.status) progressAtMs = Math.max(progressAtMs, timeMs);
    const actor = findActor();
    if (!earlier) {
      if (job.status !== 'queued') violate('job_step', `job ${job.id} began ${job.status}`);
      return;
    }
    if (earlier.lease.epoch !== job.lease.epoch) {
      if (job.lease.epoch !== earlier.lease.epoch + 1) {
        violate('job_epoch', `job ${job.id} from ${String(earlier.lease.epoch)}`);
      }
      const isHeld = earlier.lease.expiresAt && earlier.lease.expiresAt.toMillis() > timeMs;
      if (isHeld) violate('job_lease', `job ${job.id} was taken from its holder by ${actor}`);
      jobHolders.set(job.id, actor);
    }
    if (earlier.status !== job.status && !jobMoves[earlier.status]?.includes(job.status)) {
      // A queued job that is claimed is written once, and starts by that.
      violate('job_step', `job ${job.id} went from ${earlier.status} to ${job.status}`);
    }
    const isListed = earlier.listing.pages !== job.listing.pages && !actor.includes('staff');
    if (isListed && jobHolders.get(job.id) !== actor) {
      violate('job_fence', `${actor} listed for job ${job.id} after it had lost the lease`);
    }
    if (job.status === 'completed' && earlier.status !== 'completed') checkEnd(job);
  }

  function checkEnd(job: SeenJob): void {
    const open = [...calls.values()].filter(
      (call) => call.jobId === job.id && !endedCalls.has(call.status),
    );
    if (open.length > 0) {
      violate(
        'ended_early',
        `job ${job.id} is ${job.status} with ${String(open.length)} open calls`,
      );
    }
  }

  function seeCall({ path, after }: Change, timeMs: number): void {
    if (!after) return violate('call_deleted', path);
    const call = SeenCall.parse(after.data);
    const earlier = calls.get(call.callKey);
    calls.set(call.callKey, call);
    // A platform that makes a transcript for hours is asked again hours later: nobody waits in vain.
    const dueMs = Math.min(call.checkAfter?.toMillis() ?? 0, timeMs + longestAppointmentMs);
    progressAtMs = Math.max(progressAtMs, timeMs, dueMs);
    addTo(owned, call.jobId, call.callKey);
    count(earlier, call);
    if (!earlier) {
      if (call.status !== 'pending') violate('call_step', `${path} began ${call.status}`);
      return;
    }
    const actor = findActor();
    trace.add(`${actor} wrote call ${call.callKey.slice(0, 6)} ${earlier.status}>${call.status}`);
    const isRequeued = earlier.jobId !== call.jobId || earlier.page !== call.page;
    const isStep =
      earlier.status === call.status || callMoves[earlier.status]?.includes(call.status);
    const isLegal = isRequeued
      ? call.status === 'pending' && earlier.status !== 'completed'
      : isStep && !(endedCalls.has(earlier.status) && earlier.status === call.status);
    if (!isLegal) {
      violate('call_step', `call ${call.callKey} went from ${earlier.status} to ${call.status}`);
    }
    if (call.customerId !== earlier.customerId) violate('call_customer', path);
    const { epoch } = earlier.lease;
    if (call.lease.epoch !== epoch) {
      if (call.lease.epoch !== epoch + 1) violate('call_epoch', `${path} from ${String(epoch)}`);
      const isHeld = earlier.lease.expiresAt && earlier.lease.expiresAt.toMillis() > timeMs;
      if (isHeld && !isRequeued) violate('call_lease', `${path} was taken from its holder`);
      callHolders.set(call.callKey, actor);
    } else if (inWork.has(earlier.status) && callHolders.get(call.callKey) !== actor) {
      violate('call_fence', `${actor} wrote ${path} after it had lost the lease`);
    }
  }

  function count(earlier: SeenCall | undefined, call: SeenCall): void {
    const totals = totalsOf(expectedTotals, call.jobId);
    recounted.add(call.jobId);
    if (earlier && earlier.jobId === call.jobId) move(totals, toTotal(earlier), -1);
    move(totals, toTotal(call), 1);
  }

  function seeShard({ path, before, after }: Change): void {
    const [, jobId = ''] = path.split('/');
    const totals = totalsOf(shardTotals, jobId);
    recounted.add(jobId);
    for (const [data, sign] of [
      [before?.data, -1],
      [after?.data, 1],
    ] as const) {
      for (const [name, value] of Object.entries(data ?? {}))
        move(totals, name, sign * Number(value));
    }
  }

  function seeEngagement({ path, before, after }: Change): void {
    if (before || !after) return violate('engagement_rewritten', path);
    const engagement = SeenEngagement.parse(after.data);
    engagements.set(engagement.id, engagement);
  }

  function seeCredential({ before, after }: Change, id: string): void {
    if (after?.data['type'] === 'one_off') credentials.add(id);
    else credentials.delete(id);
    const isLost = before?.data['type'] === 'stored' && !after;
    const job = isLost ? [...jobs.values()].find((one) => one.credential?.id === id) : undefined;
    if (job) violate('credential_destroyed', `job ${job.id} works with ${id}, which was kept`);
  }

  function seePage({ path, after }: Change): void {
    const [, jobId = ''] = path.split('/');
    const page = SeenPage.parse(after?.data ?? {});
    for (const { callKey } of page.duplicates) addTo(duplicates, jobId, callKey);
  }

  function checkTogether(changes: readonly Change[]): void {
    for (const { path, after } of changes) {
      const [collection, id = ''] = path.split('/');
      const status = statusOf(after?.data);
      if (collection === 'importedCalls' && status === 'completed' && !engagements.has(id)) {
        violate('no_engagement', `call ${id} was completed without an engagement`);
      }
      if (collection === 'engagements' && calls.get(id)?.status !== 'completed') {
        violate('stray_engagement', `engagement ${id} of a call that is not completed`);
      }
    }
    for (const jobId of recounted) {
      const expected = totalsOf(expectedTotals, jobId);
      const counted = totalsOf(shardTotals, jobId);
      const names = new Set([...expected.keys(), ...counted.keys()]);
      const differs = [...names].find(
        (name) => (expected.get(name) ?? 0) !== (counted.get(name) ?? 0),
      );
      if (differs === undefined) continue;
      const [is, should] = [String(counted.get(differs) ?? 0), String(expected.get(differs) ?? 0)];
      violate('counters', `job ${jobId} counts ${is} ${differs}, its calls say ${should}`);
      // Told once: what follows from it would drown everything else.
      shardTotals.set(jobId, new Map(expected));
    }
    recounted.clear();
  }

  return {
    ...{ jobs, calls, engagements, credentials, owned, duplicates, expectedTotals, shardTotals },
    ...{ violations, violate },
    get endedAtMs() {
      return endedAtMs;
    },
    get progressAtMs() {
      return progressAtMs;
    },
    see({ time, changes }) {
      const timeMs = time.toMillis();
      for (const change of changes) {
        const [collection, id = '', inner] = change.path.split('/');
        if (collection === 'importJobs' && inner === undefined) seeJob(change, timeMs);
        else if (inner === 'counters') seeShard(change);
        else if (inner === 'pages') seePage(change);
        else if (collection === 'importedCalls') seeCall(change, timeMs);
        else if (collection === 'engagements') seeEngagement(change);
        else if (collection === 'importCredentials') seeCredential(change, id);
      }
      checkTogether(changes);
    },
  };
}

function toTotal({ status, reason }: SeenCall): string | null {
  if (status === 'completed') return 'imported';
  if (status === 'failed') return 'failed';
  if (status !== 'skipped') return null;
  return reason === 'no_consent' ? 'noConsent' : (reason ?? 'skipped for no reason');
}

function statusOf(data: DocumentData | undefined): unknown {
  return data?.['status'];
}

function totalsOf(all: Map<string, Map<string, number>>, jobId: string): Map<string, number> {
  const found = all.get(jobId) ?? new Map<string, number>();
  all.set(jobId, found);
  return found;
}

function move(totals: Map<string, number>, name: string | null, by: number): void {
  if (name !== null) totals.set(name, (totals.get(name) ?? 0) + by);
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key) ?? new Set<string>();
  sets.set(key, set);
  set.add(value);
}
