import { FieldPath, type Firestore } from 'firebase-admin/firestore';
import type { z } from 'zod';
import type {
  CredentialRecord,
  CredentialRecords,
} from '../../core/credentials/credential-record.ts';
import { ImportError } from '../../core/errors.ts';
import { collectionsOf } from './collections.ts';
import { parseDocument, parseDocuments, translated } from './documents.ts';
import { StoredCredentialDocument } from './import-credentials.ts';

const Shown: z.ZodType<CredentialRecord> = StoredCredentialDocument.transform(
  ({ id, customerId, platform, type, createdAt, sealed, ...stored }) => {
    const { label, createdBy, expiresAt, lastCheck } = stored;
    const notes = { label, createdBy, expiresAt, lastCheck };
    return { id, customerId, platform, type, createdAt, keyVersion: sealed.keyVersion, ...notes };
  },
);

/** What may be shown of the credentials in `importCredentials/{id}`. */
export function createFirestoreCredentialRecords(db: Firestore): CredentialRecords {
  const { credentials } = collectionsOf(db);
  return {
    get: (id) => translated(async () => parseDocument(await credentials.doc(id).get(), Shown)),
    list: ({ customerId, platform, limit, after }) =>
      translated(async () => {
        let query = credentials.where('customerId', '==', customerId);
        if (platform) query = query.where('platform', '==', platform);
        query = query.orderBy('createdAt', 'desc').orderBy(FieldPath.documentId(), 'desc');
        if (after) query = query.startAfter(after.createdAt, after.id);
        return parseDocuments((await query.limit(limit).get()).docs, Shown);
      }),
    async recordCheck(id, lastCheck) {
      try {
        // An update needs the document: a credential that was destroyed meanwhile is not revived.
        await translated(() => credentials.doc(id).update({ lastCheck }));
      } catch (error) {
        if (!(error instanceof ImportError) || error.kind !== 'not_found') throw error;
      }
    },
  };
}
