import { z } from 'zod';
import { readFunctions } from '../../local/host/endpoint.ts';
import type { TaskQueueTrigger } from '../../local/queue/queue-policy.ts';
import { getApp, provideApp, type App } from '../../src/app.ts';
import * as deployed from '../../src/index.ts';
import type { QueueName } from '../../src/core/ports.ts';
import { findInstance } from './instance.ts';

/** The deployed functions, run as the platform runs them but without HTTP in between. */
export interface DeployedFunctions {
  readonly queues: Readonly<
    Record<QueueName, { readonly trigger: TaskQueueTrigger; readonly timeoutMs: number }>
  >;
  runTask(queue: QueueName, payload: unknown): Promise<unknown>;
  runSweep(): Promise<unknown>;
  runNightly(): Promise<unknown>;
  runJobTrigger(jobId: string): Promise<unknown>;
}

const Runnable = z.custom<{ run(event: unknown): unknown }>(
  (value) => typeof value === 'function' && 'run' in value && typeof value.run === 'function',
);

/** Reads them from `index.ts`; whoever runs one in an instance gets that instance's app. */
export function readDeployedFunctions(): DeployedFunctions {
  provideApp(createAppOfInstance());
  const described = readFunctions(deployed);
  const queueOf = (name: QueueName) => {
    const found = described.find((one) => one.name === name);
    if (found?.trigger.kind !== 'task') throw new Error(`${name} is not a task function.`);
    return { trigger: found.trigger.queue, timeoutMs: found.timeoutSeconds * 1_000 };
  };
  // What firebase-functions makes of a handler has it as `run`.
  const run = async (name: keyof typeof deployed, event: unknown) =>
    Runnable.parse(deployed[name]).run(event);
  return {
    queues: { advanceJob: queueOf('advanceJob'), processCall: queueOf('processCall') },
    runTask: (queue, payload) => run(queue, { data: payload }),
    runSweep: () => run('sweepJobs', {}),
    runNightly: () => run('processImportQueue', {}),
    runJobTrigger: (jobId) => run('onImportJobUpdate', { params: { jobId } }),
  };
}

/** The one app of this process, which for every caller is its own instance's. */
function createAppOfInstance(): App {
  const own = (): App => {
    const instance = findInstance();
    if (!instance) throw new Error('A function ran outside of every instance.');
    return instance.app;
  };
  return {
    get logs() {
      return own().logs;
    },
    get clock() {
      return own().clock;
    },
    get createId() {
      return own().createId;
    },
    verifyCaller: (token) => own().verifyCaller(token),
    settings: () => own().settings(),
    engine: () => own().engine(),
    notifier: () => own().notifier(),
    platforms: () => own().platforms(),
  };
}

/** The engine of the instance that runs the current code. */
export const currentEngine = () => getApp().engine();
