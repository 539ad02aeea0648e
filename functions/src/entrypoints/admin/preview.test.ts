import { z } from 'zod';
import { openAdminWorld, type AdminWorld } from '../../../test/e2e/support/admin-world.ts';
import { createBudget } from '../../core/budgets/rate-budget.ts';

const credentials = { apiKey: 'sandbox-key' };
const body = { customerId: 'acme', platform: 'grain', credentials };

/** Thursday, 05:17 in New York: the night ends at 08:00. */
const startAt = '2025-11-20T10:17:23.456Z';

let admin: AdminWorld;

beforeEach(async () => {
  admin = await openAdminWorld({ calls: 5, settings: { smallJobCalls: 2 } });
});

afterEach(async () => {
  expect(admin.answers.join('\n')).not.toMatch(/sandbox-key|canary/);
  await admin.close();
});

const preview = (options: object = {}) =>
  admin.ask('POST /admin/imports/preview', { body: { ...body, options } });

describe('POST /admin/imports/preview', () => {
  it('tells what an import at once takes and costs, and creates nothing', async () => {
    const before = await admin.snapshot();
    const answer = await preview({ schedule: 'now' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      calls: 5,
      requests: 10,
      schedule: 'now',
      nights: null,
      completion: { earliest: '2025-11-20T10:17:25.456Z', latest: '2025-11-20T10:17:27.456Z' },
      quota: null,
      limitedUntil: null,
      price: { freeCalls: 5, billableCalls: 0, centsPerCall: 2, totalCents: 0 },
      summary:
        '5 calls, 10 requests, done about Thu 05:17 EST; 5 free, 0 billable at 2 cents: 0.00',
    });
    expect(await admin.snapshot()).toBe(before);
  });

  it('plans a large import for the night', async () => {
    const answer = await preview();
    expect(answer.body).toMatchObject({
      schedule: 'nightly',
      nights: { fewest: 1, most: 1, callsPerNight: 5_000 },
      // The next hour of the night that gives calls out begins at 06:00.
      completion: { earliest: '2025-11-20T11:00:02.000Z', latest: '2025-11-20T11:00:04.000Z' },
      summary:
        '5 calls, 10 requests, 1 night of 5,000, done about Thu 06:00 EST; 5 free, 0 billable at 2 cents: 0.00',
    });
  });

  it('knows what the account may still ask, and from when on', async () => {
    const { find } = await admin.services.platforms();
    const account = find('grain')?.accountOf(credentials);
    const now = new Date(startAt);
    const blockedUntil = new Date('2025-11-20T12:00:00.000Z');
    await admin.world.engine.budgets.transact(account?.key ?? '', () => ({
      budget: {
        ...createBudget(
          {
            ...{ key: '', platform: 'grain', requestsPerSecond: 5, requestsPerDay: null },
            ...{ quotaTimeZone: 'UTC', customerQuotaShare: 0 },
          },
          now,
        ),
        blockedUntil,
      },
      result: null,
    }));
    const answer = await preview({ schedule: 'now' });
    expect(answer.body).toMatchObject({
      limitedUntil: '2025-11-20T12:00:00.000Z',
      completion: { earliest: '2025-11-20T12:00:02.000Z', latest: '2025-11-20T12:00:04.000Z' },
    });
  });

  it('asks by stored credentials, too', async () => {
    const { admin: token } = admin.tokens;
    const kept = await admin.ask('POST /admin/credentials', { token, body });
    const { id: credentialId } = z.object({ id: z.string() }).parse(kept.body);
    const before = await admin.snapshot();
    const answer = await admin.ask('POST /admin/imports/preview', {
      body: { customerId: 'acme', platform: 'grain', credentialId },
    });
    expect(answer.body).toMatchObject({ calls: 5, requests: 10 });
    expect(await admin.snapshot()).toBe(before);
  });

  it('counts only what the range and the filters leave', async () => {
    const answer = await preview({ dateRange: { start: '2030-01-01T00:00:00Z' } });
    expect(answer.body).toMatchObject({ calls: 0, requests: 0, price: { billableCalls: 0 } });
  });

  it('refuses what an import would refuse', async () => {
    const ask = (wrong: object) => admin.ask('POST /admin/imports/preview', { body: wrong });
    const rejected = await ask({ ...body, credentials: { apiKey: 'canary-wrong' } });
    const unknown = await ask({ ...body, platform: 'grian' });
    const unfiltered = await ask({ ...body, options: { filters: { color: 'red' } } });
    expect([rejected.status, unknown.status, unfiltered.status]).toEqual([422, 400, 400]);
  });
});
