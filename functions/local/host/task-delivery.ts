import type { RequestListener } from 'node:http';
import type { DeliveryResult, QueuedTask } from '../queue/embedded-queue.ts';
import { requestInProcess } from './in-process-request.ts';

/** What Cloud Tasks waits at most for an answer unless a task says otherwise. */
const dispatchDeadlineMs = 600_000;

/** Delivers a request either straight to the function's handler or over a socket to its URL. */
export type SendRequest = (request: {
  headers: Readonly<Record<string, string>>;
  body: string;
}) => Promise<DeliveryResult>;

/** Sends to the handler without a socket; the function can't tell. */
export function sendInProcess(handler: RequestListener): SendRequest {
  return async (request) => {
    const { status, headers } = await requestInProcess(handler, { url: '/', ...request });
    return { status, retryAfterMs: toRetryAfterMs(headers['retry-after'] ?? null) };
  };
}

/** Sends over a socket to whatever URL the function has by then. */
export function sendOverHttp(url: () => string): SendRequest {
  return async ({ headers, body }) => {
    const response = await fetch(url(), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      signal: AbortSignal.timeout(dispatchDeadlineMs),
    });
    await response.body?.cancel();
    return {
      status: response.status,
      retryAfterMs: toRetryAfterMs(response.headers.get('retry-after')),
    };
  };
}

/**
 * The headers that Cloud Tasks adds to a delivery.
 * @see https://docs.cloud.google.com/tasks/docs/creating-http-target-tasks#handler
 */
export function toTaskHeaders(queueName: string, task: QueuedTask): Record<string, string> {
  return {
    'X-CloudTasks-QueueName': queueName,
    'X-CloudTasks-TaskName': task.name,
    'X-CloudTasks-TaskRetryCount': String(task.retryCount),
    'X-CloudTasks-TaskExecutionCount': String(task.executionCount),
    'X-CloudTasks-TaskETA': (task.runAtMs / 1000).toFixed(6),
    ...(task.previousResponse !== null && {
      'X-CloudTasks-TaskPreviousResponse': String(task.previousResponse),
    }),
  };
}

/** Seconds only: what else the header may hold, our own functions don't send. */
function toRetryAfterMs(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Number(header) * 1000 : null;
}
