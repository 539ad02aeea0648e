import { z } from 'zod';

/**
 * Which index a query needs, by Firestore's rules for Standard edition databases.
 * @see https://firebase.google.com/docs/firestore/query-data/index-overview (read 2026-11)
 */
export type RequiredIndex =
  | {
      /** The indexes that Firestore keeps by itself are enough, unless one of `fields` is exempted. */
      readonly kind: 'automatic';
      readonly collectionGroup: string;
      readonly queryScope: QueryScope;
      readonly fields: readonly string[];
    }
  | { readonly kind: 'composite'; readonly index: CompositeIndex };

export type QueryScope = 'COLLECTION' | 'COLLECTION_GROUP';
type Order = 'ASCENDING' | 'DESCENDING';

/** As in firestore.indexes.json; the fields that are only compared for equality come first. */
export interface CompositeIndex {
  readonly collectionGroup: string;
  readonly queryScope: QueryScope;
  readonly fields: readonly IndexField[];
}

type IndexField =
  | { readonly fieldPath: string; readonly order: Order }
  | { readonly fieldPath: string; readonly arrayConfig: 'CONTAINS' };

const Field = z.object({ fieldPath: z.string() });
const FieldFilter = z.object({
  field: Field,
  op: z.enum([
    'EQUAL',
    'IN',
    'NOT_EQUAL',
    'NOT_IN',
    'LESS_THAN',
    'LESS_THAN_OR_EQUAL',
    'GREATER_THAN',
    'GREATER_THAN_OR_EQUAL',
    'ARRAY_CONTAINS',
    'ARRAY_CONTAINS_ANY',
  ]),
});
const UnaryFilter = z.object({
  field: Field,
  op: z.enum(['IS_NULL', 'IS_NAN', 'IS_NOT_NULL', 'IS_NOT_NAN']),
});
type SimpleFilter = z.infer<typeof FieldFilter> | z.infer<typeof UnaryFilter>;
interface Filter {
  readonly fieldFilter?: z.infer<typeof FieldFilter> | null | undefined;
  readonly unaryFilter?: z.infer<typeof UnaryFilter> | null | undefined;
  readonly compositeFilter?: { op: 'AND'; filters: readonly Filter[] } | null | undefined;
}
const Filter: z.ZodType<Filter> = z.lazy(() =>
  z.object({
    fieldFilter: FieldFilter.nullish(),
    unaryFilter: UnaryFilter.nullish(),
    // A disjunction needs an index for each of its parts: none is made here, so it fails loudly.
    compositeFilter: z.object({ op: z.literal('AND'), filters: z.array(Filter) }).nullish(),
  }),
);

/** The parts of `google.firestore.v1.StructuredQuery` that decide on the index. */
export const StructuredQuery = z.object({
  from: z.tuple([z.object({ collectionId: z.string(), allDescendants: z.boolean().nullish() })]),
  where: Filter.nullish(),
  orderBy: z
    .array(z.object({ field: Field, direction: z.enum(['ASCENDING', 'DESCENDING']).nullish() }))
    .nullish(),
});
export type StructuredQuery = z.infer<typeof StructuredQuery>;

const documentId = '__name__';
const equalityOps = new Set(['EQUAL', 'IN', 'IS_NULL', 'IS_NAN']);
const arrayOps = new Set(['ARRAY_CONTAINS', 'ARRAY_CONTAINS_ANY']);

/** Decides which index `query` needs; disjunctions are not supported. */
export function requiredIndexFor(query: StructuredQuery): RequiredIndex {
  const [{ collectionId: collectionGroup, allDescendants }] = query.from;
  const queryScope = allDescendants === true ? 'COLLECTION_GROUP' : 'COLLECTION';
  const filters = simpleFilters(query.where);
  const pathsOf = (matches: (op: string) => boolean) =>
    [
      ...new Set(filters.filter(({ op }) => matches(op)).map(({ field }) => field.fieldPath)),
    ].sort();
  const equalities = pathsOf((op) => equalityOps.has(op)).filter((path) => path !== documentId);
  const arrays = pathsOf((op) => arrayOps.has(op));
  const inequalities = pathsOf((op) => !equalityOps.has(op) && !arrayOps.has(op));
  // An index has the document's id last, in the direction of the field before it.
  const orders = withoutImpliedId(sortOrders(query, { equalities, inequalities }));

  if (isAutomatic({ equalities, arrays, orders })) {
    const fields = [...equalities, ...arrays, ...orders.map(({ fieldPath }) => fieldPath)];
    return {
      kind: 'automatic',
      collectionGroup,
      queryScope,
      fields: fields.filter((path) => path !== documentId),
    };
  }
  const fields: IndexField[] = [
    ...equalities.map((fieldPath) => ({ fieldPath, order: 'ASCENDING' as const })),
    ...arrays.map((fieldPath) => ({ fieldPath, arrayConfig: 'CONTAINS' as const })),
    ...orders,
  ];
  return { kind: 'composite', index: { collectionGroup, queryScope, fields } };
}

interface QueryParts {
  readonly equalities: readonly string[];
  readonly arrays: readonly string[];
  readonly orders: readonly SortOrder[];
}

interface SortOrder {
  readonly fieldPath: string;
  readonly order: Order;
}

function isAutomatic({ equalities, arrays, orders }: QueryParts): boolean {
  const comparisons = equalities.length + arrays.length;
  const [first, second] = orders;
  if (first && first.fieldPath !== documentId) return comparisons === 0 && !second;
  // Nothing is indexed by descending ids alone.
  if (first?.order === 'DESCENDING' && comparisons === 0) return false;
  // Indexes of single fields are merged, as they all run in the order of document ids.
  return arrays.length === 0 || comparisons === 1;
}

function simpleFilters(filter: Filter | null | undefined): SimpleFilter[] {
  if (filter?.compositeFilter) return filter.compositeFilter.filters.flatMap(simpleFilters);
  return [filter?.fieldFilter, filter?.unaryFilter].filter((simple) => simple != null);
}

/** What was asked for, then the compared fields by name, as the server adds them. */
function sortOrders(
  query: StructuredQuery,
  { equalities, inequalities }: Pick<QueryParts, 'equalities'> & { inequalities: string[] },
): SortOrder[] {
  const asked = (query.orderBy ?? [])
    .map(({ field, direction }) => ({
      fieldPath: field.fieldPath,
      order: direction ?? ('ASCENDING' as const),
    }))
    // All results have the same value there.
    .filter(({ fieldPath }) => !equalities.includes(fieldPath));
  const order = asked.at(-1)?.order ?? 'ASCENDING';
  const added = inequalities.filter((path) => !asked.some(({ fieldPath }) => fieldPath === path));
  return [...asked, ...added.map((fieldPath) => ({ fieldPath, order }))];
}

function withoutImpliedId(orders: readonly SortOrder[]): readonly SortOrder[] {
  const id = orders.at(-1);
  const before = orders.at(-2);
  const isImplied = id?.fieldPath === documentId && before?.order === id.order;
  return isImplied ? orders.slice(0, -1) : orders;
}
