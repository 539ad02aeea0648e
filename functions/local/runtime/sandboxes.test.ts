import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock } from '../../src/contexts/testing/fake-clock.ts';
import { startSandbox } from './sandboxes.ts';

const choice = { calls: 3, seed: 1, faults: [] };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandboxes-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('startSandbox', () => {
  it('serves an account that is the same at the next start, a day later', async () => {
    const clock = createFakeClock();
    const first = await startSandbox({ platform: 'grain', choice, folder, clock });
    const truth = first?.sandbox.truth();
    await first?.close();
    clock.advance(86_400_000);
    const second = await startSandbox({ platform: 'grain', choice, folder, clock });
    expect(truth).toHaveLength(3);
    expect(second?.sandbox.truth()).toEqual(truth);
    await second?.close();
  });

  it('says how a context reaches it in place of the platform', async () => {
    const running = await startSandbox({
      ...{ platform: 'grain', choice, folder },
      clock: createFakeClock(),
    });
    const { environment, origin = '' } = running ?? {};
    expect(environment?.baseUrl).toBe(`${origin}/_/public-api`);
    expect(environment?.allowedOrigins).toContain(origin);
    const answer = await fetch(`${environment?.baseUrl ?? ''}/v2/users`, { method: 'POST' });
    expect(answer.status).toBe(401);
    await running?.close();
    await expect(fetch(origin)).rejects.toThrow();
  });

  it('has none for a platform without a sandbox', async () => {
    const clock = createFakeClock();
    expect(await startSandbox({ platform: 'manual', choice, folder, clock })).toBeNull();
  });
});
