import type { DocumentData, Timestamp } from 'firebase-admin/firestore';

export interface StoredDocument {
  readonly path: string;
  readonly data: DocumentData;
  readonly createTime: Timestamp;
  readonly updateTime: Timestamp;
}

/** What one commit did to one document; null: there was, or is, none. */
export interface DocumentChange {
  readonly path: string;
  readonly before: StoredDocument | null;
  readonly after: StoredDocument | null;
}

export interface Commit {
  /** Strictly increasing over commits. */
  readonly time: Timestamp;
  readonly changes: readonly DocumentChange[];
}
