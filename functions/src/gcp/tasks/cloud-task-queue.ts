import { createHash } from 'node:crypto';
import type { CloudTasksClient } from '@google-cloud/tasks';
import { ImportError } from '../../core/errors.ts';
import type { NewTask, QueueName, TaskQueue } from '../../core/ports.ts';
import { toTaskError } from './task-errors.ts';

type ClientOptions = NonNullable<ConstructorParameters<typeof CloudTasksClient>[0]>;

/** Where the API answers when not at Google's own address. */
export interface TasksEndpoint {
  readonly host: string;
  readonly port: number;
  /** `grpc.credentials.createInsecure()` for a server that speaks plain text. */
  readonly channelCredentials: NonNullable<ClientOptions['sslCreds']>;
}

export interface CloudTaskQueueOptions {
  readonly projectId: string;
  readonly location: string;
  /** The URL of the function that works a queue off; also the audience of its identity token. */
  readonly functionUrl: (queue: QueueName) => string;
  /** Whom the deliveries are signed in as: needs `roles/run.invoker` on the functions. */
  readonly serviceAccountEmail: string;
  /** How long one delivery may take before the queue tries again: 15 to 1800, by default 1800. */
  readonly dispatchDeadlineSeconds?: Readonly<Partial<Record<QueueName, number>>>;
  /** Of one request to Cloud Tasks; by default 10,000. */
  readonly timeoutMs?: number;
  readonly apiEndpoint?: TasksEndpoint;
}

/** A queue whose connection can be given back. */
export interface CloudTaskQueue extends TaskQueue {
  close(): Promise<void>;
}

/**
 * The engine's task queue on Cloud Tasks; a queue's id is the name of the function that serves it.
 * @see https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2 (read 2026-01)
 */
export function createCloudTaskQueue(options: CloudTaskQueueOptions): CloudTaskQueue {
  let connection: Promise<CloudTasksClient> | null = null;

  function connected(): Promise<CloudTasksClient> {
    connection ??= connect(options).catch((error: unknown) => {
      connection = null;
      throw error;
    });
    return connection;
  }

  return {
    async enqueue(task) {
      const request = toCreateTaskRequest(options, task);
      try {
        const client = await connected();
        await client.createTask(request, { timeout: options.timeoutMs ?? 10_000 });
        return 'created';
      } catch (error) {
        // The name was taken before, perhaps by a try of ours whose answer was lost: as good.
        if (isAlreadyExists(error)) return 'duplicate';
        throw toTaskError(error, { queue: task.queue, location: options.location });
      }
    },

    async close() {
      const open = connection;
      connection = null;
      await (await open)?.close();
    },
  };
}

async function connect({
  projectId,
  apiEndpoint,
}: CloudTaskQueueOptions): Promise<CloudTasksClient> {
  const { CloudTasksClient } = await import('@google-cloud/tasks');
  const client = new CloudTasksClient({
    projectId,
    ...(apiEndpoint === undefined
      ? {}
      : {
          apiEndpoint: apiEndpoint.host,
          port: apiEndpoint.port,
          sslCreds: apiEndpoint.channelCredentials,
          // Said here so that the client does not look for Google's credentials to find it out.
          clientOptions: { universeDomain: 'googleapis.com' },
        }),
  });
  // `createTask` initialises too, but throws a failure away as an unhandled rejection, which ends
  // the process (@google-cloud/tasks 7.1.0, cloud_tasks_client.js); here it can be caught.
  await client.initialize();
  return client;
}

type CreateTaskRequest = NonNullable<Parameters<CloudTasksClient['createTask']>[0]>;

function toCreateTaskRequest(options: CloudTaskQueueOptions, task: NewTask): CreateTaskRequest {
  const parent = `projects/${options.projectId}/locations/${options.location}/queues/${task.queue}`;
  const url = options.functionUrl(task.queue);
  const body = JSON.stringify({ data: task.payload });
  return {
    parent,
    task: {
      name: `${parent}/tasks/${toTaskId(task.name)}`,
      ...(task.runAt === null ? {} : { scheduleTime: toTimestamp(task.runAt) }),
      dispatchDeadline: { seconds: options.dispatchDeadlineSeconds?.[task.queue] ?? 1800 },
      httpRequest: {
        url,
        httpMethod: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: Buffer.from(body),
        oidcToken: { serviceAccountEmail: options.serviceAccountEmail, audience: url },
      },
    },
  };
}

const taskName = /^[A-Za-z0-9_-]{1,400}$/;

/**
 * Names that share a prefix or count upwards slow the queue down, so a hash goes first.
 * @see https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#createtaskrequest
 */
function toTaskId(name: string): string {
  if (!taskName.test(name)) {
    throw new ImportError({
      kind: 'internal',
      source: 'tasks',
      publicMessage: 'A task name must be 1 to 400 letters, digits, hyphens or underscores.',
      retryable: false,
    });
  }
  return `${createHash('sha256').update(name).digest('hex').slice(0, 8)}-${name}`;
}

function toTimestamp(instant: Date): { seconds: number; nanos: number } {
  const ms = instant.getTime();
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - seconds * 1000) * 1_000_000 };
}

function isAlreadyExists(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 6;
}
