import { FirestoreMock } from '@firebase-bridge/firestore-admin';
import { Timestamp } from 'firebase-admin/firestore';
import type { DocumentData, Firestore } from 'firebase-admin/firestore';
import type { Clock } from '../../src/core/ports.ts';
import { improveQueries } from './bridge-queries.ts';
import type { QueryAccessor } from './bridge-queries.ts';
import type { Commit, StoredDocument } from './stored-document.ts';

export interface BridgeDatabase {
  readonly firestore: Firestore;
  documents(): Iterable<StoredDocument>;
  /** For an empty database: puts documents back with their times, telling no listener. */
  restore(documents: readonly StoredDocument[]): void;
  close(): Promise<void>;
}

/** What we use of the bridge's internals: checked when a database opens, pinned in package.json. */
interface Accessor extends QueryAccessor {
  batchWrite(writes: readonly unknown[], mode: number): { readonly results: readonly Meta[] };
  readonly _src: {
    readonly docs: ReadonlyMap<string, Master>;
    readonly cols: QueryAccessor['_src']['cols'];
  };
  readonly _txs: { flush(): void };
}

interface Meta {
  readonly path: string;
  readonly exists: boolean;
  readonly hasChanges: boolean;
  readonly serverTime: Timestamp;
}

interface Version {
  readonly exists: boolean;
  readonly data: DocumentData | undefined;
  readonly createTime: Timestamp;
  readonly updateTime: Timestamp;
}

interface Master extends Version {
  _createTime: Timestamp;
  _updateTime: Timestamp;
  /** Superseded versions, oldest first. */
  readonly _history: Version[];
}

const atomicMode = 0;
const restoreChunk = 500;
/** Snapshot reads older than this don't occur: a transaction whose reads are older is aborted. */
const historyMs = 10_000;

/**
 * An empty in-memory database behind the real Firestore SDK. `onCommit` runs synchronously inside
 * each commit that changed something, in commit order, before anybody sees it acknowledged.
 */
export function openBridgeDatabase(options: {
  projectId: string;
  clock: Clock;
  onCommit(commit: Commit): void;
}): BridgeDatabase {
  const bridge = new FirestoreMock();
  const controller = bridge.createDatabase(options.projectId, '(default)');
  const accessor = requireAccessor(controller.database);
  const time = createStoreTime(options.clock);
  bridge.systemTime.custom(time.now);
  const history = createHistoryPruner(accessor);
  const firestore = controller.firestore();
  const queries = improveQueries(firestore, accessor);
  const write = accessor.batchWrite.bind(accessor);

  accessor.batchWrite = (writes, mode) => {
    const paths = new Set(writes.map(pathOf));
    const before = [...paths].map((path) => toStored(path, accessor._src.docs.get(path)));
    const result = time.inCommit(() => write(writes, mode));
    const changed = new Set(result.results.filter((meta) => meta.hasChanges).map((it) => it.path));
    if (changed.size === 0) return result;
    const changes = [...paths].flatMap((path, index) => {
      if (!changed.has(path)) return [];
      history.superseded(path);
      const after = toStored(path, accessor._src.docs.get(path));
      return { path, before: before[index] ?? null, after };
    });
    queries.committed(time.now(), changes);
    history.prune(time.now().getTime());
    options.onCommit({ time: Timestamp.fromDate(time.now()), changes });
    return result;
  };

  return {
    firestore,
    *documents() {
      for (const [path, master] of accessor._src.docs) {
        const stored = toStored(path, master);
        if (stored !== null) yield stored;
      }
    },
    restore(documents) {
      for (let start = 0; start < documents.length; start += restoreChunk) {
        const chunk = documents.slice(start, start + restoreChunk);
        write(chunk.map(toWrite), atomicMode);
        for (const document of chunk) setTimes(accessor._src.docs.get(document.path), document);
      }
      time.startAfter(Math.max(0, ...lastTimes(documents)));
    },
    async close() {
      await firestore.terminate();
      controller.delete();
    },
  };
}

function requireAccessor(database: object): Accessor {
  const accessor: unknown = '_accessor' in database ? database._accessor : null;
  if (
    typeof accessor === 'object' &&
    accessor !== null &&
    'batchWrite' in accessor &&
    typeof accessor.batchWrite === 'function' &&
    'query' in accessor &&
    'getDoc' in accessor &&
    '_src' in accessor &&
    '_txs' in accessor
  ) {
    // The fields were looked at just now; their types are those of version 0.0.10.
    return accessor as unknown as Accessor;
  }
  throw new Error('This version of @firebase-bridge/firestore-admin is not the one we know.');
}

/**
 * The bridge decides by the millisecond whether a document changed after a transaction read it, so
 * two commits within one millisecond would lose an update. Each commit therefore happens at least a
 * millisecond after everything before it, while reads take the time as it is: under more than 1,000
 * commits a second the store's clock runs ahead, and is caught up with when it is quiet.
 */
function createStoreTime(clock: Clock): {
  now: () => Date;
  inCommit<Result>(work: () => Result): Result;
  startAfter(timeMs: number): void;
} {
  let lastMs = 0;
  let commits = false;
  return {
    now: () => {
      lastMs = Math.max(clock.now().getTime(), commits ? lastMs + 1 : lastMs);
      commits = false;
      return new Date(lastMs);
    },
    inCommit: (work) => {
      commits = true;
      try {
        return work();
      } finally {
        commits = false;
      }
    },
    startAfter: (timeMs) => {
      lastMs = Math.max(lastMs, timeMs);
    },
  };
}

/** The bridge keeps every version for ever; a job document that changes all day would fill memory. */
function createHistoryPruner(accessor: Accessor): {
  superseded(path: string): void;
  prune(nowMs: number): void;
} {
  let queue: { readonly path: string; readonly version: Version }[] = [];
  let head = 0;
  return {
    superseded(path) {
      const version = accessor._src.docs.get(path)?._history.at(-1);
      if (version !== undefined) queue.push({ path, version });
    },
    prune(nowMs) {
      for (; head < queue.length; head += 1) {
        const next = queue[head];
        const versions = next && accessor._src.docs.get(next.path)?._history;
        if (next === undefined || versions?.[0] !== next.version) continue;
        const successor = versions[1] ?? accessor._src.docs.get(next.path);
        if (successor === undefined || nowMs - successor.updateTime.toMillis() < historyMs) break;
        versions.shift();
      }
      if (head < 1000) return;
      queue = queue.slice(head);
      head = 0;
      // Transactions that were rolled back stay in the bridge until this is called.
      accessor._txs.flush();
    },
  };
}

function pathOf(write: unknown): string {
  // Every normalised write of the bridge, set or delete, names its document.
  return (write as { path: string }).path;
}

function toWrite(document: StoredDocument): unknown {
  return { type: 'set', merge: 'root', path: document.path, data: document.data };
}

function toStored(path: string, version: Version | undefined): StoredDocument | null {
  if (version?.exists !== true || version.data === undefined) return null;
  const { data, createTime, updateTime } = version;
  return { path, data, createTime, updateTime };
}

function setTimes(master: Master | undefined, document: StoredDocument): void {
  if (master === undefined) throw new Error(`The document ${document.path} was not restored.`);
  master._createTime = document.createTime;
  master._updateTime = document.updateTime;
  master._history.length = 0;
}

function* lastTimes(documents: readonly StoredDocument[]): Generator<number> {
  for (const document of documents) yield document.updateTime.toMillis();
}
