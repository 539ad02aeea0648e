import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startRuntime, type Runtime } from './runtime.ts';

/* One process has one app, so one runtime: the tests share it. */

let folder: string;
let runtime: Runtime;
let token: string;
const entries: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runtime-'));
  runtime = await startRuntime({
    folder,
    port: 0,
    sandboxes: new Map([['grain', { calls: 2, seed: 1, faults: [] }]]),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    writeLog: (level, message, fields) => {
      entries.push(`${level} ${message} ${JSON.stringify(fields)}`);
    },
  });
  token = await runtime.tokens.issue('support');
});

afterAll(async () => {
  await runtime.stop(2_000);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const Created = z.object({ jobId: z.string() });
const Job = z.object({ status: z.string(), completedAt: z.string().nullable() });

async function ask(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${runtime.url}${path}`, { headers, ...init });
  return { status: response.status, text: await response.text() };
}

describe('the embedded runtime', () => {
  it('hosts what is deployed: the same functions, each by its own description', () => {
    expect(runtime.host.functions.map(({ name }) => name).sort()).toEqual([
      'admin',
      'advanceJob',
      'onImportJobUpdate',
      'processCall',
      'processImportQueue',
      'sweepJobs',
    ]);
  });

  it('serves the admin API under Hosting’s path and at the function’s own URL', async () => {
    const hosted = await ask('/admin/platforms');
    const own = await ask('/demo-import-engine/us-central1/admin/platforms');
    expect(hosted.status).toBe(200);
    expect(own).toEqual(hosted);
  });

  it('lets nobody call the task functions but its queue', async () => {
    const body = JSON.stringify({ data: { jobId: 'a'.repeat(20) } });
    const answer = await ask('/demo-import-engine/us-central1/advanceJob', {
      method: 'POST',
      body,
    });
    expect(answer.status).toBe(403);
  });

  it('refuses hostile bodies over the wire too', async () => {
    const post = (body: string, headers: Record<string, string> = {}) =>
      ask('/admin/imports', {
        method: 'POST',
        body,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          ...headers,
        },
      });
    expect((await post('{}')).status).toBe(400);
    expect((await post('{"customerId":')).status).toBe(400);
    expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(JSON.stringify({ customerId: 'x'.repeat(10_000_000) }))).status).toBe(413);
    expect((await ask('/admin/imports', { method: 'PUT', body: '{}' })).status).toBe(405);
    expect((await ask('/admin/..%2f..%2fetc/passwd')).status).toBe(404);
  });

  it('imports what it is asked to, and no key is in its log', async () => {
    const credentials = { apiKey: 'sandbox-key' };
    const body = JSON.stringify({ customerId: 'demo', platform: 'grain', credentials });
    const created = await ask('/admin/imports', { method: 'POST', body });
    expect(created.status).toBe(201);
    const { jobId } = Created.parse(JSON.parse(created.text));
    for (;;) {
      const job = Job.parse(JSON.parse((await ask(`/admin/imports/${jobId}`)).text));
      if (job.completedAt !== null) {
        expect(job.status).toBe('completed');
        break;
      }
      await sleep(20);
    }
    const log = entries.join('\n');
    expect(log).toContain('info job created');
    expect(log).toContain('info job ended');
    expect(log).not.toMatch(/sandbox-key|Bearer|X-Goog-Signature|signature=/i);
  });

  it('stops once, however often it is asked to', async () => {
    await Promise.all([runtime.stop(2_000), runtime.stop(2_000)]);
    await expect(fetch(runtime.url)).rejects.toThrow();
  });
});
