import type { Firestore } from 'firebase-admin/firestore';
import type { RouteParams } from './document-route.ts';
import type { StoredDocument } from './stored-document.ts';

export interface DocumentWrite {
  /** The same for every delivery of one write. */
  readonly id: string;
  readonly path: string;
  readonly params: RouteParams;
  readonly before: StoredDocument | null;
  readonly after: StoredDocument | null;
  readonly time: Date;
}

export interface EmbeddedFirestore {
  readonly firestore: Firestore;
  readonly projectId: string;
  /**
   * Calls back for each write to a document that matches `route` (`importJobs/{jobId}`). In the
   * embedded store that is synchronous, inside the commit: hand over, don't work, don't throw.
   */
  onDocumentWritten(route: string, callback: (write: DocumentWrite) => void): () => void;
  /** Resolves when everything committed before is saved. @throws `unavailable` when it can't be */
  flush(): Promise<void>;
  /** Saves, compacts and unlocks. */
  close(): Promise<void>;
}
