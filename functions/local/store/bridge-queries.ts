import type { DocumentData, Firestore, Timestamp } from 'firebase-admin/firestore';
import type { DocumentChange } from './stored-document.ts';
import { createEqualityIndex } from './equality-index.ts';
import { planQuery } from './query-plan.ts';
import type { QueryPlan } from './query-plan.ts';

/** What we use of the bridge's internals to answer queries. */
export interface QueryAccessor {
  query(query: BridgeQuery): FoundDocument[];
  getDoc(path: string): FoundDocument;
  readonly _src: {
    readonly docs: ReadonlyMap<string, { readonly data: DocumentData | undefined }>;
    readonly cols: ReadonlyMap<string, BridgeCollection>;
  };
}

interface BridgeQuery {
  readonly readTime?: Timestamp;
  predicate(document: FoundDocument): boolean;
}

interface BridgeCollection {
  getDocumentIterator(): Iterable<{
    readonly pathData: { readonly path: string };
    readonly data: DocumentData | undefined;
  }>;
}

interface FoundDocument {
  readonly path: string;
  readonly exists: boolean;
  readonly data?: DocumentData | undefined;
}

type Run = (request: unknown, ...rest: unknown[]) => unknown;

/** The bridge's stand-in for the client of the Firestore API. */
interface BridgeClient {
  runQuery: Run;
  runAggregationQuery: Run;
}

/**
 * The bridge looks at every document of a collection for each query, and at each comparison parses a
 * field's path and a document's name: at 100,000 calls that is a second for every count. This finds
 * documents by an index of the values that are asked for, and leaves out those that lack a field
 * which Firestore requires of a result.
 */
export function improveQueries(
  firestore: Firestore,
  accessor: QueryAccessor,
): { committed(time: Date, changes: readonly DocumentChange[]): void } {
  const index = createEqualityIndex((path) => documentsOf(accessor, path));
  let lastCommitMs = 0;
  /** Of the query that is under way: from the client to the store, the bridge calls synchronously. */
  let plan: QueryPlan | null = null;

  const search = accessor.query.bind(accessor);
  accessor.query = (query) => {
    const current = plan;
    plan = null;
    if (current === null) return search(query);
    // A transaction that began earlier must see what there was then: the index knows only now.
    const isNow = query.readTime === undefined || query.readTime.toMillis() >= lastCommitMs;
    const { collectionPath } = current;
    const found =
      isNow && collectionPath !== null && current.equals.length > 0
        ? lookUp({
            accessor,
            plan: current,
            query,
            paths: index.candidates({ ...current, collectionPath }),
          })
        : search(query);
    const results = found.filter((document) => isComplete(document, current));
    return current.isEqualsOnly && collectionPath !== null ? inNameOrder(results) : results;
  };

  onNewClient(firestore, (client) => {
    for (const method of ['runQuery', 'runAggregationQuery'] as const) {
      const run = client[method].bind(client);
      client[method] = (request, ...rest) => {
        plan = planQuery(request);
        try {
          return run(request, ...rest);
        } finally {
          plan = null;
        }
      };
    }
  });

  return {
    committed(time, changes) {
      lastCommitMs = time.getTime();
      for (const { path, before, after } of changes) {
        index.update(path, before?.data ?? null, after?.data ?? null);
      }
    },
  };
}

function lookUp(options: {
  accessor: QueryAccessor;
  plan: QueryPlan;
  query: BridgeQuery;
  paths: Iterable<string>;
}): FoundDocument[] {
  const { accessor, plan, query } = options;
  const found: FoundDocument[] = [];
  for (const path of options.paths) {
    const data = accessor._src.docs.get(path)?.data;
    if (!plan.equals.every(({ field, value }) => data?.[field] === value)) continue;
    const document = accessor.getDoc(path);
    if (plan.isEqualsOnly || query.predicate(document)) found.push(document);
  }
  return found;
}

/** Sorted once by comparing strings; the bridge's own sort, told so, has nothing left to do. */
function inNameOrder(documents: FoundDocument[]): FoundDocument[] {
  documents.sort((a, b) => (a.path < b.path ? -1 : 1));
  return Object.defineProperty(documents, 'sort', { value: () => documents });
}

function isComplete({ data }: FoundDocument, plan: QueryPlan): boolean {
  return (
    plan.requiredFields.every((field) => valueAt(data, field) !== undefined) &&
    plan.notNullFields.every((field) => valueAt(data, field) != null)
  );
}

function valueAt(data: DocumentData | undefined, fieldPath: string): unknown {
  let value: unknown = data;
  for (const segment of fieldPath.replaceAll('`', '').split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([key]) => key === segment)?.[1];
  }
  return value;
}

function* documentsOf(
  accessor: QueryAccessor,
  collectionPath: string,
): Generator<readonly [string, DocumentData]> {
  const documents = accessor._src.cols.get(collectionPath)?.getDocumentIterator() ?? [];
  for (const { pathData, data } of documents) if (data) yield [pathData.path, data];
}

function onNewClient(firestore: Firestore, prepare: (client: BridgeClient) => void): void {
  const pool: unknown = '_clientPool' in firestore ? firestore._clientPool : null;
  if (typeof pool !== 'object' || pool === null || !('clientFactory' in pool)) {
    throw new Error('This version of @firebase-bridge/firestore-admin is not the one we know.');
  }
  // The bridge's pool has exactly this factory in version 0.0.10.
  const known = pool as { clientFactory: (requiresGrpc: boolean) => BridgeClient };
  const create = known.clientFactory;
  known.clientFactory = (requiresGrpc) => {
    const client = create(requiresGrpc);
    prepare(client);
    return client;
  };
}
