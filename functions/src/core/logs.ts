import type { PlatformDrift } from './drift/platform-drift.ts';
import type { ErrorKind } from './errors.ts';

interface JobRef {
  readonly jobId: string;
  readonly customerId: string;
}
interface CallRef extends JobRef {
  readonly callKey: string;
}

/** Every event that the engine logs, one function each. None takes a secret or participant data. */
export interface Logs {
  jobCreated(event: JobRef & { platform: string; estimatedCalls: number | null }): void;
  jobStarted(event: JobRef): void;
  pageListed(event: JobRef & { page: number; created: number; duplicates: number }): void;
  recordsRejected(event: JobRef & { page: number; reasons: readonly string[] }): void;
  recordsReplayed(event: JobRef & { page: number; created: number; stillRejected: number }): void;
  callsDispatched(event: JobRef & { calls: number; reason: 'page' | 'overdue' | 'lost' }): void;
  callImported(event: CallRef & { durationMs: number; mediaBytes: number }): void;
  callSkipped(event: CallRef & { reason: string }): void;
  callReleased(event: CallRef & { kind: ErrorKind; source: string; message: string }): void;
  callFailed(event: CallRef & { kind: ErrorKind; source: string; message: string }): void;
  callFenced(event: CallRef): void;
  transcriptMissing(event: CallRef & { message: string }): void;
  jobFailedToAdvance(event: JobRef & { kind: ErrorKind; source: string; message: string }): void;
  totalsCorrected(event: JobRef & { counted: number; stored: number }): void;
  jobEnded(event: JobRef & { status: string; imported: number; failed: number }): void;
  credentialsRenewed(event: { credentialId: string; customerId: string; platform: string }): void;
  /** A stored document breaks its schema: whoever wrote it by hand, or the code, is wrong. */
  recordUnreadable(event: { path: string }): void;
  jobsPoked(event: { jobs: number }): void;
  leftCredentialsDestroyed(event: { credentials: number }): void;
  platformDrifted(event: PlatformDrift & { driftId: string }): void;
  driftNotReported(event: { driftId: string; kind: ErrorKind; message: string }): void;
  notificationFailed(event: { jobId: string; kind: ErrorKind; message: string }): void;
  taskRefused(event: { reason: string }): void;
  taskFailed(event: { cause: unknown }): void;
  /** The request was served, and its entry in the audit log stays `started`. */
  auditNotClosed(event: { requestId: string; entryId: string; cause: unknown }): void;
  /** The answer was given, and a repeat of the request will not find it. */
  answerNotKept(event: { requestId: string; path: string; cause: unknown }): void;
  requestFailed(event: { requestId: string; path: string; cause: unknown }): void;
}
