import { HttpsError, type FunctionsErrorCode } from 'firebase-functions/https';
import type { z } from 'zod';
import { toImportError, type ErrorKind } from '../../core/errors.ts';
import { getApp } from '../../app.ts';

/**
 * Runs a task: returning is done, throwing is delivered again. What is thrown carries the kind and
 * the public message only, because firebase-functions logs it. A payload that we did not write is
 * dropped: it would never become right.
 */
export async function answerTask<T>(
  task: { readonly schema: z.ZodType<T>; readonly data: unknown },
  work: (payload: T) => Promise<void>,
): Promise<void> {
  const payload = task.schema.safeParse(task.data);
  if (!payload.success) return getApp().logs.taskRefused({ reason: payload.error.message });
  try {
    await work(payload.data);
  } catch (thrown) {
    const error = toImportError(thrown, 'tasks');
    if (error.kind === 'not_found') return getApp().logs.taskRefused({ reason: error.message });
    if (error.kind === 'internal') getApp().logs.taskFailed({ cause: error.cause ?? error });
    throw new HttpsError(toCode(error.kind), error.message);
  }
}

function toCode(kind: ErrorKind): FunctionsErrorCode {
  if (kind === 'internal') return 'internal';
  return kind === 'timeout' ? 'deadline-exceeded' : 'aborted';
}
