import { z } from 'zod';

const Schema = z.record(z.string(), z.unknown());
const Content = z.record(z.string(), z.object({ schema: Schema.optional() }));
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(z.object({ name: z.string(), in: z.string(), schema: Schema })).default([]),
  security: z.array(z.unknown()).optional(),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.default({}) })),
});
const Document = z.object({
  components: z.object({ schemas: z.record(z.string(), Schema) }),
  paths: z.record(
    z.string(),
    z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), Operation),
  ),
});

/** A JSON Schema with everything in its place that it refers to. */
export type JsonSchema = z.infer<typeof Schema>;

export interface ApiOperation {
  readonly id: string;
  readonly method: string;
  /** Whether everybody may ask, without a token. */
  readonly isPublic: boolean;
  /** With its parameters in braces, below `/admin`. */
  readonly path: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: JsonSchema;
  }[];
  /** Null for an operation that takes no body. */
  readonly body: JsonSchema | null;
  /** What an answer of that status and type holds; null: it is not described. */
  answer(status: number, type: string): z.ZodType | null;
}

/** Every operation that an OpenAPI document describes. @throws ZodError for what is no such document */
export function readOperations(document: unknown): ApiOperation[] {
  const { paths, components } = Document.parse(document);
  const resolve = (schema: unknown): unknown => inPlace(schema, components.schemas);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const body = operation.requestBody?.content['application/json']?.schema;
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        isPublic: operation.security?.length === 0,
        parameters: operation.parameters.map((parameter) => ({
          ...parameter,
          schema: Schema.parse(resolve(parameter.schema)),
        })),
        body: body ? Schema.parse(resolve(body)) : null,
        answer: createAnswers(operation, resolve),
      };
    }),
  );
}

function createAnswers(
  operation: z.infer<typeof Operation>,
  resolve: (schema: unknown) => unknown,
): ApiOperation['answer'] {
  const known = new Map<string, z.ZodType | null>();
  return (status, type) => {
    const key = `${status} ${type}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const content = operation.responses[String(status)]?.content[type];
    // A schema from the document: what zod can't read in it, it refuses.
    const schema = content
      ? z.fromJSONSchema(resolve(content.schema ?? {}) as z.core.JSONSchema.BaseSchema)
      : null;
    known.set(key, schema);
    return schema;
  };
}

/** None of our schemas refers to itself. */
function inPlace(schema: unknown, schemas: Readonly<Record<string, JsonSchema>>): unknown {
  if (Array.isArray(schema)) return schema.map((each) => inPlace(each, schemas));
  if (typeof schema !== 'object' || schema === null) return schema;
  if ('$ref' in schema) {
    const name = String(schema.$ref).replace('#/components/schemas/', '');
    return inPlace(schemas[name], schemas);
  }
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, inPlace(value, schemas)]),
  );
}
