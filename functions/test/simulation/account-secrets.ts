import { sandboxCredentials } from '../../src/contexts/testing/sandboxes.ts';
import { platformRows } from '../../src/contexts/registry.ts';
import type { Credentials, Platform } from '../../src/core/imports/import-context.ts';
import type { FetchInit } from '../../src/kit/fetch.ts';
import type { Flight } from './renewals.ts';

/** A request as an instance sends it. */
export interface SentRequest {
  readonly url: URL;
  readonly init: FetchInit;
  /** Told what the platform makes of the tokens in it. */
  readonly flight: Flight;
}

/**
 * What an account lets requests in by. Each secret ends with a mark, `.at-<account>-<number>`, by which
 * the network finds the account; the sandbox knows none of them.
 */
export interface AccountSecrets {
  /** Credentials that work from now on. */
  issue(): Credentials;
  /** The customer takes back what was issued so far. */
  revoke(): void;
  /** Whether this text holds secrets of the account that were taken back. */
  isRevoked(text: string): boolean;
  /**
   * Whether several logins were given out of which nothing says that they are of one account. To us
   * these are several, each with the whole of the account's limit.
   */
  readonly areUnrelated: boolean;
  /**
   * Has the sandbox answer a request in which secrets that work are those that it knows. What does not
   * work stays as it is, and the sandbox refuses it in its own words.
   */
  ask(sent: SentRequest, fetch: (request: Request) => Promise<Response>): Promise<Response>;
}

/** A key, which is replaced by another when it is revoked. */
export function createKeySecrets(options: {
  readonly account: string;
  readonly platform: Platform;
}): AccountSecrets {
  const { account, platform } = options;
  let rotations = 0;
  const owner = `.at-${account}-`;
  const markOf = () => `${owner}${String(rotations)}`;
  return {
    issue: () => markSecrets(platform, markOf()),
    revoke: () => {
      rotations += 1;
    },
    isRevoked: (text) => text.includes(owner) && !text.includes(markOf()),
    areUnrelated: false,
    ask: (sent, fetch) => fetch(toRequest(sent, (text) => text.replaceAll(markOf(), ''))),
  };
}

function markSecrets(platform: Platform, mark: string): Credentials {
  const fields = platformRows().find((row) => row.platform === platform)?.credentials ?? [];
  const secret = new Set(fields.filter((field) => field.secret).map(({ name }) => name));
  const entries = Object.entries(sandboxCredentials(platform));
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      typeof value === 'string' && secret.has(name) ? `${value}${mark}` : value,
    ]),
  );
}

/** All that a request says, its credentials readable. */
export function toText({ url, init }: Pick<SentRequest, 'url' | 'init'>): string {
  const { headers, body } = init;
  return [url.href, body ?? '', ...Object.values(headers).map(decodeBasic)].join('\n');
}

/** A request with every text in it translated. */
export function toRequest(
  { url, init }: Pick<SentRequest, 'url' | 'init'>,
  translate: (text: string) => string,
): Request {
  const { method, body } = init;
  const headers = Object.entries(init.headers).map(([name, value]): [string, string] => [
    name,
    encodeBasic(translate(decodeBasic(value))),
  ]);
  return new Request(translate(url.href), {
    ...{ method, headers, redirect: 'manual' },
    ...(body && { body: translate(body) }),
  });
}

const basic = 'Basic ';

function decodeBasic(value: string): string {
  if (!value.startsWith(basic)) return value;
  return `${basic}${Buffer.from(value.slice(basic.length), 'base64').toString()}`;
}

function encodeBasic(value: string): string {
  if (!value.startsWith(basic)) return value;
  return `${basic}${Buffer.from(value.slice(basic.length)).toString('base64')}`;
}
