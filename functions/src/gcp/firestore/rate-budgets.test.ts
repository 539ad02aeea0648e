import { createBudget, type BudgetAccount } from '../../core/budgets/rate-budget.ts';
import { reserveSlice } from '../../core/budgets/reserve-slice.ts';
import { openEmbeddedFirestore } from '../../../local/store/embedded-firestore.ts';
import { createFirestoreBudgets } from './rate-budgets.ts';

const now = new Date('2026-03-04T12:00:00.123Z');
const account: BudgetAccount = {
  key: 'acme-0',
  platform: 'acme',
  requestsPerSecond: 10,
  requestsPerDay: 1000,
  quotaTimeZone: 'UTC',
  customerQuotaShare: 0.2,
};

async function openStore() {
  const { firestore } = await openEmbeddedFirestore({ folder: null, projectId: 'budgets' });
  return { firestore, budgets: createFirestoreBudgets(firestore) };
}

describe('budgets in Firestore', () => {
  it('are kept whole, instants to the millisecond', async () => {
    const { budgets } = await openStore();
    const budget = { ...createBudget(account, now), blockedUntil: now, allowedPerSecond: 2.5 };
    await expect(budgets.get('acme-0')).resolves.toBeNull();
    const found = await budgets.transact('acme-0', (before) => ({ budget, result: before }));
    expect(found).toBeNull();
    await expect(budgets.get('acme-0')).resolves.toEqual(budget);
    await expect(budgets.get('acme-1')).resolves.toBeNull();
  });

  it('are not written by a decision that changes nothing', async () => {
    const { budgets } = await openStore();
    await expect(
      budgets.transact('acme-0', () => ({ budget: null, result: 'full' })),
    ).resolves.toBe('full');
    await expect(budgets.get('acme-0')).resolves.toBeNull();
  });

  it('refuse a document that is none', async () => {
    const { firestore, budgets } = await openStore();
    await firestore.collection('rateBudgets').doc('acme-0').set({ platform: 'acme' });
    await expect(budgets.get('acme-0')).rejects.toMatchObject({
      kind: 'internal',
      source: 'firestore',
    });
  });

  it('give no slot twice to instances that reserve at once', async () => {
    const { budgets } = await openStore();
    const reservations = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        budgets.transact('acme-0', (found) =>
          reserveSlice({
            ...{ account, found, now },
            request: {
              instanceId: `instance-${index}`,
              deadlinesMs: [now.getTime() + 60_000],
              expected: 0,
              unspent: { day: '', count: 0 },
              graceMs: 0,
              allowedPerSecond: null,
            },
          }),
        ),
      ),
    );
    const starts = reservations.map((one) => (one.kind === 'granted' ? one.slice.startMs : 0));
    const sorted = starts.toSorted((a, b) => a - b);
    const gaps = sorted.slice(1).map((start, index) => start - (sorted[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(103.5);
    await expect(budgets.get('acme-0')).resolves.toMatchObject({ usedToday: 20 });
  });
});
