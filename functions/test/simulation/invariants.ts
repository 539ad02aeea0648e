import { endedCalls, endedJobs, type History, type SeenCall, type SeenJob } from './history.ts';
import type { SandboxCall } from '../../src/kit/sandbox.ts';
import { errorKinds } from '../../src/core/errors.ts';

/** What there was to import for a customer from one platform account. */
export interface CustomersTruth {
  readonly customerId: string;
  readonly platform: string;
  readonly calls: ReadonlyMap<string, SandboxCall>;
  /** Deleted at the platform in the meantime. */
  readonly removed: ReadonlySet<string>;
}

export interface Tally {
  readonly engagements: number;
  readonly missing: number;
  readonly duplicate: number;
  readonly foreign: number;
}

const knownKinds: ReadonlySet<string> = new Set(errorKinds);

/** Holds a world that has come to its end against the platforms' truth; returns what it counted. */
export function checkEnd(
  history: History,
  world: {
    readonly truths: readonly CustomersTruth[];
    /** Which truths a job was to import. */
    readonly truthOf: (job: SeenJob) => CustomersTruth | null;
    readonly nowMs: number;
    readonly limitHits: number;
  },
): Tally {
  const { jobs, calls, violate } = history;
  for (const job of jobs.values()) {
    checkJob(history, job, world);
    checkCounts(history, job);
  }
  for (const call of calls.values()) {
    checkAttribution(history, call);
    checkLease(history, `call ${call.callKey}`, { call, nowMs: world.nowMs });
  }
  for (const id of history.credentials) violate('credential_left', `credential ${id}`);
  if (world.limitHits > 0) violate('rate_window', `${String(world.limitHits)} requests too many`);
  const missing = [...jobs.values()].reduce(
    (sum, job) => sum + findMissing(history, job, world.truthOf(job)).length,
    0,
  );
  return {
    engagements: history.engagements.size,
    missing,
    ...checkEngagements(history, world.truths),
  };
}

function checkJob(
  history: History,
  job: SeenJob,
  world: { readonly truthOf: (job: SeenJob) => CustomersTruth | null; readonly nowMs: number },
): void {
  const { violate } = history;
  if (!endedJobs.has(job.status)) {
    violate('never_ends', `job ${job.id} is still ${job.status}`);
  }
  checkLease(history, `job ${job.id}`, { call: job, nowMs: world.nowMs });
  const isTrouble = job.status === 'failed' || job.status === 'partial';
  const hasFailures = (job.totals['failed'] ?? 0) > 0 || job.listing.rejected > 0;
  if (isTrouble && !hasFailures && !job.lastError) {
    violate('unattributed', `job ${job.id} is ${job.status} and does not say why`);
  }
  if (job.lastError && !isAttributed(job.lastError)) {
    violate('unattributed', `job ${job.id}: ${JSON.stringify(job.lastError)}`);
  }
  const open = [...history.calls.values()].filter(
    (call) => call.jobId === job.id && !endedCalls.has(call.status),
  );
  if (open.length > 0 && job.status !== 'cancelled') {
    violate('left_open', `job ${job.id} (${job.status}) has ${String(open.length)} open calls`);
  }
  const missing = findMissing(history, job, world.truthOf(job));
  for (const what of missing.slice(0, 3))
    violate('missing', `job ${job.id} (${job.status}): ${what}`);
}

