import type { Firestore } from 'firebase-admin/firestore';
import { RateBudget, type BudgetStore } from '../../core/budgets/rate-budget.ts';
import { collectionsOf } from './collections.ts';
import { inTransaction, parseDocument, translated } from './documents.ts';

/**
 * Budgets in `rateBudgets/{accountKey}`. A transaction costs a read and at most a write; those that
 * collide wait for each other on the server, and the SDK runs the loser again after a jittered wait.
 */
export function createFirestoreBudgets(db: Firestore): BudgetStore {
  const { budgets } = collectionsOf(db);
  return {
    transact: (accountKey, decide) =>
      inTransaction(db, async (transaction) => {
        const reference = budgets.doc(accountKey);
        const found = parseDocument(await transaction.get(reference), RateBudget);
        const { budget, result } = decide(found);
        if (budget) transaction.set(reference, budget);
        return result;
      }),
    get: (accountKey) =>
      translated(async () => parseDocument(await budgets.doc(accountKey).get(), RateBudget)),
  };
}
