import { z } from 'zod';

const Job = z.object({
  id: z.string(),
  platform: z.string(),
  status: z.string(),
  totalCalls: z.number().nullable(),
  processedCalls: z.number(),
  failedCalls: z.number(),
  skippedCalls: z.number(),
  counts: z.object({
    listed: z.number(),
    imported: z.number(),
    duplicates: z.number(),
    failed: z.number(),
    gone: z.number(),
    rejected: z.number(),
    open: z.number(),
    missing: z.number(),
  }),
  completedAt: z.string().nullable(),
  limitedUntil: z.string().nullable(),
  errors: z.array(z.object({ callId: z.string().nullable(), error: z.string() })),
  lastError: z.object({ message: z.string() }).nullable(),
});
export type JobAnswer = z.infer<typeof Job>;

const Created = z.object({ jobId: z.string(), estimatedCalls: z.number().nullable() });
const Uploads = z.object({
  uploads: z.array(
    z.object({
      uploadId: z.string(),
      fileName: z.string(),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
    }),
  ),
});
const Rotation = z.object({
  keyVersion: z.string().nullable(),
  finishedAt: z.string().nullable(),
  rewrapped: z.number(),
  alreadyCurrent: z.number(),
  failed: z.number(),
  failedIds: z.array(z.string()),
});
export type RotationAnswer = z.infer<typeof Rotation>;
const Problem = z.object({
  code: z.string().default(''),
  detail: z.string(),
  remedy: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).default([]),
});

/** A refusal: its message says what is wrong, where, and what to do. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  /** The problem as the API sent it. */
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    const parsed = Problem.safeParse(body);
    super(parsed.success ? toText(parsed.data) : `The admin API answered ${String(status)}.`);
    this.status = status;
    this.code = parsed.success ? parsed.data.code : '';
    this.body = body;
  }
}

/** Nobody answers at the API's address. */
export class ApiUnreachable extends Error {}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** One request, below `/admin`. @throws ApiProblem, ApiUnreachable */
export type ApiRequest = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
) => Promise<ApiAnswer>;

/** The admin API as its users call it. Every method throws an Error that says what to do. */
export interface ApiClient {
  createImport(body: unknown): Promise<z.infer<typeof Created>>;
  getImport(jobId: string): Promise<JobAnswer>;
  /** Imports from a platform that have not ended yet. */
  findOpenImports(of: { customerId: string; platform: string }): Promise<readonly JobAnswer[]>;
  resumeImport(jobId: string): Promise<JobAnswer>;
  createUploads(body: unknown): Promise<z.infer<typeof Uploads>['uploads']>;
  /** Takes the rotation of the credentials' keys on by a batch; needs the role admin. */
  rotateKeys(): Promise<RotationAnswer>;
}

const requestTimeoutMs = 150_000;

/** Sends requests to the admin API at `url` with that token. */
export function createApiRequest(url: string, token: string): ApiRequest {
  return async (method, path, body) => {
    const response = await fetch(`${url}/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(requestTimeoutMs),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new ApiUnreachable(`Nobody answers at ${url}. Is the backend running?`, { cause });
    });
    const text = await response.text().catch((cause: unknown) => {
      throw new ApiUnreachable(`${url} broke off its answer.`, { cause });
    });
    const answer = { status: response.status, headers: response.headers, body: toJson(text) };
    if (!response.ok) throw new ApiProblem(answer.status, answer.body);
    return answer;
  };
}

/** A client of the admin API at `url`. */
export function createApiClient(url: string, token: string): ApiClient {
  return toApiClient(createApiRequest(url, token));
}

/** The client over a way to send requests. */
export function toApiClient(request: ApiRequest): ApiClient {
  async function call<T>(schema: z.ZodType<T>, path: string, body?: unknown): Promise<T> {
    const answer = await request(body === undefined ? 'GET' : 'POST', path, body);
    return schema.parse(answer.body);
  }

  return {
    createImport: (body) => call(Created, '/imports', body),
    getImport: (jobId) => call(Job, `/imports/${encodeURIComponent(jobId)}`),
    findOpenImports: async (of) => {
      const query = new URLSearchParams({ ...of, limit: '100' });
      const jobs = await call(z.array(Job), `/imports?${query.toString()}`);
      return jobs.filter((job) => job.completedAt === null);
    },
    resumeImport: (jobId) => call(Job, `/imports/${encodeURIComponent(jobId)}/resume`, {}),
    rotateKeys: () => call(Rotation, '/credentials/rotate', {}),
    createUploads: async (body) => (await call(Uploads, '/uploads', body)).uploads,
  };
}

function toText({ detail, remedy, errors }: z.infer<typeof Problem>): string {
  const places = errors.map((error) => `\n  ${error.pointer}: ${error.detail}`).join('');
  return `${detail}${places}\n${remedy}`;
}

function toJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return null;
  }
}
