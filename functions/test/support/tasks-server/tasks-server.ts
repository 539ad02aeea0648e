import { protos } from '@google-cloud/tasks';
import { grpc } from 'google-gax';

const { CreateTaskRequest, Task } = protos.google.cloud.tasks.v2;
type Task = protos.google.cloud.tasks.v2.Task;
type CreateTaskRequest = protos.google.cloud.tasks.v2.CreateTaskRequest;

/** A task as the server keeps it. */
export interface KeptTask {
  readonly name: string;
  readonly url: string;
  readonly httpMethod: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly scheduleTime: Date | null;
  readonly dispatchDeadlineSeconds: number | null;
  readonly serviceAccountEmail: string | null;
  readonly audience: string | null;
}

export type TasksFault =
  /** Nothing is created. */
  | { readonly kind: 'refuse'; readonly code: number; readonly message: string }
  /** Created, and the answer lost. */
  | { readonly kind: 'lose_answer' }
  /** Never answers. */
  | { readonly kind: 'hang' };

export interface TasksServerOptions {
  /** Full names: `projects/P/locations/L/queues/Q`. */
  readonly queues: readonly string[];
  readonly now: () => Date;
  /** How long the name of an ended task stays taken; Google says up to 24 hours. */
  readonly dedupMs?: number;
}

export interface TasksServer {
  readonly host: string;
  readonly port: number;
  readonly channelCredentials: grpc.ChannelCredentials;
  tasks(): readonly KeptTask[];
  /** Ends a task as a delivery would: the name stays taken for `dedupMs`. */
  end(name: string): void;
  /** The next request meets this; faults queue up. */
  failNext(fault: TasksFault): void;
  /** CreateTask requests so far, refused ones included. */
  requestCount(): number;
  close(): Promise<void>;
}

/**
 * A server that follows Cloud Tasks v2 where the engine uses it: CreateTask over gRPC, with its
 * name rules, limits and memory of names. It keeps tasks and delivers none.
 * @see https://cloud.google.com/tasks/docs/quotas
 */
export async function startTasksServer(options: TasksServerOptions): Promise<TasksServer> {
  const kept = new Map<string, KeptTask>();
  const takenUntil = new Map<string, number>();
  const faults: TasksFault[] = [];
  let requestCount = 0;

  function create(request: CreateTaskRequest): Task {
    const task = Task.create(request.task ?? {});
    requireValid(request, task, options);
    const until = takenUntil.get(task.name);
    if (kept.has(task.name) || (until !== undefined && options.now().getTime() < until)) {
      throw new Refusal(grpc.status.ALREADY_EXISTS, 'Requested entity already exists');
    }
    kept.set(task.name, toKeptTask(task));
    return task;
  }

  const server = new grpc.Server();
  server.addService(service, {
    CreateTask(
      call: grpc.ServerUnaryCall<CreateTaskRequest, Task>,
      callback: grpc.sendUnaryData<Task>,
    ) {
      requestCount += 1;
      const fault = faults.shift();
      if (fault?.kind === 'hang') return;
      try {
        if (fault?.kind === 'refuse') throw new Refusal(fault.code, fault.message);
        const task = create(call.request);
        if (fault?.kind === 'lose_answer') throw new Refusal(grpc.status.UNAVAILABLE, 'reset');
        callback(null, task);
      } catch (error) {
        callback(error instanceof Refusal ? error.toStatus() : toInternal(error));
      }
    },
  });
  const port = await listen(server);
  return {
    host: '127.0.0.1',
    port,
    channelCredentials: grpc.credentials.createInsecure(),
    tasks: () => [...kept.values()],
    end(name) {
      kept.delete(name);
      takenUntil.set(name, options.now().getTime() + (options.dedupMs ?? 24 * 3_600_000));
    },
    failNext: (fault) => void faults.push(fault),
    requestCount: () => requestCount,
    close: async () => server.forceShutdown(),
  };
}

const service = {
  CreateTask: {
    path: '/google.cloud.tasks.v2.CloudTasks/CreateTask',
    requestStream: false,
    responseStream: false,
    requestSerialize: (request: CreateTaskRequest) =>
      Buffer.from(CreateTaskRequest.encode(request).finish()),
    requestDeserialize: (bytes: Buffer) => CreateTaskRequest.decode(bytes),
    responseSerialize: (task: Task) => Buffer.from(Task.encode(task).finish()),
    responseDeserialize: (bytes: Buffer) => Task.decode(bytes),
  },
};

function listen(server: grpc.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }

  toStatus(): Partial<grpc.StatusObject> {
    return { code: this.code, details: this.message };
  }
}

function toInternal(error: unknown): Partial<grpc.StatusObject> {
  return { code: grpc.status.INTERNAL, details: String(error) };
}

const maxTaskBytes = 100_000;
const maxAheadMs = 30 * 24 * 3_600_000;

function requireValid(request: CreateTaskRequest, task: Task, options: TasksServerOptions): void {
  const invalid = (message: string) => new Refusal(grpc.status.INVALID_ARGUMENT, message);
  if (!/^projects\/[^/]+\/locations\/[^/]+\/queues\/[A-Za-z0-9-]{1,100}$/.test(request.parent)) {
    throw invalid('Queue name must be formatted: "projects/P/locations/L/queues/Q"');
  }
  if (!options.queues.includes(request.parent)) {
    throw new Refusal(grpc.status.NOT_FOUND, 'Queue does not exist.');
  }
  const taskId = task.name.startsWith(`${request.parent}/tasks/`)
    ? task.name.slice(request.parent.length + '/tasks/'.length)
    : '';
  if (!/^[A-Za-z0-9_-]{1,500}$/.test(taskId)) throw invalid('Task name must be formatted: …');
  const url = task.httpRequest?.url ?? '';
  if (!/^https?:\/\//.test(url) || url.length > 2083) throw invalid('HttpRequest.url is invalid');
  const deadline = task.dispatchDeadline?.seconds;
  if (deadline != null && (Number(deadline) < 15 || Number(deadline) > 1800)) {
    throw invalid('Task.dispatchDeadline must be between [15s, 30m]');
  }
  const runAtMs = toDate(task.scheduleTime)?.getTime() ?? 0;
  if (runAtMs > options.now().getTime() + maxAheadMs) {
    throw invalid('Task.scheduleTime must be within 30 days');
  }
  if (Task.encode(task).finish().length > maxTaskBytes) throw invalid('Task size too large');
}

function toKeptTask(task: Task): KeptTask {
  const { httpRequest, dispatchDeadline } = task;
  return {
    name: task.name,
    url: httpRequest?.url ?? '',
    httpMethod: protos.google.cloud.tasks.v2.HttpMethod[Number(httpRequest?.httpMethod ?? 0)] ?? '',
    headers: { ...httpRequest?.headers },
    body: Buffer.from(httpRequest?.body ?? '').toString('utf8'),
    scheduleTime: toDate(task.scheduleTime),
    dispatchDeadlineSeconds:
      dispatchDeadline?.seconds == null ? null : Number(dispatchDeadline.seconds),
    serviceAccountEmail: httpRequest?.oidcToken?.serviceAccountEmail ?? null,
    audience: httpRequest?.oidcToken?.audience ?? null,
  };
}

function toDate(timestamp: protos.google.protobuf.ITimestamp | null | undefined): Date | null {
  if (timestamp == null) return null;
  return new Date(Number(timestamp.seconds ?? 0) * 1000 + (timestamp.nanos ?? 0) / 1_000_000);
}
