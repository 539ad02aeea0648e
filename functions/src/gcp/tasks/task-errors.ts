import { ImportError, type ErrorKind } from '../../core/errors.ts';

interface Meaning {
  readonly kind: ErrorKind;
  readonly say: (where: TaskErrorContext) => string;
  readonly retryable?: boolean;
}

export interface TaskErrorContext {
  readonly queue: string;
  readonly location: string;
}

const outage: Meaning = { kind: 'unavailable', say: () => 'Cloud Tasks could not be reached.' };
const noAnswer: Meaning = {
  kind: 'timeout',
  say: () => 'Cloud Tasks did not answer in time; the task may have been accepted.',
};

/**
 * By gRPC status. A queue that is missing is `internal`, not `not_found`: that kind says of a call
 * that it is gone, and a deployment's mistake must not skip calls.
 * @see https://grpc.io/docs/guides/status-codes/
 */
const meanings: Readonly<Record<number, Meaning>> = {
  1: noAnswer,
  2: outage,
  3: {
    kind: 'internal',
    say: ({ queue }) => `Cloud Tasks refused a task of queue ${queue} as malformed.`,
    retryable: false,
  },
  4: noAnswer,
  5: {
    kind: 'internal',
    say: ({ queue, location }) =>
      `There is no queue ${queue} in ${location}: deploy the function ${queue}, which creates it.`,
  },
  7: {
    kind: 'permission_denied',
    say: ({ queue }) =>
      `We may not create tasks in queue ${queue}: grant the functions' service account ` +
      'roles/cloudtasks.enqueuer, and roles/iam.serviceAccountUser on the account that ' +
      'deliveries are signed in as.',
  },
  8: { kind: 'rate_limited', say: () => 'The quota of Cloud Tasks is used up for the moment.' },
  9: {
    kind: 'unavailable',
    say: ({ queue }) => `Queue ${queue} takes no tasks now: see whether it is disabled.`,
  },
  10: outage,
  13: outage,
  14: outage,
  16: {
    kind: 'permission_denied',
    say: () => "Cloud Tasks did not accept our credentials: check the functions' service account.",
  },
};

/** Translates what the Cloud Tasks client threw. */
export function toTaskError(error: unknown, where: TaskErrorContext): ImportError {
  if (error instanceof ImportError) return error;
  // No status: the client failed before it could ask, which is how missing credentials look.
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const meaning = typeof code === 'number' ? meanings[code] : outage;
  return new ImportError({
    kind: meaning?.kind ?? 'internal',
    source: 'tasks',
    publicMessage: meaning?.say(where) ?? 'Cloud Tasks answered with a status that we do not know.',
    ...(meaning?.retryable === undefined ? {} : { retryable: meaning.retryable }),
    cause: error,
  });
}
