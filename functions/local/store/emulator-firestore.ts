import type { DocumentSnapshot, Firestore, QuerySnapshot } from 'firebase-admin/firestore';
import type { StoredDocument } from './stored-document.ts';
import { compileDocumentRoute } from './document-route.ts';
import type { DocumentWrite, EmbeddedFirestore } from './embedded-store.ts';

/**
 * The real client on Google's emulator. Writes are seen through listeners, so that several writes to
 * one document in quick succession may come as one.
 */
export async function openEmulatorFirestore(options: {
  projectId: string;
  host: string;
}): Promise<EmbeddedFirestore> {
  const { Firestore } = await import('firebase-admin/firestore');
  const firestore = new Firestore({
    projectId: options.projectId,
    host: options.host,
    ssl: false,
    // The emulator takes this token for its owner: rules don't apply, as for the Admin SDK.
    customHeaders: { Authorization: 'Bearer owner' },
  });
  return {
    firestore,
    projectId: options.projectId,
    onDocumentWritten: (route, callback) => listen({ firestore, route, callback }),
    flush: async () => undefined,
    close: () => firestore.terminate(),
  };
}

function listen(options: {
  firestore: Firestore;
  route: string;
  callback: (write: DocumentWrite) => void;
}): () => void {
  const match = compileDocumentRoute(options.route);
  const collectionId = options.route.split('/').at(-2) ?? '';
  const known = new Map<string, StoredDocument>();
  let isFirst = true;
  const onSnapshot = (snapshot: QuerySnapshot): void => {
    for (const { type, doc } of snapshot.docChanges()) {
      const path = doc.ref.path;
      const params = match(path);
      if (params === null) continue;
      const before = known.get(path) ?? null;
      const after = type === 'removed' ? null : toStored(doc);
      if (after === null) known.delete(path);
      else known.set(path, after);
      const time = snapshot.readTime.toDate();
      const id = `${snapshot.readTime.toMillis()}-${path}`;
      // The first snapshot tells what there was before we listened.
      if (!isFirst) options.callback({ id, path, params, before, after, time });
    }
    isFirst = false;
  };
  return options.firestore.collectionGroup(collectionId).onSnapshot(onSnapshot);
}

function toStored(snapshot: DocumentSnapshot): StoredDocument | null {
  const data = snapshot.data();
  const { createTime, updateTime } = snapshot;
  if (data === undefined || createTime === undefined || updateTime === undefined) return null;
  return { path: snapshot.ref.path, data, createTime, updateTime };
}
