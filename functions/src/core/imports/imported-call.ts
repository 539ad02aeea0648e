import { z } from 'zod';
import { ImportError, errorKinds } from '../errors.ts';
import { platforms } from './import-context.ts';
import { Lease, type CallTotals } from './import-job.ts';
import { CallMetadata, skipReasons, type SkipReason } from './source-call.ts';

/** One try that did not end the call well, kept so that support can tell its story. */
export const CallAttempt = z.object({
  at: z.date(),
  kind: z.enum(errorKinds),
  source: z.string(),
  message: z.string(),
  status: z.int().nullable(),
  requestId: z.string().nullable(),
});
export type CallAttempt = z.infer<typeof CallAttempt>;

export const StoredMedia = z.object({
  key: z.string(),
  contentType: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  crc32c: z.string(),
});
export type StoredMedia = z.infer<typeof StoredMedia>;

/** A speech-to-text operation that was started for a call. */
export const Transcription = z.object({
  operation: z.string(),
  uri: z.string(),
  /** How often the service had lost it, and it was started again. */
  restarts: z.int(),
  checkAt: z.date(),
});
export type Transcription = z.infer<typeof Transcription>;

const CallBase = z.object({
  callKey: z.string(),
  customerId: z.string(),
  platform: z.enum(platforms),
  sourceCallId: z.string(),
  /** The job that this call belongs to now: the one that listed it first, or adopted it. */
  jobId: z.string(),
  /** The page of that job by which the call is dispatched. */
  page: z.int(),
  metadata: CallMetadata,
  /** The context's own note for fetching this call; null once nobody will fetch it with it any more. */
  hint: z.string().nullable().default(null),
  createdAt: z.date(),
  lease: Lease,
  /** Counted failures of this job's tries. */
  failures: z.int(),
  /** How often the platform said "not ready yet". */
  notReady: z.int(),
  /** The last tries that failed, oldest first. */
  attempts: z.array(CallAttempt),
  /** Set once the recording is stored, so that no later try downloads it again. */
  media: StoredMedia.nullable(),
  /** A live call that did not move by then has lost its task or its holder; null: nothing is due. */
  checkAfter: z.date().nullable(),
});

export const ImportedCall = z.discriminatedUnion('status', [
  CallBase.extend({ status: z.literal('pending'), notBefore: z.date().nullable() }),
  CallBase.extend({ status: z.literal('downloading') }),
  CallBase.extend({
    status: z.literal('transcribing'),
    transcription: Transcription,
  }),
  CallBase.extend({ status: z.literal('processing') }),
  CallBase.extend({ status: z.literal('completed'), completedAt: z.date() }),
  CallBase.extend({
    status: z.literal('failed'),
    failedAt: z.date(),
    error: CallAttempt,
    retryable: z.boolean(),
  }),
  CallBase.extend({
    status: z.literal('skipped'),
    skippedAt: z.date(),
    reason: z.enum(skipReasons),
  }),
]);
export type ImportedCall = z.infer<typeof ImportedCall>;
export type CallStatus = ImportedCall['status'];

export const callStatuses = [
  'pending',
  'downloading',
  'transcribing',
  'processing',
  'completed',
  'failed',
  'skipped',
] as const satisfies readonly CallStatus[];

export type CallEvent =
  | { readonly type: 'claim'; readonly holder: string; readonly until: Date }
  | { readonly type: 'renew'; readonly until: Date }
  | {
      readonly type: 'await_transcript';
      readonly operation: string;
      readonly uri: string;
      readonly restarts: number;
      readonly checkAt: Date;
      readonly checkAfter: Date;
    }
  | { readonly type: 'process' }
  | { readonly type: 'complete'; readonly at: Date }
  | {
      readonly type: 'release';
      readonly notBefore: Date | null;
      readonly checkAfter: Date;
      readonly attempt: CallAttempt;
      readonly counts: 'failure' | 'not_ready' | 'nothing';
    }
  | { readonly type: 'fail'; readonly attempt: CallAttempt; readonly retryable: boolean }
  | { readonly type: 'skip'; readonly reason: SkipReason; readonly attempt: CallAttempt }
  | { readonly type: 'requeue'; readonly jobId: string; readonly page: number };

const keptAttempts = 10;

/** The call after an event. @throws `conflict` for an event that the state does not allow */
export function transitionCall(call: ImportedCall, event: CallEvent): ImportedCall {
  switch (event.type) {
    case 'claim':
      return claim(call, event);
    case 'requeue':
      return requeue(call, event);
    default:
      return move(call, event);
  }
}

type InWorkEvent = Exclude<CallEvent, { type: 'claim' | 'requeue' }>;