/** Calls that a job's end promises and that nobody can account for. */
function findMissing(
  history: History,
  job: SeenJob,
  truth: CustomersTruth | null,
): readonly string[] {
  if (!truth) return ['nobody asked for it'];
  if (!job.listing.isFinished || job.status === 'cancelled') return [];
  const bySource = callsBySource(history, truth);
  const known = (sourceCallId: string): SeenCall | null => {
    const call = bySource.get(sourceCallId);
    if (!call) return null;
    const isOwn = history.owned.get(job.id)?.has(call.callKey) === true;
    const isDuplicate = history.duplicates.get(job.id)?.has(call.callKey) === true;
    return isOwn || isDuplicate ? call : null;
  };
  return [...truth.calls.keys()].flatMap((sourceCallId) => {
    if (truth.removed.has(sourceCallId)) return [];
    const call = known(sourceCallId);
    if (!call) return [`${sourceCallId} was never listed`];
    if (call.jobId !== job.id || job.status !== 'completed') return [];
    if (call.status === 'completed') return [];
    return call.status === 'skipped'
      ? [`${sourceCallId} was skipped: ${call.reason ?? ''}`]
      : [`${sourceCallId} is ${call.status}`];
  });
}

function callsBySource(history: History, truth: CustomersTruth): ReadonlyMap<string, SeenCall> {
  const own = [...history.calls.values()].filter(
    (call) => call.customerId === truth.customerId && truth.platform === call.platform,
  );
  return new Map(own.map((call) => [call.sourceCallId, call]));
}

function checkCounts(history: History, job: SeenJob): void {
  const { violate, expectedTotals, owned, duplicates } = history;
  const expected = expectedTotals.get(job.id);
  for (const name of ['imported', 'failed', 'gone', 'noConsent', 'filtered']) {
    const [said, is] = [job.totals[name] ?? 0, expected?.get(name) ?? 0];
    if (said === is) continue;
    violate(
      'totals',
      `job ${job.id} (${job.status}) says ${String(said)} ${name}, its calls ${String(is)}`,
    );
  }
  // Calls that another import has adopted change sides: they become duplicates.
  const own = owned.get(job.id)?.size ?? 0;
  const known = own + (duplicates.get(job.id)?.size ?? 0);
  const told = job.listedCalls + job.duplicateCalls;
  if (told !== known || job.listedCalls > own) {
    const said = `${String(job.listedCalls)} listed and ${String(job.duplicateCalls)} duplicates`;
    violate('totals', `job ${job.id} says ${said}, and had ${String(own)} of ${String(known)}`);
  }
}

function checkAttribution({ violate }: History, call: SeenCall): void {
  for (const attempt of call.attempts) {
    if (!isAttributed(attempt))
      violate('unattributed', `call ${call.callKey}: ${JSON.stringify(attempt)}`);
  }
  if (call.status === 'failed' && !call.error) violate('unattributed', `call ${call.callKey}`);
  if (call.status === 'skipped' && !call.reason) violate('unattributed', `call ${call.callKey}`);
}

function isAttributed(error: {
  readonly kind: string;
  readonly source: string;
  readonly message: string;
}): boolean {
  return knownKinds.has(error.kind) && error.source !== '' && error.message !== '';
}

function checkLease(
  { violate }: History,
  what: string,
  { call, nowMs }: { readonly call: Pick<SeenCall, 'lease'>; readonly nowMs: number },
): void {
  const { expiresAt } = call.lease;
  if (expiresAt && expiresAt.toMillis() > nowMs) violate('lease_held', what);
}

function checkEngagements(
  history: History,
  truths: readonly CustomersTruth[],
): Pick<Tally, 'duplicate' | 'foreign'> {
  const { violate, engagements } = history;
  const seen = new Set<string>();
  let [duplicate, foreign] = [0, 0];
  for (const engagement of engagements.values()) {
    const { customerId, importSource, sourceCallId, media } = engagement;
    const identity = JSON.stringify([customerId, importSource, sourceCallId]);
    if (seen.has(identity)) {
      duplicate += 1;
      violate('duplicate', identity);
    }
    seen.add(identity);
    const truth = truths
      .filter((one) => one.customerId === customerId && one.platform === importSource)
      .map((one) => one.calls.get(sourceCallId))
      .find((call) => call !== undefined);
    if (!truth) {
      foreign += 1;
      violate('foreign', identity);
    } else if ((media?.sha256 ?? null) !== truth.mediaSha256) {
      violate('torn_media', identity);
    }
  }
  return { duplicate, foreign };
}
