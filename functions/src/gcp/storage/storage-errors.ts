import { ImportError, redact } from '../../core/errors.ts';
import type { ErrorKind } from '../../core/errors.ts';

/** What was being done: a missing object is news to a reader, a missing bucket is ours to mend. */
export type StorageOperation = 'write' | 'read' | 'remove' | 'sign';

interface Verdict {
  readonly kind: ErrorKind;
  readonly publicMessage: string;
  readonly retryable?: boolean;
}

/**
 * Says in the engine's words what Cloud Storage or the network said.
 * @see https://cloud.google.com/storage/docs/json_api/v1/status-codes
 */
export function toStorageError(error: unknown, operation: StorageOperation): ImportError {
  if (error instanceof ImportError) return error;
  const status = statusOf(error);
  return new ImportError({
    ...verdictOn({ error, status, operation }),
    source: 'storage',
    status,
    retryAfterMs: retryAfterMsOf(error),
    cause: toSafeCause(error),
  });
}

/** Whether an error means that the object is not there, while the bucket is. */
export function isMissingObject(error: unknown): boolean {
  return statusOf(error) === 404 && !isMissingBucket(error);
}

/** The error for an object that is not there. */
export function objectNotFound(cause?: unknown): ImportError {
  return new ImportError({
    kind: 'not_found',
    source: 'storage',
    publicMessage: 'The file is no longer stored.',
    status: 404,
    cause: cause === undefined ? undefined : toSafeCause(cause),
  });
}

/** The error for a service that gave no sign of life for too long. */
export function storageTimedOut(): ImportError {
  return new ImportError({
    kind: 'timeout',
    source: 'storage',
    publicMessage: 'Cloud Storage did not answer in time.',
  });
}

function verdictOn(facts: {
  error: unknown;
  status: number | null;
  operation: StorageOperation;
}): Verdict {
  const { error, status, operation } = facts;
  if (isMissingBucket(error))
    return { kind: 'internal', publicMessage: 'The storage bucket does not exist: create it.' };
  if (operation === 'sign') return signingVerdict(error, status);
  if (status !== null) return statusVerdict(status, operation);
  if (isTimeout(error))
    return { kind: 'timeout', publicMessage: 'Cloud Storage did not answer in time.' };
  return { kind: 'unavailable', publicMessage: 'Cloud Storage could not be reached.' };
}

function statusVerdict(status: number, operation: StorageOperation): Verdict {
  // Writing meets 404 and 410 when an upload session was lost: a new attempt opens another.
  if (operation === 'write' && (status === 404 || status === 410))
    return { kind: 'unavailable', publicMessage: 'The upload session ended early.' };
  if (status === 404) return { kind: 'not_found', publicMessage: 'The file is no longer stored.' };
  if (status === 412)
    return { kind: 'conflict', publicMessage: 'The file was changed by somebody else meanwhile.' };
  if (status === 416)
    return { kind: 'bad_request', publicMessage: 'The range begins after the end of the object.' };
  if (status === 429)
    return { kind: 'rate_limited', publicMessage: 'Cloud Storage asks us to slow down.' };
  if (status === 401 || status === 403) return refusedVerdict;
  if (status === 408 || status >= 500)
    return { kind: 'unavailable', publicMessage: 'Cloud Storage is not available just now.' };
  return { kind: 'internal', publicMessage: 'Cloud Storage refused our request.' };
}

/** Ours to mend, not the call's fault: throwing lets the queue wait until the role is granted. */
const refusedVerdict: Verdict = {
  kind: 'internal',
  publicMessage:
    'Cloud Storage refused our service account: grant it roles/storage.objectAdmin on the bucket.',
};

function signingVerdict(error: unknown, status: number | null): Verdict {
  if (status === null && isNetwork(error))
    return { kind: 'unavailable', publicMessage: 'The link could not be signed just now.' };
  if (status !== null && (status === 429 || status >= 500)) return statusVerdict(status, 'sign');
  return {
    kind: 'internal',
    publicMessage:
      'We may not sign links: grant the service account roles/iam.serviceAccountTokenCreator on itself.',
  };
}

/** The client puts the HTTP status into `code`, `status`, the response, or only into its message. */
function statusOf(error: unknown): number | null {
  const response = property(error, 'response');
  const candidates = [
    property(error, 'code'),
    property(error, 'status'),
    property(response, 'status'),
    property(response, 'statusCode'),
    /^Retry (?:total time )?limit exceeded - (?:.*? )?status: (\d{3})\b/.exec(
      messageOf(error),
    )?.[1],
  ];
  const statuses = candidates.map(Number).filter((status) => status >= 400 && status <= 599);
  return statuses[0] ?? null;
}

function isMissingBucket(error: unknown): boolean {
  return /bucket does not exist/i.test(messageOf(error));
}

function isTimeout(error: unknown): boolean {
  const names = [property(error, 'name'), property(property(error, 'cause'), 'name')];
  const isAborted = names.includes('TimeoutError') || names.includes('AbortError');
  return isAborted || property(error, 'code') === 'ETIMEDOUT';
}

/** Whether a request broke on the way: the client's own list knows a few of these only. */
export function isNetwork(error: unknown): boolean {
  const code = property(error, 'code') ?? property(property(error, 'cause'), 'code');
  const networkCodes =
    /^(ECONN\w+|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|UND_ERR_\w+)$/;
  return isTimeout(error) || (typeof code === 'string' && networkCodes.test(code));
}

function retryAfterMsOf(error: unknown): number | null {
  const headers = property(property(error, 'response'), 'headers');
  const value =
    headers instanceof Headers ? headers.get('retry-after') : property(headers, 'retry-after');
  const seconds = typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
  return seconds >= 0 && seconds <= 3600 ? seconds * 1000 : null;
}

/** The client's errors carry our authorization header and the session's address, a bearer secret. */
function toSafeCause(error: unknown): Error {
  const safe = new Error(redact(messageOf(error)).replace(/\?[^\s"')]+/g, '?[redacted]'));
  const name = property(error, 'name');
  if (typeof name === 'string') safe.name = name;
  return safe;
}

function messageOf(error: unknown): string {
  const message = property(error, 'message');
  return typeof message === 'string' ? message : 'unknown';
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
