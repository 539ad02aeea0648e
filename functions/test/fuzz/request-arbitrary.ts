import fc from 'fast-check';
import type { ApiOperation, JsonSchema } from './api-document.ts';
import { oddText, toArbitrary, type Vocabulary } from './schema-arbitrary.ts';

/** One request as it goes over the wire. */
export interface FuzzRequest {
  readonly operation: string;
  readonly method: string;
  /** With its query, escaped. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

export interface FuzzWords {
  /** For fields and parameters of that name. */
  readonly vocabulary: Vocabulary;
  /** What the Authorization header may say. */
  readonly authorizations: { readonly good: readonly string[]; readonly bad: readonly string[] };
}

/** Requests to one operation: most of them nearly right, since what is all wrong is refused at once. */
export function toRequest(operation: ApiOperation, words: FuzzWords): fc.Arbitrary<FuzzRequest> {
  return fc
    .record({
      method: often(
        fc.constant(operation.method),
        fc.constantFrom('PUT', 'PATCH', 'OPTIONS', 'POST'),
      ),
      path: toPath(operation, words.vocabulary),
      query: toQuery(operation, words.vocabulary),
      headers: toHeaders(words),
      body: toBody(operation.body, words.vocabulary),
    })
    .map(({ method, path, query, headers: given, body }) => {
      const mayHaveBody = method !== 'GET' && method !== 'OPTIONS';
      const { 'content-type': type, ...rest } = given;
      const sent = mayHaveBody ? body : null;
      return {
        operation: operation.id,
        method,
        target: `/admin${path}${query === '' ? '' : `?${query}`}`,
        headers: { ...rest, ...(sent !== null && type !== undefined && { 'content-type': type }) },
        body: sent,
      };
    });
}

function often<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 30): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

function toParameter(
  { name, schema }: ApiOperation['parameters'][number],
  vocabulary: Vocabulary,
): fc.Arbitrary<string> {
  const known = vocabulary[name];
  const plain = toArbitrary(schema, vocabulary).map(toParameterText);
  return known ? often(known.map(toParameterText), plain, 6) : plain;
}

function toParameterText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A surrogate without its other half has no escape; a browser sends U+FFFD. */
function escape(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function toPath({ path, parameters }: ApiOperation, vocabulary: Vocabulary): fc.Arbitrary<string> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const values = fc.tuple(...inPath.map((parameter) => toParameter(parameter, vocabulary)));
  const spoilt = fc.constantFrom(
    '%',
    '%zz',
    '%00',
    '%2e%2e%2f',
    '/',
    '//',
    '/x',
    ';a=b',
    '%E0%A4%A',
  );
  return fc
    .tuple(values, often(fc.constant(''), spoilt))
    .map(
      ([texts, end]) =>
        inPath.reduce(
          (text, { name }, index) => text.replace(`{${name}}`, () => escape(texts[index] ?? '')),
          path,
        ) + end,
    );
}

function toQuery({ parameters }: ApiOperation, vocabulary: Vocabulary): fc.Arbitrary<string> {
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const parts = inQuery.map((parameter) => {
    const value = toParameter(parameter, vocabulary);
    const count = parameter.name === inQuery[0]?.name ? 12 : 1;
    return fc.oneof(
      { weight: count, arbitrary: value.map((text) => [`${parameter.name}=${escape(text)}`]) },
      { weight: 1, arbitrary: fc.constant([]) },
    );
  });
  const odd = fc.oneof(
    fc.tuple(oddText, oddText).map(([name, value]) => [`${escape(name)}=${escape(value)}`]),
    fc.constantFrom(['&&=&'], ['%'], ['limit=1', 'limit=2'], ['a[b]=c'], ['limit=%zz']),
  );
  return fc
    .tuple(...parts, often<readonly string[]>(fc.constant([]), odd, 15))
    .map((groups) => groups.flat().join('&'));
}

/** Header values are bytes: what else a text holds can't be sent. */
const headerText = fc
  .string({ maxLength: 80 })
  .map((text) => text.replaceAll(/[^\t\x20-\x7e]/g, '').trim());

function toHeaders({ authorizations }: FuzzWords): fc.Arbitrary<Record<string, string>> {
  const { good, bad } = authorizations;
  const optional = (arbitrary: fc.Arbitrary<string>) =>
    fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
  return fc
    .record({
      authorization: often(
        fc.constantFrom(...good),
        fc.oneof(headerText, fc.constantFrom(...bad)),
        15,
      ),
      'content-type': fc.oneof(
        { weight: 30, arbitrary: fc.constant('application/json') },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            ...['application/json; charset=utf-8', 'APPLICATION/JSON', 'text/plain'],
            ...['application/json; charset=utf-16', 'multipart/form-data', 'application/x-ndjson'],
          ),
        },
        { weight: 1, arbitrary: fc.constant(undefined) },
      ),
      'x-request-id': optional(headerText),
      'idempotency-key': optional(fc.oneof(headerText, fc.constantFrom('key-1', 'key-2'))),
      accept: optional(fc.constantFrom('*/*', 'text/html', 'application/xml;q=0.9', 'x')),
      'if-none-match': optional(headerText),
      'x-http-method-override': optional(fc.constantFrom('DELETE', 'PUT')),
      'x-forwarded-host': optional(fc.constantFrom('evil.example', '127.0.0.1')),
    })
    .map((headers) => {
      const given = Object.entries(headers).filter(([, value]) => value !== undefined);
      return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
    });
}

const brokenBodies: readonly (string | Uint8Array)[] = [
  ...['', '{', '[', 'null', '""', '[]', '{}', 'true', '1e400', '{"a":1,}', '\ufeff{}'],
  ...['{"customerId":"a","customerId":"b"}', '{"__proto__":{"role":"admin"}}', 'customerId=acme'],
  ...['['.repeat(20_000), `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`],
  new Uint8Array([0xff, 0xfe, 0x00]),
  new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]),
];

function toBody(
  schema: JsonSchema | null,
  vocabulary: Vocabulary,
): fc.Arbitrary<string | Uint8Array | null> {
  const broken = fc.constantFrom(...brokenBodies);
  if (!schema) return often<string | Uint8Array | null>(fc.constant(null), broken, 10);
  const value = toArbitrary(schema, vocabulary).map((body) => JSON.stringify(body) ?? '');
  return fc.oneof(
    { weight: 30, arbitrary: value },
    { weight: 2, arbitrary: broken },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}
