import type { NewTask } from '../ports.ts';

/** A task that works on a call; `name` makes it one per legitimate run. */
export function toCallTask(
  target: { readonly jobId: string; readonly callKey: string },
  name: string,
  runAt: Date | null,
): NewTask {
  const { jobId, callKey } = target;
  return { queue: 'processCall', name, payload: { jobId, callKey }, runAt };
}
