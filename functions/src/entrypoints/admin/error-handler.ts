import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { toImportError } from '../../core/errors.ts';
import type { Logs } from '../../core/logs.ts';
import type { AdminEnv } from './admin-env.ts';
import { ProblemError, toProblem, type Problem } from './problem.ts';

/** Turns whatever was thrown into problem+json; what is our fault is logged, and not told. */
export function answerError(logs: Logs): (thrown: Error, c: Context<AdminEnv>) => Response {
  return (thrown, c) => {
    const problem = describe(thrown);
    if (problem.status >= 500) {
      const requestId = c.get('requestId');
      logs.requestFailed({ requestId, path: c.req.path, cause: thrown });
    }
    return answerProblem(c, problem);
  };
}

/** A problem as an RFC 9457 response. */
export function answerProblem(c: Context<AdminEnv>, problem: Problem): Response {
  const { headers, errors = [], ...rest } = problem;
  const body = {
    type: `/admin/errors/${problem.code}`,
    ...rest,
    requestId: c.get('requestId'),
    ...(errors.length > 0 && { errors }),
  };
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: {
      'Content-Type': 'application/problem+json',
      'X-Request-Id': c.get('requestId'),
      ...headers,
    },
  });
}

function describe(thrown: Error): Problem {
  if (thrown instanceof ProblemError) return thrown.problem;
  if (thrown instanceof HTTPException && thrown.status < 500) return toClientProblem(thrown);
  const { kind, publicMessage, retryable, retryAfterMs } = toImportError(thrown, 'admin');
  const retryAfterSeconds = Math.ceil((retryAfterMs ?? 0) / 1000);
  return toProblem(kind, {
    detail: kind === 'internal' ? 'The engineers have been told.' : publicMessage,
    retryable,
    ...(retryAfterSeconds > 0 && { headers: { 'Retry-After': String(retryAfterSeconds) } }),
  });
}

/** Hono's own refusals: a body that is no JSON, above all. */
function toClientProblem({ status }: HTTPException): Problem {
  return toProblem('bad_request', {
    status,
    detail: 'The body is empty or not valid JSON.',
    remedy: 'Send a JSON object with "Content-Type: application/json".',
  });
}
