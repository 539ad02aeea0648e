import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SignedRequest } from '../../src/core/ports.ts';

/** What a link allows. */
export interface LinkGrant {
  readonly method: 'GET' | 'PUT';
  readonly key: string;
  readonly expiresAt: Date;
  /** Both null for reading. */
  readonly contentType: string | null;
  readonly maxBytes: number | null;
}

export type LinkCheck =
  | { readonly status: 'valid'; readonly grant: LinkGrant }
  | { readonly status: 'expired'; readonly grant: LinkGrant }
  | { readonly status: 'forged' };

export interface LinkSigner {
  sign(grant: LinkGrant): SignedRequest;
  /** What a link allows, whoever made it now: a link that we did not sign is `forged`. */
  check(url: URL): LinkCheck;
}

/** Makes and checks the links of the disk store: HMAC-SHA256 over everything that a link allows. */
export function createLinkSigner(options: {
  readonly signingKey: string | Uint8Array;
  readonly baseUrl: () => string;
  readonly clock: { now(): Date };
}): LinkSigner {
  const signatureOf = (grant: LinkGrant): string =>
    createHmac('sha256', options.signingKey).update(canonicalForm(grant)).digest('base64url');

  const addressOf = (key: string): string => {
    const path = key.split('/').map(encodeURIComponent).join('/');
    return `${options.baseUrl().replace(/\/+$/, '')}/storage/${path}`;
  };

  return {
    sign(grant) {
      const url = new URL(addressOf(grant.key));
      url.searchParams.set('expires', String(grant.expiresAt.getTime()));
      url.searchParams.set('method', grant.method);
      if (grant.contentType !== null) url.searchParams.set('type', grant.contentType);
      if (grant.maxBytes !== null) url.searchParams.set('max', String(grant.maxBytes));
      url.searchParams.set('signature', signatureOf(grant));
      return {
        url: url.href,
        method: grant.method,
        headers: grant.contentType === null ? {} : { 'content-type': grant.contentType },
        expiresAt: grant.expiresAt,
      };
    },
    check(url) {
      const grant = parseGrant(url, new URL(addressOf('')).pathname);
      const signature = Buffer.from(url.searchParams.get('signature') ?? '');
      if (grant === null) return { status: 'forged' };
      const expected = Buffer.from(signatureOf(grant));
      if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
        return { status: 'forged' };
      const isExpired = options.clock.now() > grant.expiresAt;
      return { status: isExpired ? 'expired' : 'valid', grant };
    },
  };
}

/** Length-prefixed by JSON's quoting: no two grants have the same form. */
function canonicalForm(grant: LinkGrant): string {
  const { method, key, expiresAt, contentType, maxBytes } = grant;
  return JSON.stringify(['link/1', method, key, expiresAt.getTime(), contentType, maxBytes]);
}

function parseGrant(url: URL, prefix: string): LinkGrant | null {
  const key = keyOf(url.pathname, prefix);
  const method = url.searchParams.get('method');
  const expires = Number(url.searchParams.get('expires'));
  const max = url.searchParams.get('max');
  if (key === null || (method !== 'GET' && method !== 'PUT') || !Number.isSafeInteger(expires))
    return null;
  return {
    method,
    key,
    expiresAt: new Date(expires),
    contentType: url.searchParams.get('type'),
    maxBytes: max === null ? null : Number(max),
  };
}

function keyOf(pathname: string, prefix: string): string | null {
  if (!pathname.startsWith(prefix)) return null;
  try {
    return pathname.slice(prefix.length).split('/').map(decodeURIComponent).join('/');
  } catch {
    // A broken percent sequence: nothing that we signed.
    return null;
  }
}
