/**
 * Reads security rules as far as ours use the language, and decides requests by them. What it does
 * not know it refuses to read, so that a rule beyond it fails the tests instead of being passed over.
 * @see https://firebase.google.com/docs/rules/rules-language
 */
export interface RulesFile {
  /** Whether `verb` is allowed at `path`, which begins as the service's own do. */
  allows(request: RulesRequest): boolean;
}

export interface RulesRequest {
  readonly verb: Verb;
  readonly path: string;
  /** The token's claims; null: nobody is signed in. */
  readonly claims: Readonly<Record<string, unknown>> | null;
  /** What is stored at the path; null: nothing. */
  readonly data: Readonly<Record<string, unknown>> | null;
}

export const verbs = ['get', 'list', 'create', 'update', 'delete'] as const;
export type Verb = (typeof verbs)[number];

type Scope = Readonly<Record<string, unknown>>;
type Expression = (scope: Scope) => unknown;

interface Allow {
  readonly pattern: RegExp;
  readonly verbs: readonly Verb[];
  readonly condition: Expression;
}

const groups: Readonly<Record<string, readonly Verb[]>> = {
  read: ['get', 'list'],
  write: ['create', 'update', 'delete'],
};

const literals: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

/** Reads the text of a rules file. @throws Error at anything that it does not know */
export function readRules(text: string): RulesFile {
  const allows = new RulesReader(text).read();
  return {
    allows: ({ verb, path, claims, data }) => {
      const auth = claims && { uid: 'user', token: claims };
      const scope = { request: { auth }, resource: data && { data } };
      return allows.some(
        (allow) => allow.verbs.includes(verb) && allow.pattern.test(path) && holds(allow, scope),
      );
    },
  };
}

/** A condition that can't be evaluated, since something in it is not there, denies. */
function holds({ condition }: Allow, scope: Scope): boolean {
  try {
    return condition(scope) === true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

class RulesReader {
  readonly #text: string;
  readonly #allows: Allow[] = [];
  readonly #functions = new Map<string, Expression>();
  #at = 0;

  constructor(text: string) {
    this.#text = text.replaceAll(/\/\/.*$/gm, '');
  }

  read(): readonly Allow[] {
    this.#require(/rules_version = '2';/y);
    this.#require(/service [\w.]+ \{/y);
    this.#readBlock('');
    if (this.#take(/\S/y)) this.#fail();
    return this.#allows;
  }

  #readBlock(prefix: string): void {
    while (!this.#take(/\}/y)) {
      const path = this.#take(/match (\/\S+) \{/y);
      if (path) {
        this.#readBlock(prefix + path);
        continue;
      }
      const name = this.#take(/function (\w+)\(\) \{/y);
      if (name) this.#readFunction(name);
      else this.#readAllow(prefix);
    }
  }

  #readFunction(name: string): void {
    this.#require(/return\b/y);
    this.#functions.set(name, this.#readAnd());
    this.#require(/;/y);
    this.#require(/\}/y);
  }

  #readAllow(path: string): void {
    const names = this.#require(/allow ([\w, ]+): if\b/y);
    const condition = this.#readAnd();
    this.#require(/;/y);
    const allowed = names.split(',').flatMap((name) => {
      const verb = verbs.find((known) => known === name.trim());
      return verb ? [verb] : (groups[name.trim()] ?? this.#fail());
    });
    this.#allows.push({ pattern: toPattern(path), verbs: allowed, condition });
  }

  #readAnd(): Expression {
    const left = this.#readComparison();
    if (!this.#take(/&&/y)) return left;
    const right = this.#readAnd();
    return (scope) => left(scope) === true && right(scope) === true;
  }

  #readComparison(): Expression {
    const left = this.#readTerm();
    const operator = this.#take(/(==|!=|is string\b)/y);
    if (!operator) return left;
    if (operator === 'is string') return (scope) => typeof left(scope) === 'string';
    const right = this.#readTerm();
    return operator === '=='
      ? (scope) => left(scope) === right(scope)
      : (scope) => left(scope) !== right(scope);
  }

  #readTerm(): Expression {
    const literal = this.#take(/(true|false|null)\b/y);
    if (literal) return () => literals[literal];
    const called = this.#take(/(\w+)\(\)/y);
    if (called) return (scope) => (this.#functions.get(called) ?? this.#fail())(scope);
    const path = this.#require(/([a-z]\w*(?:\.\w+)*)/y).split('.');
    return (scope) => path.reduce<unknown>(getMember, scope);
  }

  /** What the pattern, or its group, matches here; null: it does not match. */
  #take(pattern: RegExp): string | null {
    this.#at += /^\s*/.exec(this.#text.slice(this.#at))?.[0].length ?? 0;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return null;
    this.#at = pattern.lastIndex;
    return match[1] ?? match[0];
  }

  #require(pattern: RegExp): string {
    return this.#take(pattern) ?? this.#fail();
  }

  #fail(): never {
    throw new Error(`Not known in rules: ${this.#text.slice(this.#at).trim().slice(0, 60)}`);
  }
}

/** As the rules' language does, unlike ours: what is not there is an error, not undefined. */
function getMember(value: unknown, name: string): unknown {
  if (typeof value === 'object' && value !== null && name in value) {
    const member: unknown = Reflect.get(value, name);
    return member;
  }
  throw new TypeError(`There is no ${name}.`);
}

function toPattern(path: string): RegExp {
  const parts = path
    .split('/')
    .slice(1)
    .map((part) => {
      if (/^\{\w+=\*\*\}$/.test(part)) return '.*';
      if (/^\{\w+\}$/.test(part)) return '[^/]+';
      if (/^\w+$/.test(part)) return part;
      throw new Error(`Not known in rules: the path ${path}`);
    });
  return new RegExp(`^/${parts.join('/')}$`);
}
