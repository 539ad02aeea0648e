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
const Problem = z.object({
  detail: z.string(),
  remedy: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).default([]),
});

/** The admin API as its users call it. Every method throws an Error that says what to do. */
export interface ApiClient {
  createImport(body: unknown): Promise<z.infer<typeof Created>>;
  getImport(jobId: string): Promise<JobAnswer>;
  /** Imports from a platform that have not ended yet. */
  findOpenImports(of: { customerId: string; platform: string }): Promise<readonly JobAnswer[]>;
  resumeImport(jobId: string): Promise<JobAnswer>;
  createUploads(body: unknown): Promise<z.infer<typeof Uploads>['uploads']>;
}

/** A client of the admin API at `url`. */
export function createApiClient(url: string, token: string): ApiClient {
  async function call<T>(schema: z.ZodType<T>, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}/admin${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return schema.parse(answer);
    throw new Error(describeProblem(response.status, answer));
  }

  return {
    createImport: (body) => call(Created, '/imports', body),
    getImport: (jobId) => call(Job, `/imports/${jobId}`),
    findOpenImports: async (of) => {
      const query = new URLSearchParams({ ...of, limit: '100' });
      const jobs = await call(z.array(Job), `/imports?${query.toString()}`);
      return jobs.filter((job) => job.completedAt === null);
    },
    resumeImport: (jobId) => call(Job, `/imports/${jobId}/resume`, {}),
    createUploads: async (body) => (await call(Uploads, '/uploads', body)).uploads,
  };
}

function describeProblem(status: number, answer: unknown): string {
  const problem = Problem.safeParse(answer);
  if (!problem.success) return `The admin API answered ${status}.`;
  const { detail, remedy, errors } = problem.data;
  const places = errors.map((error) => `\n  ${error.pointer}: ${error.detail}`).join('');
  return `${detail}${places}\n${remedy}`;
}
