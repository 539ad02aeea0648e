import { toImportError, type ImportError } from '../../src/core/errors.ts';
import type { Clock } from '../../src/core/ports.ts';
import { openBridgeDatabase } from './bridge-database.ts';
import type { BridgeDatabase } from './bridge-database.ts';
import type { Commit } from './stored-document.ts';
import { compileDocumentRoute } from './document-route.ts';
import type { DocumentWrite, EmbeddedFirestore } from './embedded-store.ts';
import { openEmulatorFirestore } from './emulator-firestore.ts';
import { lockFolder } from './folder-lock.ts';
import { createStoreRecords } from './store-records.ts';
import { openStateLog } from './state-log.ts';
import type { StateLog } from './state-log.ts';

export interface EmbeddedFirestoreOptions {
  /** Where the content is kept between runs; null: nowhere. */
  readonly folder: string | null;
  readonly projectId: string;
  readonly clock?: Clock;
  /** A SIGKILL loses at most what was committed so long before. */
  readonly flushMs?: number;
  /**
   * Documents of which no earlier content may stay on the disk, e.g. `importCredentials/{id}`: the
   * journal, which only grows otherwise, is compacted `withinMs` after one was replaced or deleted.
   */
  readonly forgets?: { readonly route: string; readonly withinMs: number };
  /** Called once when the disk refuses; the store goes on in memory. */
  readonly onSaveFailure?: (error: ImportError) => void;
  /** `host:port` of Google's emulator, to be used instead; FIRESTORE_EMULATOR_HOST unless given. */
  readonly emulatorHost?: string | null;
}

const logName = 'firestore';
const systemClock: Clock = { now: () => new Date() };

/**
 * The real Firestore SDK on a store in this process, restored from `folder`; or on Google's emulator
 * where one is named. @throws `conflict` while another process has the folder
 */
export async function openEmbeddedFirestore(
  options: EmbeddedFirestoreOptions,
): Promise<EmbeddedFirestore> {
  const emulatorHost = options.emulatorHost ?? process.env['FIRESTORE_EMULATOR_HOST'];
  if (emulatorHost) {
    return openEmulatorFirestore({ projectId: options.projectId, host: emulatorHost });
  }
  const listeners = new Set<(commit: Commit) => void>();
  const forgetting = createForgetting(options, async () => log?.compact());
  let log: StateLog<Commit> | null = null;
  const database = openBridgeDatabase({
    projectId: options.projectId,
    clock: options.clock ?? systemClock,
    onCommit: (commit) => {
      log?.append(commit);
      forgetting.committed(commit);
      for (const listener of listeners) listener(commit);
    },
  });
  const unlock = options.folder === null ? null : await lockFolder(options.folder);
  try {
    if (options.folder !== null) log = await openLog(options, options.folder, database);
  } catch (error) {
    await unlock?.();
    throw error;
  }
  return {
    firestore: database.firestore,
    projectId: options.projectId,
    onDocumentWritten(route, callback) {
      const listener = toCommitListener(route, callback);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    flush: async () => log?.flush(),
    async close() {
      forgetting.stop();
      try {
        await log?.close();
      } finally {
        await unlock?.();
        await database.close();
      }
    },
  };
}

/** One line per commit: a transaction that touched several documents is there whole or not at all. */
async function openLog(
  options: EmbeddedFirestoreOptions,
  folder: string,
  database: BridgeDatabase,
): Promise<StateLog<Commit>> {
  const records = createStoreRecords(database.firestore);
  let isRestored = false;
  return openStateLog<Commit>({
    folder,
    name: logName,
    flushMs: options.flushMs ?? 50,
    replay: records.replay,
    *snapshot() {
      if (!isRestored) database.restore(records.takeDocuments());
      isRestored = true;
      for (const document of database.documents()) yield records.encodeDocument(document);
    },
    encode: records.encodeCommit,
    onFailure: (error) => options.onSaveFailure?.(error),
  });
}

/** Compacts some time after a commit that superseded what must not stay. */
function createForgetting(
  { forgets, onSaveFailure }: Pick<EmbeddedFirestoreOptions, 'forgets' | 'onSaveFailure'>,
  compact: () => Promise<void>,
): { committed(commit: Commit): void; stop(): void } {
  const match = compileDocumentRoute(forgets?.route ?? '');
  let timer: NodeJS.Timeout | undefined;
  const run = (): void => {
    timer = undefined;
    compact().catch((error: unknown) => onSaveFailure?.(toImportError(error, 'store')));
  };
  return {
    committed({ changes }) {
      if (!forgets || timer !== undefined) return;
      const supersedes = changes.some(({ path, before }) => before !== null && match(path));
      if (supersedes) timer = setTimeout(run, forgets.withinMs).unref();
    },
    stop: () => clearTimeout(timer),
  };
}

function toCommitListener(
  route: string,
  callback: (write: DocumentWrite) => void,
): (commit: Commit) => void {
  const match = compileDocumentRoute(route);
  return (commit) => {
    commit.changes.forEach(({ path, before, after }, index) => {
      const params = match(path);
      if (params === null) return;
      const id = `${commit.time.toMillis()}-${index}`;
      callback({ id, path, params, before, after, time: commit.time.toDate() });
    });
  };
}
