import { ImportedCall, type CallAttempt, type CallStatus } from '../imports/imported-call.ts';
import { ImportJob, type CallTotals, type JobStatus } from '../imports/import-job.ts';
import type { CallMetadata, SourceParticipant } from '../imports/source-call.ts';

export const noTotals: CallTotals = { imported: 0, failed: 0, gone: 0, noConsent: 0, filtered: 0 };

const createdAt = new Date('2026-03-02T08:00:00Z');
const startedAt = new Date('2026-03-02T09:00:00Z');
const completedAt = new Date('2026-03-02T10:00:00Z');

const jobTimes = {
  queued: { startedAt: null, completedAt: null },
  counting: { startedAt, completedAt: null },
  in_progress: { startedAt, completedAt: null },
  paused: { startedAt, completedAt: null },
  completed: { startedAt, completedAt },
  partial: { startedAt, completedAt },
  failed: { startedAt, completedAt },
  cancelled: { startedAt, completedAt },
} as const satisfies Record<JobStatus, unknown>;

/** A valid job in a state: created at 08:00, started at 09:00 and ended at 10:00 of 2 March 2026. */
export function sampleJob(
  status: JobStatus,
  fields: Partial<Omit<ImportJob, 'status'>> = {},
): ImportJob {
  return ImportJob.parse({
    id: 'job-1',
    customerId: 'customer-1',
    platform: 'gong',
    jobType: 'import',
    requestedBy: 'support@example.com',
    createdAt,
    updatedAt: createdAt,
    credential: { id: 'credential-1', type: 'one_off' },
    config: {
      dateRange: { start: null, end: null },
      filters: {},
      schedule: 'now',
      inputs: null,
    },
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
    totals: noTotals,
    dispatch: {
      nextPage: 0,
      calls: 0,
      overdueCheckedAt: null,
      redispatch: null,
      round: 0,
      allowance: null,
    },
    lease: { holder: 'loop-1', epoch: 4, expiresAt: null },
    lastError: null,
    limitedUntil: null,
    nextAdvanceAt: null,
    settleAt: null,
    status,
    ...jobTimes[status],
    ...fields,
  });
}

/** What a platform says of a call that it knows well. */
export const sampleMetadata: CallMetadata = {
  title: 'Renewal with Acme',
  startedAt: new Date('2026-02-27T15:00:00Z'),
  durationSeconds: 1800,
  participants: [],
  sourceUrl: 'https://app.gong.example/call?id=7742',
  direction: 'outbound',
  mediaKind: 'audio',
  summary: null,
};

/** Somebody of whom the platform says nothing but what is given. */
export function samplePerson(known: Partial<SourceParticipant> = {}): SourceParticipant {
  return {
    id: null,
    name: null,
    email: null,
    phone: null,
    role: 'unknown',
    attended: null,
    ...known,
  };
}

export const sampleAttempt: CallAttempt = {
  at: new Date('2026-03-02T09:01:00Z'),
  kind: 'unavailable',
  source: 'gong',
  message: 'Gong did not answer.',
  status: 503,
  requestId: 'req-1',
};

const ofState = {
  pending: { notBefore: new Date('2026-03-02T09:02:00Z') },
  downloading: {},
  transcribing: {
    transcription: {
      operation: 'operations/1',
      uri: 'gs://bucket/media.mp3',
      restarts: 1,
      checkAt: new Date('2026-03-02T09:03:00Z'),
    },
  },
  processing: {},
  completed: { completedAt: new Date('2026-03-02T09:04:00Z') },
  failed: { failedAt: sampleAttempt.at, error: sampleAttempt, retryable: true },
  skipped: { skippedAt: new Date('2026-03-02T09:05:00Z'), reason: 'gone' },
} as const satisfies Record<CallStatus, unknown>;

/** What a sample call has in every state; nothing in it is as a new call's would be. */
export const sampleCallBase = {
  callKey: 'call-1',
  customerId: 'customer-1',
  platform: 'gong',
  sourceCallId: '7742',
  jobId: 'job-1',
  page: 2,
  metadata: sampleMetadata,
  hint: 'sample-hint',
  createdAt: new Date('2026-03-02T09:00:30Z'),
  lease: { holder: 'worker-1', epoch: 3, expiresAt: new Date('2026-03-02T09:10:00Z') },
  failures: 1,
  notReady: 2,
  attempts: [sampleAttempt],
  media: {
    key: 'customers/customer-1/calls/call-1/media.mp3',
    contentType: 'audio/mpeg',
    sizeBytes: 100_000,
    sha256: 'aa',
    crc32c: 'bb',
  },
  checkAfter: new Date('2026-03-02T09:11:00Z'),
} as const;

/** A valid call in a state, with everything that the state has. */
export function sampleCall(
  status: CallStatus,
  fields: Partial<Omit<ImportedCall, 'status'>> = {},
): ImportedCall {
  return ImportedCall.parse({ ...sampleCallBase, ...ofState[status], status, ...fields });
}
