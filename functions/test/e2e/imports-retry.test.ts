import { serve, type ServerType } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { status } from '../../src/contexts/testing/fault-fetch.ts';
import { drive } from '../support/engine/drive.ts';
import { openAdminWorld, type AdminWorld } from './support/admin-world.ts';
import { startScript } from './support/start-process.ts';

/*
 * `npm run imports` over an import of which something fails: a process for each command, against the
 * API with a real engine behind it, whose tasks are delivered here.
 */

let admin: AdminWorld;
let server: ServerType;

beforeEach(async () => {
  admin = await openAdminWorld({ calls: 5 });
  server = await new Promise<ServerType>((resolve) => {
    const opened = serve({ fetch: admin.api.fetch, port: 0, hostname: '127.0.0.1' }, () => {
      resolve(opened);
    });
  });
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await admin.close();
});

async function run(args: readonly string[], input?: string) {
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  const env = {
    IMPORTS_API: `http://127.0.0.1:${String(port)}`,
    IMPORTS_TOKEN: admin.tokens.support,
  };
  const started = startScript('scripts/imports/main.ts', args, {
    ...{ env },
    ...(input !== undefined && { input }),
  });
  return { code: await started.exited, output: started.output() };
}

/** Imports while one of the five recordings is denied; returns the import's id. */
async function importAllButOne(): Promise<string> {
  const [denied] = admin.world.sandbox.truth().filter(({ hasMedia }) => hasMedia);
  const path = `/recordings/${denied?.sourceCallId ?? ''}/download`;
  admin.setFault((url) => (url.includes(path) ? status(403)() : null));
  const args = ['--customer', 'acme', '--platform', 'grain', '--credentials', '-', '--json'];
  const { output } = await run(['create', ...args], 'sandbox-key');
  await drive(admin.world);
  admin.setFault(null);
  return z.object({ jobId: z.string() }).parse(JSON.parse(output)).jobId;
}

describe('an import of which one call failed', () => {
  it('is reported with 3, retried by the code of its failure, and reported with 0', async () => {
    const jobId = await importAllButOne();
    const partial = await run(['report', jobId]);
    expect([partial.code, partial.output]).toEqual([3, expect.stringMatching(/failed +│ 1/)]);

    const other = await run(['retry', jobId, '--code', 'contract']);
    expect([other.code, other.output]).toEqual([0, '0 failed calls start again.\n']);
    const without = await run(['retry', jobId, '--code', 'permission_denied']);
    expect([without.code, without.output]).toEqual([
      2,
      expect.stringContaining('The credentials were destroyed when the import ended.'),
    ]);
    const again = ['retry', jobId, '--code', 'permission_denied', '--credentials', '-'];
    const retried = await run(again, 'sandbox-key');
    expect([retried.code, retried.output]).toEqual([0, '1 failed calls start again.\n']);

    await drive(admin.world);
    const whole = await run(['report', jobId]);
    expect([whole.code, whole.output]).toEqual([0, expect.stringMatching(/imported +│ 5/)]);
  });

  it('is retried by credentials that are stored', async () => {
    const jobId = await importAllButOne();
    const kept = await admin.ask('POST /admin/credentials', {
      token: admin.tokens.admin,
      body: { customerId: 'acme', platform: 'grain', credentials: { apiKey: 'sandbox-key' } },
    });
    const { id } = z.object({ id: z.string() }).parse(kept.body);
    const retried = await run(['retry', jobId, '--credential-id', id]);
    expect([retried.code, retried.output]).toEqual([0, '1 failed calls start again.\n']);
    await drive(admin.world);
    expect((await run(['report', jobId])).code).toBe(0);
  });
});
