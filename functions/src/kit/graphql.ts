import { z } from 'zod';
import { ImportError } from '../core/errors.ts';
import type { ErrorKind } from '../core/errors.ts';
import type { PlatformErrors } from './define-errors.ts';
import type { PlatformHttp } from './http.ts';
import { loadEach } from './load-each.ts';
import type { LoadedEach } from './load-each.ts';

/** One entry of `errors`, as far as GraphQL services agree on it. @see https://spec.graphql.org */
const GraphqlError = z.object({
  code: z.string().nullish().catch(null),
  path: z
    .array(z.union([z.string(), z.number()]))
    .nullish()
    .catch(null),
  extensions: z
    .looseObject({
      code: z.string().nullish().catch(null),
      status: z.number().int().min(400).max(599).nullish().catch(null),
    })
    .nullish()
    .catch(null),
});
export type GraphqlError = z.output<typeof GraphqlError>;

const Failed = z.object({
  errors: z.array(GraphqlError).min(1),
  data: z.record(z.string(), z.unknown()).nullish().catch(null),
});

/** Failures that concern one record of several that were asked for. */
const kindsOfOneRecord: ReadonlySet<ErrorKind> = new Set(['not_found', 'permission_denied']);

/**
 * The errors of a GraphQL platform, which come under any status: the codes decide. Any error fails a
 * request; a `partial` one goes on with what came beside errors about single records.
 */
export function defineGraphqlErrors(options: {
  readonly kindsByCode: Readonly<Record<string, ErrorKind>>;
  readonly messages?: NonNullable<PlatformErrors['messages']>;
  /** When the service answers again, by the error that says so. */
  readonly findRetryAt?: (error: GraphqlError) => Date | null;
}): PlatformErrors {
  const kinds = new Map(Object.entries(options.kindsByCode));
  const kindOf = (error: GraphqlError): ErrorKind | null =>
    kinds.get(error.code ?? error.extensions?.code ?? '') ?? null;
  // The first one that we know the meaning of; a service may put general ones before it.
  const pick = (errors: readonly GraphqlError[]): GraphqlError | undefined =>
    errors.find((error) => kindOf(error) !== null) ?? errors[0];
  const isOfOneRecord = (error: GraphqlError): boolean => {
    const kind = kindOf(error);
    return kind !== null && kindsOfOneRecord.has(kind) && (error.path ?? []).length > 0;
  };
  return {
    ...(options.messages !== undefined && { messages: options.messages }),
    failureIn: (body, { partial }) => {
      const failed = Failed.safeParse(body).data;
      if (failed === undefined) return null;
      const hasData = Object.values(failed.data ?? {}).some((value) => value !== null);
      if (partial && hasData && failed.errors.every(isOfOneRecord)) return null;
      const error = pick(failed.errors);
      const kind = error === undefined ? null : kindOf(error);
      const status = kind === 'rate_limited' ? 429 : (error?.extensions?.status ?? 400);
      return { status, body: { errors: failed.errors } };
    },
    read: ({ body }) => {
      const errors = Failed.safeParse(body).data?.errors ?? [];
      const error = pick(errors);
      const kind = error === undefined ? null : kindOf(error);
      const retryAt = error === undefined ? null : (options.findRetryAt?.(error) ?? null);
      if (kind === null && retryAt === null) return null;
      return { ...(kind !== null && { kind }), ...(retryAt !== null && { retryAt }) };
    },
  };
}

export interface GraphqlQuery {
  /** The endpoint below the base URL. */
  readonly path: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/**
 * Sends a query (never a mutation: it may be sent twice) and parses its whole answer, `data` included.
 * @throws what the platform's errors mean; `contract` naming the path
 */
export function queryGraphql<TSchema extends z.ZodType>(
  http: PlatformHttp,
  { path, query, variables = {} }: GraphqlQuery,
  schema: TSchema,
): Promise<z.output<TSchema>> {
  const json = { query, variables };
  return http.request({ method: 'POST', path, idempotent: true, json }, schema);
}

interface RecordQuery<TSchema extends z.ZodType> {
  readonly path: string;
  /** The field that gives one record: `transcript`. */
  readonly field: string;
  /** The type of its argument `id`: `String!`. */
  readonly idType: string;
  /**
   * What to select of each. Plans forbid fields, by a `payment_required` for the whole query: then
   * the next selection is asked for.
   */
  readonly selections: readonly string[];
  readonly schema: TSchema;
}

/**
 * Makes a function that loads records by their ids, in queries of at most `maxKeys`: see `loadEach`.
 */
export function createRecordLoader<TSchema extends z.ZodType>(
  http: PlatformHttp,
  options: RecordQuery<TSchema> & { readonly source: string; readonly maxKeys: number },
): (ids: readonly string[]) => Promise<LoadedEach<z.output<TSchema>>> {
  const { source, maxKeys } = options;
  const load = (ids: readonly string[]) => queryRecords(http, { ...options, ids });
  return (keys) => loadEach({ source, keys, maxKeys, load });
}

/**
 * Asks for several records by their ids in one query, by aliases. A record that is missing, may not
 * be seen or has another shape is left out; asked for alone it fails, or is null, in its own name.
 */
export async function queryRecords<TSchema extends z.ZodType>(
  http: PlatformHttp,
  query: RecordQuery<TSchema> & { readonly ids: readonly string[] },
): Promise<ReadonlyMap<string, z.output<TSchema>>> {
  const [selection = '', ...others] = query.selections;
  try {
    return await querySelection(http, { ...query, selection });
  } catch (error) {
    const isForbidden = error instanceof ImportError && error.kind === 'payment_required';
    if (!isForbidden || others.length === 0) throw error;
    return queryRecords(http, { ...query, selections: others });
  }
}

async function querySelection<TSchema extends z.ZodType>(
  http: PlatformHttp,
  query: RecordQuery<TSchema> & { readonly selection: string; readonly ids: readonly string[] },
): Promise<ReadonlyMap<string, z.output<TSchema>>> {
  const { field, ids, schema } = query;
  const names = ids.map((_id, index) => `${field}${String(index)}`);
  const parameters = names.map((name) => `$${name}: ${query.idType}`).join(', ');
  const aliases = names.map((name) => `${name}: ${field}(id: $${name}) { ${query.selection} }`);
  const json = {
    query: `query Records(${parameters}) { ${aliases.join(' ')} }`,
    variables: Object.fromEntries(names.map((name, index) => [name, ids[index]])),
  };
  const request = { method: 'POST', path: query.path, idempotent: true, json } as const;
  const [id] = ids;
  if (ids.length === 1 && id !== undefined) {
    const one = z.object({ data: z.object({ [`${field}0`]: schema }) });
    const { data } = await http.request(request, one);
    return new Map([[id, schema.parse(data[`${field}0`])]]);
  }
  const many = z.object({ data: z.record(z.string(), z.unknown()) });
  const { data } = await http.request({ ...request, partial: true }, many);
  const records = new Map<string, z.output<TSchema>>();
  for (const [index, key] of ids.entries()) {
    const parsed = schema.safeParse(data[`${field}${String(index)}`]);
    if (parsed.success) records.set(key, parsed.data);
  }
  return records;
}
