import fc from 'fast-check';
import type { JsonSchema } from './api-document.ts';

/** What is worth trying for a field or parameter of that name, besides what its schema says. */
export type Vocabulary = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** Texts that have broken parsers, paths, stores and terminals before. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...['', ' ', '.', '..', '../../etc/passwd', '/', '//', '\\', '__proto__', 'constructor'],
    ...['null', 'undefined', 'NaN', '-1', '0', '1e309', '0x10', 'true', '[]', '{}', "' or 1=1 --"],
    ...['\u0000', '\ud800', '\u202e', '\ufeff', 'é', 'e\u0301', '💣', '<script>', '${7*7}', '%s%n'],
    ...['a'.repeat(65), 'a'.repeat(400), 'ß'.repeat(1_600), '__name__', '.__a__', '9999-12-31'],
    ...['0000-01-01T00:00:00Z', '10000-01-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-01-01'],
  ),
  // Every code unit, halves of surrogates among them.
  fc.array(fc.nat(0xffff), { maxLength: 30 }).map((units) => String.fromCharCode(...units)),
);

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: oddText },
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(null, true, 0, -1, 1.5, 2 ** 53, 1e308, [], {}, [[]], [null]),
  },
);

/** Values of a schema, of which about a tenth are spoilt somewhere. */
export function toArbitrary(schema: JsonSchema, vocabulary: Vocabulary): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 30, arbitrary: toValid(schema, vocabulary) },
    { weight: 1, arbitrary: oddValue },
  );
}

function toValid(schema: JsonSchema, vocabulary: Vocabulary): fc.Arbitrary<unknown> {
  const { enum: values, anyOf, oneOf, const: only, type } = schema;
  if (only !== undefined) return fc.constant(only);
  if (Array.isArray(values)) return fc.constantFrom(...toUnknowns(values));
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) {
    return fc.oneof(...choices.map((choice) => toArbitrary(toSchema(choice), vocabulary)));
  }
  if (Array.isArray(type)) {
    return fc.oneof(...type.map((each) => toArbitrary({ ...schema, type: each }, vocabulary)));
  }
  if (type === 'object') return toObject(schema, vocabulary);
  if (type === 'array') return toArray(schema, vocabulary);
  if (type === 'string') return toText(schema);
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  if (type === 'integer' || type === 'number') return toNumber(schema);
  return fc.jsonValue({ maxDepth: 2 });
}

function toObject(schema: JsonSchema, vocabulary: Vocabulary): fc.Arbitrary<unknown> {
  const properties = Object.entries(toSchema(schema['properties']));
  const required = toUnknowns(schema['required']).map(String);
  const fields = properties.map(([name, inner]) => {
    const plain = toArbitrary(toSchema(inner), vocabulary);
    const known = vocabulary[name];
    const value = known
      ? fc.oneof({ weight: 8, arbitrary: known }, { weight: 1, arbitrary: plain })
      : plain;
    // Undefined: JSON leaves it out.
    const often = required.includes(name) ? 60 : 1;
    const absent = { weight: 2, arbitrary: fc.constant(undefined) };
    return [name, fc.oneof({ weight: often, arbitrary: value }, absent)] as const;
  });
  const known = fc.record(Object.fromEntries(fields));
  const more = fc.dictionary(oddText, oddValue, { maxKeys: 3 });
  const additional = schema['additionalProperties'];
  const weight = typeof additional === 'object' && properties.length === 0 ? 20 : 1;
  return fc.oneof(
    { weight: 20, arbitrary: known },
    { weight, arbitrary: fc.tuple(known, more).map(([fixed, extra]) => ({ ...extra, ...fixed })) },
  );
}

function toArray(schema: JsonSchema, vocabulary: Vocabulary): fc.Arbitrary<unknown> {
  const items = toArbitrary(toSchema(schema['items']), vocabulary);
  const { minItems } = schema;
  const least = typeof minItems === 'number' ? minItems : 0;
  return fc.oneof(
    { weight: 20, arbitrary: fc.array(items, { minLength: least, maxLength: least + 2 }) },
    { weight: 1, arbitrary: fc.constant([]) },
  );
}

function toText({ pattern, format, example }: JsonSchema): fc.Arbitrary<unknown> {
  const texts: fc.Arbitrary<unknown>[] = [];
  if (example !== undefined) texts.push(fc.constant(example));
  if (format === 'date-time') {
    // Years that a clock may show, and such as a store refuses.
    const min = new Date('0001-01-01T00:00:00Z');
    texts.push(fc.date({ noInvalidDate: true, min }).map((date) => date.toISOString()));
    texts.push(fc.constantFrom('2025-01-01T00:00:00Z', '2025-12-31T23:59:59.999+02:00'));
  }
  if (typeof pattern === 'string') texts.push(fc.stringMatching(new RegExp(pattern)));
  if (texts.length === 0) texts.push(fc.string({ maxLength: 60 }));
  return fc.oneof(...texts);
}

function toNumber({ minimum, maximum }: JsonSchema): fc.Arbitrary<unknown> {
  const min = typeof minimum === 'number' ? minimum : -5;
  const max = typeof maximum === 'number' ? Math.min(maximum, 2 ** 31) : 10_000;
  return fc.integer({ min, max });
}

function toSchema(value: unknown): JsonSchema {
  // An object of the document; its entries are looked at one by one.
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : {};
}

function toUnknowns(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
