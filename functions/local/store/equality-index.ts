import type { DocumentData } from 'firebase-admin/firestore';
import type { IndexedValue, QueryPlan } from './query-plan.ts';

/** Which documents of a collection have which value in a field. */
export interface EqualityIndex {
  /** Paths that hold the rarest of the values asked for: all results are among them. */
  candidates(plan: QueryPlan & { collectionPath: string }): Iterable<string>;
  /** Keeps what is indexed true; null: there was, or is, no document. */
  update(path: string, before: DocumentData | null, after: DocumentData | null): void;
}

type FieldIndex = Map<IndexedValue, Set<string>>;

/** Creates an empty index; a field is indexed when it is first asked for, from `documentsOf`. */
export function createEqualityIndex(
  documentsOf: (collectionPath: string) => Iterable<readonly [string, DocumentData]>,
): EqualityIndex {
  const collections = new Map<string, Map<string, FieldIndex>>();

  function indexOf(collectionPath: string, field: string): FieldIndex {
    const fields = collections.get(collectionPath) ?? new Map<string, FieldIndex>();
    collections.set(collectionPath, fields);
    const known = fields.get(field);
    if (known !== undefined) return known;
    const index: FieldIndex = new Map();
    fields.set(field, index);
    for (const [path, data] of documentsOf(collectionPath)) add(index, data[field], path);
    return index;
  }

  return {
    candidates({ collectionPath, equals }) {
      const sets = equals.map(({ field, value }) => indexOf(collectionPath, field).get(value));
      return sets.reduce(smaller, sets[0]) ?? [];
    },
    update(path, before, after) {
      const fields = collections.get(path.slice(0, path.lastIndexOf('/')));
      if (fields === undefined) return;
      for (const [field, index] of fields) {
        const old: unknown = before?.[field];
        const current: unknown = after?.[field];
        if (old === current) continue;
        remove(index, old, path);
        add(index, current, path);
      }
    },
  };
}

/** A value that nobody has makes the result empty. */
function smaller(a: Set<string> | undefined, b: Set<string> | undefined): Set<string> | undefined {
  if (a === undefined || b === undefined) return undefined;
  return b.size < a.size ? b : a;
}

function isIndexed(value: unknown): value is IndexedValue {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function add(index: FieldIndex, value: unknown, path: string): void {
  if (!isIndexed(value)) return;
  const paths = index.get(value);
  if (paths === undefined) index.set(value, new Set([path]));
  else paths.add(path);
}

function remove(index: FieldIndex, value: unknown, path: string): void {
  if (!isIndexed(value)) return;
  const paths = index.get(value);
  paths?.delete(path);
  if (paths?.size === 0) index.delete(value);
}
