import { z } from 'zod';

export type IndexedValue = string | number | boolean;

/** What of a query can be answered better than by looking at every document. */
export interface QueryPlan {
  /** Null for a collection group. */
  readonly collectionPath: string | null;
  /** Fields that must have just this value. */
  readonly equals: readonly { readonly field: string; readonly value: IndexedValue }[];
  /** `equals` is all that the query asks, and its results come in the order of their names. */
  readonly isEqualsOnly: boolean;
  /** Dotted paths of fields without which a document is no result. */
  readonly requiredFields: readonly string[];
  /** Dotted paths of fields that must be there and not be null. */
  readonly notNullFields: readonly string[];
}

const Field = z.object({ fieldPath: z.string() });
const FieldFilter = z.object({
  field: Field,
  op: z.string(),
  value: z.object({
    stringValue: z.string().nullish(),
    booleanValue: z.boolean().nullish(),
    integerValue: z.union([z.string(), z.number()]).nullish(),
  }),
});
const SimpleFilter = z.object({
  fieldFilter: FieldFilter.nullish(),
  unaryFilter: z.object({ field: Field, op: z.string() }).nullish(),
});
type SimpleFilter = z.infer<typeof SimpleFilter>;
const Where = SimpleFilter.extend({
  compositeFilter: z.object({ op: z.string(), filters: z.array(z.unknown()) }).nullish(),
});
const StructuredQuery = z.object({
  from: z.array(z.object({ collectionId: z.string(), allDescendants: z.boolean().nullish() })),
  where: Where.nullish(),
  orderBy: z.array(z.object({ field: Field })).nullish(),
});
const QueryRequest = z.object({
  parent: z.string(),
  structuredQuery: StructuredQuery.nullish(),
  structuredAggregationQuery: z.object({ structuredQuery: StructuredQuery }).nullish(),
});

const nameField = '__name__';

/** Reads a `RunQuery` or `RunAggregationQuery` request; null for one that it can't help with. */
export function planQuery(request: unknown): QueryPlan | null {
  const parsed = QueryRequest.safeParse(request);
  if (!parsed.success) return null;
  const { parent, structuredQuery, structuredAggregationQuery } = parsed.data;
  const query = structuredQuery ?? structuredAggregationQuery?.structuredQuery;
  const from = query?.from[0];
  if (!query || !from) return null;

  const filters = toFilters(query.where ?? null);
  const equals = filters.flatMap((filter) => toEquals(filter) ?? []);
  const ordered = (query.orderBy ?? []).map(({ field }) => field.fieldPath);
  return {
    collectionPath: from.allDescendants ? null : toCollectionPath(parent, from.collectionId),
    equals,
    isEqualsOnly: equals.length === filters.length && ordered.length === 0,
    requiredFields: ordered.filter((field) => field !== nameField),
    notNullFields: filters.flatMap(toNotNullField),
  };
}

/** The filters that must all hold; one that is a disjunction stays whole and says nothing. */
function toFilters(where: z.infer<typeof Where> | null): SimpleFilter[] {
  if (where === null) return [];
  if (where.compositeFilter?.op !== 'AND') return [where];
  return where.compositeFilter.filters.map((filter) => SimpleFilter.safeParse(filter).data ?? {});
}

function toEquals({ fieldFilter }: SimpleFilter): QueryPlan['equals'] {
  if (fieldFilter?.op !== 'EQUAL') return [];
  const field = fieldFilter.field.fieldPath;
  const { stringValue, booleanValue, integerValue } = fieldFilter.value;
  const value = stringValue ?? booleanValue ?? (integerValue == null ? null : Number(integerValue));
  return /^[a-zA-Z]\w*$/.test(field) && value !== null ? [{ field, value }] : [];
}

/**
 * The bridge takes a missing field, and null, for one that differs; Firestore leaves both out.
 * @see https://firebase.google.com/docs/firestore/query-data/queries#not_equal_
 */
function toNotNullField({ fieldFilter, unaryFilter }: SimpleFilter): string[] {
  if (fieldFilter?.op === 'NOT_EQUAL' && fieldFilter.field.fieldPath !== nameField)
    return [fieldFilter.field.fieldPath];
  if (unaryFilter?.op.startsWith('IS_NOT')) return [unaryFilter.field.fieldPath];
  return [];
}

function toCollectionPath(parent: string, collectionId: string): string {
  const parentPath = parent.split('/').slice(5).join('/');
  return parentPath === '' ? collectionId : `${parentPath}/${collectionId}`;
}
