import { FieldPath, type Firestore } from 'firebase-admin/firestore';
import { z } from 'zod';
import type { KeyRotation, RotationStore } from '../../core/credentials/rotate-keys.ts';
import { ImportError } from '../../core/errors.ts';
import { collectionsOf } from './collections.ts';
import { inTransaction, parseDocument, parseReadable, translated } from './documents.ts';
import { StoredCredentialDocument } from './import-credentials.ts';

const Rotation: z.ZodType<KeyRotation> = z.object({
  keyVersion: z.string().nullable(),
  previousKeyVersion: z.string(),
  startedAt: z.date(),
  finishedAt: z.date().nullable(),
  after: z.string().nullable(),
  rewrapped: z.int(),
  alreadyCurrent: z.int(),
  failed: z.int(),
  failedIds: z.array(z.string()),
});

/** The rotation of keys over `importCredentials`; how far it has come lies in `keyRotations/credentials`. */
export function createFirestoreRotation(db: Firestore): RotationStore {
  const { credentials, rotations } = collectionsOf(db);
  const progress = rotations.doc('credentials');
  return {
    get: () => translated(async () => parseDocument(await progress.get(), Rotation)),
    save: (rotation, before) =>
      inTransaction(db, async (transaction) => {
        const found = parseDocument(await transaction.get(progress), Rotation);
        // A commit whose answer was lost finds its own step.
        if (isSameStep(found, rotation)) return;
        if (!isSameStep(found, before)) throw overtaken();
        transaction.set(progress, rotation);
      }),
    listAfter: (id, limit) =>
      translated(async () => {
        let query = credentials.orderBy(FieldPath.documentId());
        if (id !== null) query = query.startAfter(id);
        const { docs } = await query.limit(limit).get();
        return docs.map((doc) => {
          const [credential = null] = parseReadable(
            [doc],
            StoredCredentialDocument,
            () => undefined,
          );
          return { id: doc.id, credential };
        });
      }),
  };
}

function isSameStep(a: KeyRotation | null, b: KeyRotation | null): boolean {
  return JSON.stringify(a && Rotation.parse(a)) === JSON.stringify(b && Rotation.parse(b));
}

function overtaken(): ImportError {
  return new ImportError({
    kind: 'conflict',
    source: 'firestore',
    publicMessage:
      'Somebody else rotates the keys at this moment. Ask again: it goes on from there.',
  });
}
