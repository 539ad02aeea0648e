import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import type { Commit, StoredDocument } from './stored-document.ts';
import { decodeFields, encodeFields } from './value-codec.ts';

/** Milliseconds are exact: the store's clock has no finer ones. */
type DocumentRecord = readonly ['doc', string, number, number, Record<string, unknown>];
type CommitRecord = readonly ['commit', number, ...(readonly [string, Record<string, unknown>?])[]];

interface ReplayedDocument {
  readonly createMs: number;
  readonly updateMs: number;
  readonly fields: Record<string, unknown>;
}

/** The store's log: what its lines say, and the documents that they add up to. */
export function createStoreRecords(firestore: Firestore): {
  encodeDocument(document: StoredDocument): DocumentRecord;
  encodeCommit(commit: Commit): CommitRecord;
  replay(record: unknown): void;
  /** The documents after all that was replayed; forgets them. */
  takeDocuments(): StoredDocument[];
} {
  let documents = new Map<string, ReplayedDocument>();

  function replayCommit([, timeMs, ...changes]: CommitRecord): void {
    for (const [path, fields] of changes) {
      if (fields === undefined) documents.delete(path);
      else {
        const createMs = documents.get(path)?.createMs ?? timeMs;
        documents.set(path, { createMs, updateMs: timeMs, fields });
      }
    }
  }

  return {
    encodeDocument: ({ path, createTime, updateTime, data }) => [
      'doc',
      path,
      createTime.toMillis(),
      updateTime.toMillis(),
      encodeFields(data),
    ],
    encodeCommit: ({ time, changes }) => [
      'commit',
      time.toMillis(),
      ...changes.map(({ path, after }): readonly [string, Record<string, unknown>?] =>
        after === null ? [path] : [path, encodeFields(after.data)],
      ),
    ],
    replay(record) {
      // Only the two encoders above write these lines.
      const known = record as DocumentRecord | CommitRecord;
      if (known[0] === 'commit') replayCommit(known);
      else {
        const [, path, createMs, updateMs, fields] = known;
        documents.set(path, { createMs, updateMs, fields });
      }
    },
    takeDocuments() {
      const taken = Array.from(documents, ([path, { createMs, updateMs, fields }]) => ({
        path,
        data: decodeFields(fields, firestore),
        createTime: Timestamp.fromMillis(createMs),
        updateTime: Timestamp.fromMillis(updateMs),
      }));
      documents = new Map();
      return taken;
    },
  };
}
