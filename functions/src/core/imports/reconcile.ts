import { isNight } from '../night-window.ts';
import type { EngineSettings } from '../settings.ts';
import { toCompleteness } from './completeness.ts';
import { endedCalls, isLive, type CallTotals, type ImportJob } from './import-job.ts';

/** One thing that the reconcile loop does next. */
export type Step =
  | { readonly type: 'count' }
  | { readonly type: 'list' }
  | { readonly type: 'replay'; readonly fromPage: number }
  | { readonly type: 'dispatch'; readonly maxCalls: number }
  | { readonly type: 'check_overdue' }
  | { readonly type: 'redispatch'; readonly belowPage: number }
  | { readonly type: 'audit_count' }
  | { readonly type: 'end' }
  | { readonly type: 'wait'; readonly until: Date };

export interface JobFacts {
  readonly job: ImportJob;
  /** The counters as they stand now; those on the job may be older. */
  readonly totals: CallTotals;
  readonly now: Date;
  readonly settings: EngineSettings;
}

const minWaitMs = 500;
const maxWaitMs = 15_000;
/** While nothing ends, each look comes a quarter of that time later, up to two minutes. */
const idlePart = 1 / 4;
const maxIdlePartMs = 120_000;
const idleWaitMs = 600_000;

/**
 * What moves the job on, in order. The loop does these steps, looks again and asks again; `wait`
 * and `end` stand alone, a wait for good is an empty list.
 */
export function decideNextSteps(facts: JobFacts): readonly Step[] {
  const { job, totals, now, settings } = facts;
  if (!isLive(job)) return [];
  if (job.status === 'counting') return [{ type: 'count' }];
  const inFlight = inFlightCalls(job, totals);
  const isDispatched = job.dispatch.nextPage >= job.listing.pages;
  const room = Math.min(settings.windowCalls - inFlight, mayStart(facts));

  const steps: Step[] = [];
  if (isDue(job.dispatch.overdueCheckedAt, settings.overdueCheckMs, now) && inFlight > 0) {
    steps.push({ type: 'check_overdue' });
  }
  const { redispatch } = job.dispatch;
  if (redispatch && inFlight > 0 && isDue(redispatch.at, settings.redispatchMs, now)) {
    steps.push({ type: 'redispatch', belowPage: redispatch.page });
  }
  // Pages that hold nothing but duplicates are passed without room, or a night would wait for them.
  if (!isDispatched && (room > 0 || waitingCalls(job) <= 0)) {
    steps.push({ type: 'dispatch', maxCalls: Math.max(room, 1) });
  }
  if (mayList(job, settings, now)) steps.push({ type: 'list' });
  const { replayPage, isFinished } = job.listing;
  if (replayPage !== null && !isLimited(job, now)) {
    steps.push({ type: 'replay', fromPage: replayPage });
  }
  if (steps.length > 0) return steps;

  const isListed = isFinished && replayPage === null;
  const isThrough = isListed && isDispatched && inFlight <= 0;
  const isAudited = job.listing.gaps !== null || toCompleteness({ ...job, totals }).missing === 0;
  if (isThrough && isAudited) return [{ type: 'end' }];
  if (isThrough && !isLimited(job, now)) return [{ type: 'audit_count' }];
  return [{ type: 'wait', until: decideNextLook({ ...facts, job }, inFlight) }];
}

/** Calls that the night still leaves to a nightly job; any number for the others. */
function mayStart({ job, now, settings }: JobFacts): number {
  if (job.config.schedule !== 'nightly') return Number.POSITIVE_INFINITY;
  return isNight(now, settings.night) ? (job.dispatch.allowance ?? 0) : 0;
}

const windowSeconds = 8;
const minWindowCalls = 10;

/**
 * How many calls a job may have in flight: what the platform lets through in some seconds, so that
 * none waits for its turn longer than a task may wait, and never more than `windowCalls`.
 */
export function toWindow(callsPerSecond: number, { windowCalls }: EngineSettings): number {
  const calls = Math.ceil(callsPerSecond * windowSeconds);
  return Math.min(Math.max(calls, minWindowCalls), windowCalls);
}

/** Calls in the queue or in work. */
export function inFlightCalls(job: ImportJob, totals: CallTotals): number {
  return job.dispatch.calls - endedCalls(totals);
}

/** Calls that are listed and not in the queue yet. */
export function waitingCalls({ listedCalls, dispatch }: ImportJob): number {
  return listedCalls - dispatch.calls;
}

function mayList(job: ImportJob, { highWaterCalls }: EngineSettings, now: Date): boolean {
  return !job.listing.isFinished && !isLimited(job, now) && waitingCalls(job) < highWaterCalls;
}

function isLimited(job: ImportJob, now: Date): job is ImportJob & { limitedUntil: Date } {
  return job.limitedUntil !== null && job.limitedUntil > now;
}

/** True when calls have ended since the job's own totals were written. */
export function hasMoved(job: ImportJob, totals: CallTotals): boolean {
  return endedCalls(totals) > endedCalls(job.totals);
}

/**
 * About when half of what is in flight will be through, so that the window never runs dry; later and
 * later while nothing moves: transcriptions and appointments can take hours.
 */
function decideNextLook(
  { job, totals, now }: JobFacts & { readonly job: { readonly startedAt: Date } },
  inFlight: number,
): Date {
  const at = now.getTime();
  if (inFlight <= 0) {
    // A limit that has passed is not what the job waits for.
    const limitedMs = isLimited(job, now) ? job.limitedUntil.getTime() - at : idleWaitMs;
    return new Date(at + Math.min(Math.max(limitedMs, minWaitMs), idleWaitMs));
  }
  const elapsedMs = Math.max(at - job.startedAt.getTime(), 1);
  const perCallMs = elapsedMs / Math.max(endedCalls(totals), 1);
  const movedAt = hasMoved(job, totals) ? now : (job.movedAt ?? job.startedAt);
  const idleMs = Math.min((at - movedAt.getTime()) * idlePart, maxIdlePartMs);
  const waitMs = Math.min(Math.max((perCallMs * inFlight) / 2, minWaitMs), maxWaitMs);
  return new Date(at + Math.max(waitMs, idleMs));
}

function isDue(last: Date | null, everyMs: number, now: Date): boolean {
  return last === null || now.getTime() - last.getTime() >= everyMs;
}
