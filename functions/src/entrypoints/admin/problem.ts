import { ImportError } from '../../core/errors.ts';
import { entryOf, type ErrorCode } from './error-table.ts';

/** One wrong place in a request. `pointer` is a JSON Pointer into the body (RFC 6901), or the parameter's name. */
export interface ProblemDetail {
  readonly pointer: string;
  readonly detail: string;
}

/** RFC 9457 problem details with our extensions. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly errors?: readonly ProblemDetail[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** The problem of a code as the error table has it, with what is peculiar to this case. */
export function toProblem(
  code: ErrorCode,
  particulars: Pick<Problem, 'detail'> & Partial<Problem>,
): Problem {
  const { status, title, remedy, retryable } = entryOf(code);
  return { status, title, code, remedy, retryable, ...particulars };
}

/** Thrown by routes and middleware to answer with exactly this problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(code: ErrorCode, particulars: Parameters<typeof toProblem>[1]) {
    super(particulars.detail);
    this.problem = toProblem(code, particulars);
  }
}

/** A wrong request. `errors` names each wrong place. */
export function badRequest(detail: string, errors: readonly ProblemDetail[] = []): ProblemError {
  if (errors.length > 0) return new ProblemError('bad_request', { detail, errors });
  const remedy = 'Correct the request and send it again.';
  return new ProblemError('bad_request', { detail, remedy });
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
