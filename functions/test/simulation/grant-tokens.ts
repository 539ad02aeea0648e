/** A token of a simulated grant, of which the text says all. */
export interface GrantToken {
  readonly kind: 'access' | 'refresh';
  readonly account: string;
  /** Of the grant in its account. */
  readonly grant: number;
  /** Of the token in its grant. */
  readonly number: number;
}

const form = /sandbox-(access|refresh)-(\d+)\.at-(\w+)-(\d+)/;

/** The token's text, with a mark at its end as every secret has one. */
export function formatToken({ kind, account, grant, number }: GrantToken): string {
  return `sandbox-${kind}-${String(number)}.at-${account}-${String(grant)}`;
}

/** The first token in a text; null: there is none. */
export function parseToken(text: string): GrantToken | null {
  const [, kind, number, account, grant] = form.exec(text) ?? [];
  if (account === undefined) return null;
  return {
    kind: kind === 'access' ? 'access' : 'refresh',
    ...{ account, grant: Number(grant), number: Number(number) },
  };
}

/** The first token of a kind in a text, as it stands there; null: there is none. */
export function findToken(text: string, kind: GrantToken['kind']): string | null {
  return tokensIn(text).find((token) => token.startsWith(`sandbox-${kind}-`)) ?? null;
}

/** Every token in a text, replaced by another or itself. */
export function replaceTokens(text: string, replace: (token: string) => string): string {
  return text.replaceAll(new RegExp(form, 'g'), replace);
}

function tokensIn(text: string): readonly string[] {
  return text.match(new RegExp(form, 'g')) ?? [];
}
