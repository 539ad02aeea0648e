import { z } from 'zod';

const Schema = z.record(z.string(), z.unknown());
const Content = z.record(z.string(), z.object({ schema: Schema.optional() }));
const Parameters = z
  .array(z.object({ name: z.string(), in: z.string(), schema: Schema }))
  .default([]);
const Operation = z.object({
  operationId: z.string(),
  parameters: Parameters,
  security: z.array(z.unknown()).optional(),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.default({}) })),
});
const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
const PathItem = z.object({
  parameters: Parameters,
  ...Object.fromEntries(methods.map((method) => [method, Operation.optional()])),
});
const Document = z.object({ paths: z.record(z.string(), PathItem) });

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
  const { paths } = Document.parse(inPlace(document, document));
  return Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = Operation.optional().parse(Reflect.get(item, method));
      if (!operation) return [];
      return [
        {
          id: operation.operationId,
          method: method.toUpperCase(),
          path,
          isPublic: operation.security?.length === 0,
          parameters: [...item.parameters, ...operation.parameters],
          body: operation.requestBody?.content['application/json']?.schema ?? null,
          answer: createAnswers(operation),
        },
      ];
    }),
  );
}

function createAnswers({ responses }: z.infer<typeof Operation>): ApiOperation['answer'] {
  const known = new Map<string, z.ZodType | null>();
  return (status, type) => {
    const key = `${status} ${type}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const content = responses[String(status)]?.content[type];
    // A schema from the document: what zod can't read in it, it refuses.
    const schema = content ? z.fromJSONSchema(content.schema ?? {}) : null;
    known.set(key, schema);
    return schema;
  };
}

/** A part of the document with what it refers to in its place. Nothing of ours refers to itself. */
function inPlace(part: unknown, document: unknown): unknown {
  if (Array.isArray(part)) return part.map((each) => inPlace(each, document));
  if (typeof part !== 'object' || part === null) return part;
  if ('$ref' in part && typeof part.$ref === 'string') {
    return inPlace(lookUp(part.$ref, document), document);
  }
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [name, inPlace(value, document)]),
  );
}

/** What `#/a/b` refers to. @throws Error where there is nothing */
function lookUp(reference: string, document: unknown): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((value, name) => {
      if (typeof value === 'object' && value !== null && name in value) {
        const inner: unknown = Reflect.get(value, name);
        return inner;
      }
      throw new Error(`The document has no ${reference}.`);
    }, document);
}
