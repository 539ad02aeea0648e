import { ImportError, type ErrorKind } from '../../core/errors.ts';

/** One wrong place in a request. `pointer` is a JSON Pointer into the body (RFC 6901), or the parameter's name. */
export interface ProblemDetail {
  readonly pointer: string;
  readonly detail: string;
}

/** RFC 9457 problem details with our extensions. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly errors?: readonly ProblemDetail[];
  readonly headers?: Readonly<Record<string, string>>;
}

const titles = {
  bad_request: 'The request is not right',
  auth_invalid: 'The platform rejects the credentials',
  permission_denied: 'The credentials lack a permission',
  payment_required: "The customer's plan at the platform does not allow this",
  not_found: 'Not found',
  not_ready: 'Not ready yet',
  rate_limited: 'Too many requests',
  timeout: 'The other side did not answer in time',
  unavailable: 'The other side is not available',
  contract: 'The platform answered with something unexpected',
  conflict: 'Not possible in the present state',
  internal: 'Something went wrong on our side',
} as const satisfies Record<ErrorKind, string>;

const remedies = {
  bad_request: 'Correct what "errors" points at and send the request again.',
  auth_invalid: 'Ask the customer for new credentials; GET /admin/platforms says how to get them.',
  permission_denied: 'Ask the customer to give the credentials the permission that is named.',
  payment_required: 'The customer has to settle their plan or balance at the platform first.',
  not_found: 'Check the id. GET /admin/imports?customerId=… lists the imports of a customer.',
  not_ready: 'Try again in a few minutes.',
  rate_limited: 'Wait as long as Retry-After says, then try again.',
  timeout: 'Try again in a minute.',
  unavailable: 'Try again in a minute.',
  contract: 'Tell the engineers the requestId: the adapter of this platform has to be looked at.',
  conflict: 'Look at the present state with GET, then decide.',
  internal: 'Try again; if it stays, tell the engineers the requestId.',
} as const satisfies Record<ErrorKind, string>;

/** The title and remedy of a kind, for callers of the API. */
export function wordsOf(kind: ErrorKind): { readonly title: string; readonly remedy: string } {
  return { title: titles[kind], remedy: remedies[kind] };
}

/** Thrown by routes and middleware to answer with exactly this problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** A wrong request. `errors` names each wrong place. */
export function badRequest(detail: string, errors: readonly ProblemDetail[] = []): ProblemError {
  const { title, remedy } = wordsOf('bad_request');
  return new ProblemError({
    status: 400,
    code: 'bad_request',
    title,
    detail,
    remedy: errors.length > 0 ? remedy : 'Correct the request and send it again.',
    retryable: false,
    errors,
  });
}

/** Runs `work`; where it finds the caller's input wrong, the answer points at the place. @throws a 400 */
export async function pointingAt<T>(pointer: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ImportError) || error.kind !== 'bad_request') throw error;
    throw badRequest(error.publicMessage, [{ pointer, detail: error.publicMessage }]);
  }
}

/** A JSON Pointer (RFC 6901) to a place in the body. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
