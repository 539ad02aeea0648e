import type { BudgetStore } from '../../../src/core/budgets/rate-budget.ts';

/** What many instances did to one store. */
export interface BudgetTraffic {
  transactions: number;
  /** Runs of a transaction's body: more than transactions where they collided. */
  attempts: number;
  writes: number;
  /** Requests that these writes reserved, less those given back. */
  reserved: number;
  /** Reads outside of transactions. */
  reads: number;
  longestMs: number;
}

/** Counts nothing yet. */
export function createBudgetTraffic(): BudgetTraffic {
  return { transactions: 0, attempts: 0, writes: 0, reserved: 0, reads: 0, longestMs: 0 };
}

/** The store, counting into `traffic`. */
export function meterBudgets(store: BudgetStore, traffic: BudgetTraffic): BudgetStore {
  return {
    get: (key) => {
      traffic.reads += 1;
      return store.get(key);
    },
    transact: async (key, decide) => {
      const beganMs = performance.now();
      let wrote = false;
      let reserved = 0;
      const result = await store.transact(key, (found) => {
        const decision = decide(found);
        traffic.attempts += 1;
        wrote = decision.budget !== null;
        reserved = (decision.budget ?? found)?.usedToday ?? 0;
        reserved -= found?.usedToday ?? 0;
        return decision;
      });
      traffic.transactions += 1;
      traffic.reserved += reserved;
      if (wrote) traffic.writes += 1;
      traffic.longestMs = Math.max(traffic.longestMs, performance.now() - beganMs);
      return result;
    },
  };
}
