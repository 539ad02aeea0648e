import { z } from 'zod';
import type { CompositeIndex, RequiredIndex } from './required-index.ts';

const IndexField = z.union([
  z.strictObject({ fieldPath: z.string(), order: z.enum(['ASCENDING', 'DESCENDING']) }),
  z.strictObject({ fieldPath: z.string(), arrayConfig: z.literal('CONTAINS') }),
]);
const QueryScope = z.enum(['COLLECTION', 'COLLECTION_GROUP']);

/** firestore.indexes.json. */
export const IndexFile = z.strictObject({
  indexes: z.array(
    z.strictObject({
      collectionGroup: z.string(),
      queryScope: QueryScope,
      fields: z.array(IndexField).min(1),
    }),
  ),
  fieldOverrides: z.array(
    z.strictObject({
      collectionGroup: z.string(),
      fieldPath: z.string(),
      ttl: z.boolean().optional(),
      indexes: z.array(
        z.strictObject({
          order: z.enum(['ASCENDING', 'DESCENDING']).optional(),
          arrayConfig: z.literal('CONTAINS').optional(),
          queryScope: QueryScope,
        }),
      ),
    }),
  ),
});
export type IndexFile = z.infer<typeof IndexFile>;

/** One line per composite index or field, e.g. `importJobs: customerId ASC, createdAt DESC`. */
export interface IndexCoverage {
  /** Queries would fail in production: the index has to be added. */
  readonly missing: readonly string[];
  /** No query uses the index: it only costs writes. */
  readonly unused: readonly string[];
  /** Queries would fail in production: they rely on a field that has no index in their scope. */
  readonly exempted: readonly string[];
}

/** Compares what queries need with what is deployed. */
export function compareIndexes(required: readonly RequiredIndex[], file: IndexFile): IndexCoverage {
  const needed = new Set<string>();
  const exempted = new Set<string>();
  for (const requirement of required) {
    if (requirement.kind === 'composite') needed.add(describeIndex(requirement.index));
    else for (const line of fieldsWithoutIndex(requirement, file)) exempted.add(line);
  }
  const deployed = new Set(file.indexes.map(describeIndex));
  return {
    missing: [...needed].filter((line) => !deployed.has(line)).sort(),
    unused: [...deployed].filter((line) => !needed.has(line)).sort(),
    exempted: [...exempted].sort(),
  };
}

function describeIndex({ collectionGroup, queryScope, fields }: CompositeIndex): string {
  const parts = fields.map((field) =>
    'order' in field
      ? `${field.fieldPath} ${field.order === 'ASCENDING' ? 'ASC' : 'DESC'}`
      : `${field.fieldPath} CONTAINS`,
  );
  return `${describeScope(collectionGroup, queryScope)}: ${parts.join(', ')}`;
}

function describeScope(collectionGroup: string, queryScope: CompositeIndex['queryScope']): string {
  return queryScope === 'COLLECTION' ? collectionGroup : `every ${collectionGroup}`;
}

type AutomaticIndex = Extract<RequiredIndex, { kind: 'automatic' }>;

/** Without an override a field is indexed for its own collection, and not for the whole group. */
function fieldsWithoutIndex(requirement: AutomaticIndex, file: IndexFile): string[] {
  const { collectionGroup, queryScope, fields } = requirement;
  return fields
    .filter((fieldPath) => {
      const override = file.fieldOverrides.find(
        (candidate) =>
          candidate.collectionGroup === collectionGroup && candidate.fieldPath === fieldPath,
      );
      if (!override) return queryScope === 'COLLECTION_GROUP';
      return !override.indexes.some((index) => index.queryScope === queryScope);
    })
    .map((fieldPath) => `${describeScope(collectionGroup, queryScope)}: ${fieldPath}`);
}
