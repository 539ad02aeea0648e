import type { RequestListener } from 'node:http';
import { createEmbeddedQueue } from '../queue/embedded-queue.ts';
import type { EmbeddedQueue } from '../queue/embedded-queue.ts';
import { hostDocumentTrigger } from './document-trigger.ts';
import { readFunctions } from './endpoint.ts';
import type { HostedFunction } from './endpoint.ts';
import { createFunctionApp } from './function-app.ts';
import { toQueueOptions } from './host-options.ts';
import type { FunctionHostOptions } from './host-options.ts';
import { createOidcIssuer } from './oidc.ts';
import type { OidcIssuer } from './oidc.ts';
import { hostSchedule } from './schedule-trigger.ts';
import type { HostedSchedule } from './schedule-trigger.ts';
import { createSlots } from './slots.ts';
import { sendInProcess, sendOverHttp, toTaskHeaders } from './task-delivery.ts';
import type { SendRequest } from './task-delivery.ts';

export interface FunctionHost {
  readonly functions: readonly HostedFunction[];
  readonly projectId: string;
  /** The path of a function's own URL, as the Firebase emulator has it: no slash at the end. */
  pathOf(hosted: HostedFunction): string;
  /** The handler of a function that is called over HTTP; null for one that isn't, or isn't there. */
  findHandler(name: string): RequestListener | null;
  /** Where the server is that `findHandler` is mounted in: `http://127.0.0.1:5001`. */
  listensAt(baseUrl: string): void;
  /** Runs a scheduled function at once, with its retries; the last status. */
  runSchedule(name: string): Promise<number>;
  /** Resolves when no task and no event waits or runs. */
  drain(): Promise<void>;
  /** Starts nothing more, waits for what runs, saves the rest. */
  stop(): Promise<void>;
}

const defaultRegion = 'us-central1';
/** One thread does all the work: more at once would only hold more in memory. */
const defaultInstances = 1;

/** What hosting one function gives; each kind of trigger fills in what it has. */
interface Hosting {
  readonly handler: RequestListener | null;
  readonly queue: EmbeddedQueue | null;
  readonly schedule: HostedSchedule | null;
  stop(): Promise<void>;
}

/**
 * Serves every deployable function of a module on this machine, each as its deployment description
 * says. @throws Error naming a function that can't be hosted
 */
export async function createFunctionHost(options: FunctionHostOptions): Promise<FunctionHost> {
  const functions = readFunctions(options.functions);
  const oidc = options.oidc ?? (await createOidcIssuer(options));
  let baseUrl = 'http://127.0.0.1';
  const regionOf = (hosted: HostedFunction): string =>
    hosted.region ?? options.region ?? defaultRegion;
  const pathOf = (hosted: HostedFunction): string =>
    `/${options.projectId}/${regionOf(hosted)}/${hosted.name}`;
  const hostings = new Map<string, Hosting>();
  for (const hosted of functions) {
    const path = pathOf(hosted);
    const url = (): string => `${options.deliverTo?.() ?? baseUrl}${path}`;
    const region = regionOf(hosted);
    hostings.set(hosted.name, await hostFunction({ options, hosted, oidc, url, path, region }));
  }
  const all = [...hostings.values()];
  return {
    functions,
    projectId: options.projectId,
    pathOf,
    findHandler: (name) => hostings.get(name)?.handler ?? null,
    listensAt(url) {
      baseUrl = url;
    },
    async runSchedule(name) {
      const schedule = hostings.get(name)?.schedule;
      if (!schedule) throw new Error(`There is no scheduled function named ${name}.`);
      return schedule.run();
    },
    async drain() {
      const queues = all.flatMap(({ queue }) => queue ?? []);
      while (queues.some((queue) => queue.pendingCount() + queue.activeCount() > 0)) {
        for (const queue of queues) await queue.drain();
      }
    },
    async stop() {
      await Promise.all(all.map((hosting) => hosting.stop()));
    },
  };
}

interface HostingContext {
  readonly options: FunctionHostOptions;
  readonly hosted: HostedFunction;
  readonly oidc: OidcIssuer;
  readonly url: () => string;
  /** Also the audience of the function's tokens: it does not change with the port. */
  readonly path: string;
  readonly region: string;
}

async function hostFunction(context: HostingContext): Promise<Hosting> {
  const { options, hosted, oidc, path } = context;
  const { trigger } = hosted;
  const instances = Math.min(
    options.instances ?? defaultInstances,
    hosted.maxInstances ?? Infinity,
  );
  const slots = createSlots(hosted.concurrency * instances);
  const createApp = (isPrivate: boolean): RequestListener =>
    createFunctionApp({ hosted, oidc, slots, log: options.log, audience: isPrivate ? path : null });
  switch (trigger.kind) {
    case 'http':
      return hosting({ handler: createApp(trigger.isPrivate) });
    case 'task':
      return hostTaskQueue(context, createApp(true));
    case 'document': {
      const { queue, stop } = await hostDocumentTrigger({ ...context, trigger, slots });
      return hosting({ queue, stop });
    }
    case 'schedule': {
      const handler = createApp(true);
      const send = options.deliverTo ? sendOverHttp(context.url) : sendInProcess(handler);
      const schedule = hostSchedule({ ...context, trigger, send });
      return hosting({ handler, schedule, stop: schedule.stop });
    }
  }
}

async function hostTaskQueue(context: HostingContext, handler: RequestListener): Promise<Hosting> {
  const { options, hosted, oidc, path } = context;
  if (hosted.trigger.kind !== 'task') throw new Error(`${hosted.name} has no task queue.`);
  const { name } = hosted;
  const isRemote = options.deliverOverHttp === true || options.deliverTo !== undefined;
  const send: SendRequest = isRemote ? sendOverHttp(context.url) : sendInProcess(handler);
  const queue = await createEmbeddedQueue({
    ...toQueueOptions(options),
    name,
    trigger: hosted.trigger.queue,
    async deliver(task) {
      const authorization = await oidc.authorizationFor(path);
      return send({
        headers: { ...toTaskHeaders(name, task), authorization },
        body: JSON.stringify({ data: task.payload }),
      });
    },
    onDropped: (task) => options.log.error(`The queue ${name} gave up the task ${task.name}.`),
  });
  options.queues.attach(name, queue);
  const stop = async (): Promise<void> => {
    await queue.stop();
    options.queues.detach(name);
  };
  return hosting({ handler, queue, stop });
}

function hosting(parts: Partial<Hosting>): Hosting {
  return { handler: null, queue: null, schedule: null, stop: async () => undefined, ...parts };
}
