import type { ErrorKind } from '../errors.ts';
import { isLive, type ImportJob } from './import-job.ts';
import { platformNames } from './import-context.ts';
import type { ImportedCall } from './imported-call.ts';

/** What became of a call, in words for support, and the one thing to do next. */
export interface CallStory {
  readonly explanation: string;
  readonly next: string;
}

/** Tells the story of one call. `job` is the import that it belongs to now; null: it is gone. */
export function tellCall(call: ImportedCall, job: ImportJob | null): CallStory {
  const platform = platformNames[call.platform];
  switch (call.status) {
    case 'completed':
      return {
        explanation: `Imported from ${platform} on ${toText(call.completedAt)} by import ${call.jobId}.`,
        next: `Nothing. GET /admin/imports/${call.jobId}/calls/${call.callKey} shows its engagement.`,
      };
    case 'failed':
      return {
        explanation: `Failed on ${toText(call.failedAt)} after ${toTries(call)}: ${call.error.message}`,
        next: toRemedy(call.error.kind, call.jobId),
      };
    case 'skipped':
      return tellSkipped(call, platform, job);
    default:
      return tellOpen(call, job);
  }
}

/** An instant to the minute, in UTC. */
export function toText(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

type SkippedCall = Extract<ImportedCall, { status: 'skipped' }>;

function tellSkipped(
  { reason, skippedAt, jobId }: SkippedCall,
  platform: string,
  job: ImportJob | null,
): CallStory {
  const when = `on ${toText(skippedAt)}`;
  switch (reason) {
    case 'gone':
      return {
        explanation: `Skipped ${when}: ${platform} no longer had it, or no recording of it.`,
        next: `Ask the customer whether it is still there at ${platform}; if it is, start a new import, which takes it up again.`,
      };
    case 'no_consent':
      return {
        explanation: `Skipped ${when}: ${platform} says that not everybody agreed to be recorded.`,
        next: 'Nothing: a call without consent is not imported.',
      };
    case 'filtered':
      return {
        explanation: `Left out ${when}: import ${jobId} did not ask for calls like it (${describeFilters(job)}).`,
        next: 'If it is wanted, start a new import whose filters let it through: GET /admin/platforms lists them.',
      };
  }
}

function describeFilters(job: ImportJob | null): string {
  const filters = Object.entries(job?.config.filters ?? {});
  if (filters.length === 0) return 'it had no filters';
  return `its filters: ${filters.map(([name, value]) => `${name}=${value}`).join(', ')}`;
}

type OpenCall = Exclude<ImportedCall, { status: 'completed' | 'failed' | 'skipped' }>;

/** A call that is not through, as its job and its own appointments have it. */
function tellOpen(call: OpenCall, job: ImportJob | null): CallStory {
  if (!job) {
    return {
      explanation: 'Listed, and never had its turn: its import is no longer there.',
      next: 'Start a new import, which takes it up.',
    };
  }
  const { id } = job;
  if (isLive(job)) return tellWaiting(call, job);
  switch (job.status) {
    case 'paused':
      return {
        explanation: `Waits: import ${id} is paused.`,
        next: `Let the import go on: POST /admin/imports/${id}/resume.`,
      };
    case 'cancelled':
      return {
        explanation: `Import ${id} was cancelled before it had its turn.`,
        next: 'Start a new import, which takes it up.',
      };
    default: {
      const reason = job.lastError ? `: ${job.lastError.message}` : '.';
      return {
        explanation: `Import ${id} ended before it had its turn${reason}`,
        next: `Mend what stopped the import, then start its calls again: POST /admin/imports/${id}/retry.`,
      };
    }
  }
}

function tellWaiting(call: OpenCall, { id, config }: ImportJob): CallStory {
  const nothing = 'Nothing: it comes by itself.';
  if (call.status !== 'pending') {
    return { explanation: `Import ${id} is working on it (${call.status}).`, next: nothing };
  }
  const last = call.attempts.at(-1);
  if (last) {
    const { notBefore } = call;
    const again = notBefore ? ` It is tried again from ${toText(notBefore)} on.` : '';
    return {
      explanation: `Waits for another try after ${toTries(call)}: ${last.message}${again}`,
      next: nothing,
    };
  }
  const when = config.schedule === 'nightly' ? ', which works by night only' : '';
  return { explanation: `Waits for its turn in import ${id}${when}.`, next: nothing };
}

function toTries({ attempts }: ImportedCall): string {
  return attempts.length === 1 ? 'one try' : `${attempts.length} tries`;
}

/** What mends a failure of a kind, before the call is started again. */
const firstSteps = {
  bad_request: 'Tell the engineers: the platform does not accept our request for this call',
  auth_invalid: 'Ask the customer for new credentials',
  permission_denied: 'Have the customer grant what the message names',
  payment_required: 'Have the customer settle their plan or balance at the platform',
  not_found: 'Ask the customer whether it is still there',
  not_ready: 'Give the platform time to finish the recording',
  rate_limited: null,
  timeout: null,
  unavailable: null,
  contract: "Tell the engineers the platform's request id: the adapter has to be mended",
  conflict: null,
  internal: null,
} as const satisfies Record<ErrorKind, string | null>;

function toRemedy(kind: ErrorKind, jobId: string): string {
  const retry = `POST /admin/imports/${jobId}/retry?code=${kind}`;
  const first = firstSteps[kind];
  return first === null ? `Start it again: ${retry}.` : `${first}; then start it again: ${retry}.`;
}
