import type { Credentials } from '../../src/core/imports/import-context.ts';
import { requireContext } from '../../src/core/imports/job-run.ts';
import { previewImport } from '../../src/core/imports/preview-import.ts';
import { createScriptedContext } from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type TestWorld } from '../support/engine/test-world.ts';

function preview(world: TestWorld, customerId: string, given = 'key') {
  return previewImport(world.engine, requireContext(world.engine, 'fathom'), {
    ...{ customerId, platform: 'fathom', credentials: { given }, filters: {} },
    ...{ dateRange: { start: null, end: null }, schedule: 'auto' },
  });
}

describe('a preview', () => {
  it('leaves open what follows from a count that the platform can’t give', async () => {
    const world = await openWorld({ context: createScriptedContext({ calls: 3 }) });
    expect(await preview(world, 'customer-1')).toEqual({
      ...{ calls: null, schedule: 'now', plan: null, requestsPerDay: null, limitedUntil: null },
      price: { freeCalls: 500, billableCalls: null, centsPerCall: 2, totalCents: null },
      summary:
        'Scripted did not say how many calls there are; 500 are free, each further one costs 2 cents',
    });
  });

  it('needs no credentials where the platform has none', async () => {
    const context = createScriptedContext({ calls: 3, auth: 'none', count: () => 3 });
    const world = await openWorld({ context });
    const found = await previewImport(world.engine, context, {
      ...{ customerId: 'customer-1', platform: 'fathom', credentials: null, filters: {} },
      ...{ dateRange: { start: null, end: null }, schedule: 'now' },
    });
    expect(found).toMatchObject({ calls: 3, plan: { requests: 6 } });
  });

  it('renews no token that was sent, and says what to send in its place', async () => {
    const script = {
      calls: 3,
      accepts: ({ given }: Credentials) => given !== 'expired',
      renewal: {
        findRenewal: () => ({ expiresAt: null }),
        refreshCredentials: () => Promise.reject(new Error('used the refresh token up')),
      },
    };
    const world = await openWorld({ context: createScriptedContext(script) });
    await expect(preview(world, 'customer-1', 'expired')).rejects.toMatchObject({
      kind: 'auth_invalid',
      publicMessage:
        'The key was revoked. A preview renews no access token: send one that still works, or keep the credentials (POST /admin/credentials) and name them.',
    });
    expect(await preview(world, 'customer-1', 'good')).toMatchObject({ calls: null });
  });

  it('passes on what the platform says of a key that nothing renews', async () => {
    const context = createScriptedContext({ calls: 3, accepts: () => false });
    const world = await openWorld({ context });
    await expect(preview(world, 'customer-1')).rejects.toMatchObject({
      ...{ kind: 'auth_invalid', publicMessage: 'The key was revoked.' },
    });
  });

  it('shares the nights with the other customers who have nightly imports under way', async () => {
    const context = createScriptedContext({ calls: 1, count: () => 10_000 });
    const world = await openWorld({ context, startAt: '2026-03-02T17:00:00Z' });
    const nights = async () => (await preview(world, 'customer-1')).plan?.nights;
    expect(await nights()).toEqual({ fewest: 2, most: 2, callsPerNight: 5_000 });
    for (const customerId of ['customer-1', 'customer-2', 'customer-2', 'customer-3']) {
      await startImport(world, { platform: 'fathom', customerId, schedule: 'nightly' });
    }
    await startImport(world, { platform: 'fathom', customerId: 'customer-4', schedule: 'now' });
    expect(await nights()).toEqual({ fewest: 2, most: 6, callsPerNight: 5_000 });
  });
});
