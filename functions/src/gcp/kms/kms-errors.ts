import { ImportError, redact } from '../../core/errors.ts';
import type { ErrorKind } from '../../core/errors.ts';
import { doesNotOpen } from './envelope.ts';

/** @see https://grpc.io/docs/guides/status-codes/ */
const statusCodes = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Says in the engine's words what Cloud KMS or the network said. */
export function toKmsError(error: unknown): ImportError {
  if (error instanceof ImportError) return error;
  const code = codeOf(error);
  const cause = toSafeCause(error);
  switch (code) {
    // KMS says so when the ciphertext or what it was bound to was changed.
    case statusCodes.invalidArgument:
      return doesNotOpen(cause);
    case statusCodes.deadlineExceeded:
      return failure('timeout', 'Cloud KMS did not answer in time.', cause);
    case statusCodes.resourceExhausted:
      return failure('rate_limited', 'Cloud KMS asks us to slow down.', cause);
    case statusCodes.permissionDenied:
    case statusCodes.unauthenticated:
      return failure(
        'internal',
        'Cloud KMS refused us: grant roles/cloudkms.cryptoKeyEncrypterDecrypter on the key.',
        cause,
      );
    case statusCodes.notFound:
      return failure('internal', 'The key in Cloud KMS does not exist: create it.', cause);
    case statusCodes.failedPrecondition:
      return failure('internal', 'The key version in Cloud KMS is disabled: enable it.', cause);
    default:
      return failure('unavailable', 'Cloud KMS is not available just now.', cause);
  }
}

/** The error for an answer whose checksum is missing or wrong: another try may do better. */
export function damagedOnTheWay(): ImportError {
  return failure('unavailable', 'What Cloud KMS answered was damaged on the way.', undefined);
}

function failure(kind: ErrorKind, publicMessage: string, cause: unknown): ImportError {
  return new ImportError({ kind, source: 'kms', publicMessage, cause });
}

function codeOf(error: unknown): number | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'number'
    ? error.code
    : null;
}

/** The client's errors hold the request, which holds the data key and our authorization. */
function toSafeCause(error: unknown): Error {
  return new Error(redact(error instanceof Error ? error.message : 'unknown'));
}
