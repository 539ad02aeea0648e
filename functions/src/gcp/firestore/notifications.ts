import type { Firestore } from 'firebase-admin/firestore';
import { JobNotification, type NotificationStore } from '../../core/notifications/notification.ts';
import { collectionsOf } from './collections.ts';
import { inTransaction, parseDocument, translated } from './documents.ts';

/** What was sent of each job, in `importNotifications/{jobId}`. */
export function createFirestoreNotifications(db: Firestore): NotificationStore {
  const { notifications } = collectionsOf(db);
  return {
    get: (jobId) =>
      translated(async () => parseDocument(await notifications.doc(jobId).get(), JobNotification)),
    transact: (jobId, decide) =>
      inTransaction(db, async (transaction) => {
        const reference = notifications.doc(jobId);
        const found = parseDocument(await transaction.get(reference), JobNotification);
        const { notification, result } = decide(found);
        if (notification) transaction.set(reference, notification);
        return result;
      }),
  };
}
