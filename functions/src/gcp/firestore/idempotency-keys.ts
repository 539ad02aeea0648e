import type { Firestore } from 'firebase-admin/firestore';
import {
  IdempotencyRecord,
  type IdempotencyStore,
} from '../../core/idempotency/idempotency-record.ts';
import { collectionsOf } from './collections.ts';
import { inTransaction, parseDocument } from './documents.ts';

/** Requests with an idempotency key in `idempotencyKeys/{id}`; Firestore deletes them after `expiresAt`. */
export function createFirestoreIdempotencyKeys(db: Firestore): IdempotencyStore {
  const { idempotencyKeys } = collectionsOf(db);
  return {
    transact: (id, decide) =>
      inTransaction(db, async (transaction) => {
        const reference = idempotencyKeys.doc(id);
        const found = parseDocument(await transaction.get(reference), IdempotencyRecord);
        const { record, result } = decide(found);
        if (record) transaction.set(reference, record);
        return result;
      }),
  };
}
