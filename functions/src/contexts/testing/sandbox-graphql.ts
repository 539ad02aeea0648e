/** One field of a query, with what is selected of it; its arguments have their variables' values. */
export interface QueryField {
  readonly alias: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly fields: readonly QueryField[];
}

/** The object types of a schema: what each field is made of, null for a plain value. */
export type SandboxTypes = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

/** What is wrong with a query, in the words that GraphQL servers use. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

type Variables = Readonly<Record<string, unknown>>;

/**
 * Reads one query operation as strictly as a server does: no fragments or directives, which the
 * sandboxes' clients do not use. @throws QueryError
 * @see https://spec.graphql.org/October2021/#sec-Language
 */
export function parseQuery(text: string, variables: Variables): readonly QueryField[] {
  const tokens = new Tokens(text);
  const values = tokens.peek() === 'query' ? readOperation(tokens, variables) : new Map();
  const fields = readFields(tokens, values);
  if (tokens.peek() !== null) throw tokens.unexpected();
  return fields;
}

/** Checks every field against the types, from `Query` on. @throws QueryError */
export function checkFields(
  fields: readonly QueryField[],
  types: SandboxTypes,
  at = 'Query',
): void {
  for (const field of fields) {
    const type = types[at]?.[field.name];
    if (type === undefined) {
      throw new QueryError(`Cannot query field "${field.name}" on type "${at}".`);
    }
    if (type === null && field.fields.length > 0) {
      throw new QueryError(`Field "${field.name}" must not have a selection.`);
    }
    if (type === null) continue;
    if (field.fields.length === 0) {
      throw new QueryError(`Field "${field.name}" of type "${type}" must have a selection.`);
    }
    checkFields(field.fields, types, type);
  }
}

/** What a query selects of a value; what the value does not have is null. */
export function select(value: unknown, fields: readonly QueryField[]): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => select(item, fields));
  if (fields.length === 0 || typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(
    fields.map(({ alias, name, fields: inner }) => [
      alias,
      select(Reflect.get(value, name), inner),
    ]),
  );
}

/** Whether a field of that name is selected anywhere. */
export function isSelected(fields: readonly QueryField[], name: string): boolean {
  return fields.some((field) => field.name === name || isSelected(field.fields, name));
}

class Tokens {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    const pattern = /[\s,]+|([A-Za-z_]\w*|-?\d+(?:\.\d+)?|"(?:[^"\\\n]|\\.)*"|[{}()[\]:!$])|(.)/gy;
    const tokens: string[] = [];
    for (const [, token, other] of text.matchAll(pattern)) {
      if (other !== undefined)
        throw new QueryError(`Syntax Error: Unexpected character: "${other}".`);
      if (token !== undefined) tokens.push(token);
    }
    this.#tokens = tokens;
  }

  peek(): string | null {
    return this.#tokens[this.#at] ?? null;
  }

  take(): string {
    const token = this.peek();
    if (token === null) throw this.unexpected();
    this.#at += 1;
    return token;
  }

  takeIf(expected: string): boolean {
    if (this.peek() !== expected) return false;
    this.#at += 1;
    return true;
  }

  expect(expected: string): void {
    if (!this.takeIf(expected)) throw this.unexpected();
  }

  takeName(): string {
    if (!/^[A-Za-z_]/.test(this.peek() ?? '')) throw this.unexpected();
    return this.take();
  }

  unexpected(): QueryError {
    return new QueryError(`Syntax Error: Unexpected ${this.peek() ?? '<EOF>'}.`);
  }
}

/** `query Name($id: String!, …)`; returns the variables that it declares, with their values. */
function readOperation(tokens: Tokens, variables: Variables): ReadonlyMap<string, unknown> {
  tokens.expect('query');
  if (tokens.peek() !== '{' && tokens.peek() !== '(') tokens.takeName();
  const values = new Map<string, unknown>();
  if (!tokens.takeIf('(')) return values;
  while (!tokens.takeIf(')')) {
    tokens.expect('$');
    const name = tokens.takeName();
    tokens.expect(':');
    const type = readType(tokens);
    const value = variables[name] ?? undefined;
    if (!isOfType(value, type)) {
      throw new QueryError(`Variable "$${name}" got an invalid value; expected type "${type}".`);
    }
    values.set(name, value);
  }
  return values;
}

function readType(tokens: Tokens): string {
  let type: string;
  if (tokens.takeIf('[')) {
    type = `[${readType(tokens)}]`;
    tokens.expect(']');
  } else type = tokens.takeName();
  return tokens.takeIf('!') ? `${type}!` : type;
}

function isOfType(value: unknown, type: string): boolean {
  if (type.endsWith('!')) return value !== undefined && isOfType(value, type.slice(0, -1));
  if (value === undefined) return true;
  const item = /^\[(.*)\]$/.exec(type)?.[1];
  if (item !== undefined)
    return Array.isArray(value) && value.every((each) => isOfType(each, item));
  if (type === 'Int') return Number.isInteger(value);
  if (type === 'DateTime') return typeof value === 'string' && !Number.isNaN(Date.parse(value));
  return typeof value === 'string';
}

function readFields(tokens: Tokens, values: ReadonlyMap<string, unknown>): readonly QueryField[] {
  const fields: QueryField[] = [];
  tokens.expect('{');
  do {
    const first = tokens.takeName();
    const name = tokens.takeIf(':') ? tokens.takeName() : first;
    const given = readArguments(tokens, values);
    const inner = tokens.peek() === '{' ? readFields(tokens, values) : [];
    fields.push({ alias: first, name, arguments: given, fields: inner });
  } while (!tokens.takeIf('}'));
  return fields;
}

function readArguments(
  tokens: Tokens,
  values: ReadonlyMap<string, unknown>,
): Readonly<Record<string, unknown>> {
  const given: Record<string, unknown> = {};
  if (!tokens.takeIf('(')) return given;
  do {
    const name = tokens.takeName();
    tokens.expect(':');
    const value = readValue(tokens, values);
    if (value !== undefined) given[name] = value;
  } while (!tokens.takeIf(')'));
  return given;
}

function readValue(tokens: Tokens, values: ReadonlyMap<string, unknown>): unknown {
  const token = tokens.take();
  if (token === '$') {
    const name = tokens.takeName();
    if (!values.has(name)) throw new QueryError(`Variable "$${name}" is not defined.`);
    return values.get(name);
  }
  if (token === 'true' || token === 'false') return token === 'true';
  if (token.startsWith('"') || /^-?\d/.test(token)) {
    const value: unknown = JSON.parse(token);
    return value;
  }
  throw new QueryError(`Syntax Error: Unexpected ${token}.`);
}
