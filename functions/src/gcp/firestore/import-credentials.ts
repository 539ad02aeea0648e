import type { Firestore } from 'firebase-admin/firestore';
import { z } from 'zod';
import type { CredentialStore, StoredCredential } from '../../core/credentials/credential-store.ts';
import { platforms } from '../../core/imports/import-context.ts';
import { collectionsOf } from './collections.ts';
import {
  inTransaction,
  parseDocument,
  parseReadable,
  translated,
  type ReportUnreadable,
} from './documents.ts';

/** What is stored of a credential. */
export const StoredCredentialDocument = z.object({
  id: z.string(),
  customerId: z.string(),
  platform: z.enum(platforms),
  type: z.enum(['one_off', 'stored']),
  sealed: z.object({
    keyVersion: z.string(),
    wrappedKey: z.string(),
    iv: z.string(),
    ciphertext: z.string(),
    tag: z.string(),
  }),
  // Written since tokens are refreshed: what is older has neither.
  version: z.int().default(1),
  refreshLease: z.object({ holder: z.string(), expiresAt: z.date() }).nullable().default(null),
  createdAt: z.date(),
  label: z.string().nullable().default(null),
  createdBy: z.string().nullable().default(null),
  expiresAt: z.date().nullable().default(null),
  lastCheck: z
    .object({
      at: z.date(),
      outcome: z.enum(['valid', 'invalid']),
      reason: z.string().nullable(),
    })
    .nullable()
    .default(null),
});
const Stored: z.ZodType<StoredCredential> = StoredCredentialDocument;

/** Sealed credentials in `importCredentials/{id}`; nothing here can open them. */
export function createFirestoreCredentials(
  db: Firestore,
  reportUnreadable: ReportUnreadable = () => undefined,
): CredentialStore {
  const { credentials } = collectionsOf(db);
  return {
    async create(credential) {
      await translated(() => credentials.doc(credential.id).create(credential));
    },
    get: (id) => translated(async () => parseDocument(await credentials.doc(id).get(), Stored)),
    transact: (id, decide) =>
      inTransaction(db, async (transaction) => {
        const reference = credentials.doc(id);
        const found = parseDocument(await transaction.get(reference), Stored);
        const { credential, result } = decide(found);
        if (credential) transaction.set(reference, credential);
        return result;
      }),
    async remove(id) {
      await translated(() => credentials.doc(id).delete());
    },
    listOneOff: (limit) =>
      translated(async () => {
        const oneOff = credentials.where('type', '==', 'one_off').orderBy('createdAt');
        return parseReadable((await oneOff.limit(limit).get()).docs, Stored, reportUnreadable);
      }),
  };
}
