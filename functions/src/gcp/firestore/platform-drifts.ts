import type { Firestore } from 'firebase-admin/firestore';
import type { DriftStore } from '../../core/drift/report-drift.ts';
import { ImportError } from '../../core/errors.ts';
import { collectionsOf } from './collections.ts';
import { translated } from './documents.ts';

/** Drifts that people were told of, in `platformDrifts/{id}`, until they expire. */
export function createFirestoreDrifts(db: Firestore): DriftStore {
  const { drifts } = collectionsOf(db);
  return {
    create: async (drift) => {
      try {
        // Of several instances that see the same shape, one creates it.
        await translated(() => drifts.doc(drift.id).create(drift));
        return true;
      } catch (error) {
        if (error instanceof ImportError && error.kind === 'conflict') return false;
        throw error;
      }
    },
    remove: async (id) => {
      await translated(() => drifts.doc(id).delete());
    },
  };
}
