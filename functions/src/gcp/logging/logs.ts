import * as logger from 'firebase-functions/logger';
import { ImportError, redact } from '../../core/errors.ts';
import type { Logs } from '../../core/logs.ts';

type Write = (message: string, fields: Record<string, unknown>) => void;

export interface LogLevels {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

/** The engine's events as structured entries of Cloud Logging, one line each. */
export function createLogs(to: LogLevels = logger): Logs {
  const entry = (write: Write, name: string) => (event: object) => write(name, { ...event });
  const withCause =
    (write: Write, name: string) =>
    ({ cause, ...event }: { readonly cause: unknown }) =>
      write(name, { ...event, cause: describe(cause) });
  return {
    jobCreated: entry(to.info, 'job created'),
    jobStarted: entry(to.info, 'job started'),
    pageListed: entry(to.debug, 'page listed'),
    recordsRejected: entry(to.error, 'records rejected'),
    recordsReplayed: entry(to.info, 'records replayed'),
    callsDispatched: entry(to.debug, 'calls dispatched'),
    callImported: entry(to.debug, 'call imported'),
    callSkipped: entry(to.info, 'call skipped'),
    callReleased: entry(to.warn, 'call released'),
    callFailed: entry(to.error, 'call failed'),
    callFenced: entry(to.warn, 'call fenced'),
    transcriptMissing: entry(to.warn, 'transcript missing'),
    jobFailedToAdvance: entry(to.error, 'job failed to advance'),
    totalsCorrected: entry(to.error, 'totals corrected'),
    jobEnded: entry(to.info, 'job ended'),
    credentialsRenewed: entry(to.info, 'credentials renewed'),
    recordUnreadable: entry(to.error, 'record unreadable'),
    jobsPoked: entry(to.debug, 'jobs poked'),
    leftCredentialsDestroyed: entry(to.debug, 'left credentials destroyed'),
    platformDrifted: entry(to.error, 'platform drifted'),
    driftNotReported: entry(to.error, 'drift not reported'),
    notificationFailed: entry(to.warn, 'notification failed'),
    taskRefused: entry(to.error, 'task refused'),
    taskFailed: withCause(to.error, 'task failed'),
    auditNotClosed: withCause(to.error, 'audit not closed'),
    answerNotKept: withCause(to.warn, 'answer not kept'),
    requestFailed: withCause(to.error, 'request failed'),
  };
}

/** An error's name, message and stack with what looks like a secret taken out. */
function describe(cause: unknown): string {
  if (cause instanceof ImportError && cause.cause !== undefined) {
    return `${cause.message}; caused by ${describe(cause.cause)}`;
  }
  return redact(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
}