/** Events that only the holder of a call in work may cause. */
function move(call: ImportedCall, event: InWorkEvent): ImportedCall {
  if (!isInWork(call)) throw refuse(call, event.type);
  const base = toBase(call);
  const free = { lease: { ...call.lease, expiresAt: null }, checkAfter: null };
  // Nothing is fetched from the platform any more.
  const ended = { ...free, hint: null };
  switch (event.type) {
    case 'renew':
      return { ...call, lease: { ...call.lease, expiresAt: event.until }, checkAfter: event.until };
    case 'await_transcript':
      return {
        ...base,
        ...ended,
        status: 'transcribing',
        transcription: {
          operation: event.operation,
          uri: event.uri,
          restarts: event.restarts,
          checkAt: event.checkAt,
        },
        checkAfter: event.checkAfter,
      };
    case 'process':
      return { ...base, status: 'processing' };
    case 'complete':
      return { ...base, ...ended, status: 'completed', completedAt: event.at };
    case 'release':
      return release(call, event);
    case 'fail':
      return {
        ...base,
        ...ended,
        status: 'failed',
        failedAt: event.attempt.at,
        error: event.attempt,
        retryable: event.retryable,
        failures: call.failures + 1,
        attempts: remember(call, event.attempt),
      };
    case 'skip':
      return {
        ...base,
        ...ended,
        status: 'skipped',
        skippedAt: event.attempt.at,
        reason: event.reason,
        attempts: remember(call, event.attempt),
      };
  }
}

function release(call: ImportedCall, event: Extract<CallEvent, { type: 'release' }>): ImportedCall {
  const base = {
    ...toBase(call),
    lease: { ...call.lease, expiresAt: null },
    checkAfter: event.checkAfter,
    failures: call.failures + (event.counts === 'failure' ? 1 : 0),
    notReady: call.notReady + (event.counts === 'not_ready' ? 1 : 0),
    attempts: remember(call, event.attempt),
  };
  // A transcription that was started, and paid for, is asked again, not started anew.
  if (call.status === 'transcribing') {
    const checkAt = event.notBefore ?? event.attempt.at;
    const transcription = { ...call.transcription, checkAt };
    return { ...base, status: 'transcribing', transcription };
  }
  return { ...base, status: 'pending', notBefore: event.notBefore };
}

function claim(call: ImportedCall, event: Extract<CallEvent, { type: 'claim' }>): ImportedCall {
  if (isCallEnded(call)) throw refuse(call, event.type);
  const lease = { holder: event.holder, epoch: call.lease.epoch + 1, expiresAt: event.until };
  if (call.status === 'transcribing') return { ...call, lease, checkAfter: event.until };
  return { ...toBase(call), lease, status: 'downloading', checkAfter: event.until };
}

function requeue(call: ImportedCall, event: Extract<CallEvent, { type: 'requeue' }>): ImportedCall {
  if (call.status === 'completed') throw refuse(call, event.type);
  return {
    ...toBase(call),
    status: 'pending',
    notBefore: null,
    jobId: event.jobId,
    page: event.page,
    failures: 0,
    notReady: 0,
    hint: null,
    checkAfter: null,
    // The epoch grows, so that a holder from before the requeue is fenced off.
    lease: { ...call.lease, epoch: call.lease.epoch + 1, expiresAt: null },
  };
}

/** A call that waits for its first try and, as its platform said when listing it, never gets one. */
export function skipPending(
  call: ImportedCall,
  skip: { readonly reason: SkipReason; readonly at: Date },
): ImportedCall {
  if (call.status !== 'pending') throw refuse(call, 'skip');
  const { reason, at: skippedAt } = skip;
  return { ...toBase(call), hint: null, status: 'skipped', skippedAt, reason };
}

/** The call has reached the end of its story; only a requeue moves it again. */
export function isCallEnded(call: ImportedCall): boolean {
  return call.status === 'completed' || call.status === 'failed' || call.status === 'skipped';
}

/** Somebody works on it, or did until a crash. */
export function isInWork(call: ImportedCall): boolean {
  return (
    call.status === 'downloading' || call.status === 'processing' || call.status === 'transcribing'
  );
}

/** The counter that a call in this state stands in; null while it is on its way. */
export function toTotal(call: ImportedCall): keyof CallTotals | null {
  switch (call.status) {
    case 'completed':
      return 'imported';
    case 'failed':
      return 'failed';
    case 'skipped':
      return skipTotals[call.reason];
    default:
      return null;
  }
}

const skipTotals = {
  gone: 'gone',
  no_consent: 'noConsent',
  filtered: 'filtered',
} as const satisfies Record<SkipReason, keyof CallTotals>;

type CallBase = z.infer<typeof CallBase>;

const baseFields = Object.keys(CallBase.shape) as readonly (keyof CallBase)[]; // the schema's own keys

/**
 * Drops what belongs to the present state only, so that nothing stale is carried into the next. What
 * stays is the same objects as before: by them a store sees what has changed.
 */
function toBase(call: ImportedCall): CallBase {
  // Every state has all fields of the base.
  return Object.fromEntries(baseFields.map((name) => [name, call[name]])) as CallBase;
}

function remember(call: ImportedCall, attempt: CallAttempt): CallAttempt[] {
  return [...call.attempts, attempt].slice(-keptAttempts);
}

function refuse(call: ImportedCall, event: string): ImportError {
  return new ImportError({
    kind: 'conflict',
    source: 'imports',
    publicMessage: `Call ${call.callKey} is ${call.status}: ${event} is not possible.`,
  });
}
