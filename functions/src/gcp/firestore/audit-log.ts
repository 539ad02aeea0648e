import { FieldPath, type Firestore, type Query } from 'firebase-admin/firestore';
import { AuditEntry, type AuditLog } from '../../core/audit/audit-log.ts';
import { ImportError } from '../../core/errors.ts';
import { collectionsOf } from './collections.ts';
import { parseDocuments, translated } from './documents.ts';

/** The audit log in `auditLog/{id}`. */
export function createFirestoreAuditLog(db: Firestore): AuditLog {
  const { audit } = collectionsOf(db);
  return {
    async open(entry) {
      try {
        await translated(() => audit.doc(entry.id).create(entry));
      } catch (error) {
        if (!(error instanceof ImportError) || error.kind !== 'conflict') throw error;
      }
    },
    async close(id, end) {
      await translated(() => audit.doc(id).update({ ...end }));
    },
    list: ({ customerId, actor, action, from, to, limit, after }) =>
      translated(async () => {
        let query: Query = audit;
        if (customerId !== null) query = query.where('customerId', '==', customerId);
        if (actor !== null) query = query.where('actor', '==', actor);
        if (action !== null) query = query.where('action', '==', action);
        if (from) query = query.where('at', '>=', from);
        if (to) query = query.where('at', '<', to);
        query = query.orderBy('at', 'desc').orderBy(FieldPath.documentId(), 'desc');
        if (after) query = query.startAfter(after.at, after.id);
        return parseDocuments((await query.limit(limit).get()).docs, AuditEntry);
      }),
  };
}
