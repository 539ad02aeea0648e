import { createHmac, timingSafeEqual } from 'node:crypto';

/** How long a link to a recording works unless told otherwise. */
const linkLifetimeMs = 5 * 60_000;

/** Signs links to recordings and reads them back. */
export interface LinkSigner {
  /** The token for a link that ends `lifetimeMs` from now. */
  sign(callId: string, lifetimeMs?: number): string;
  /** The call of a token; `expired` or `forged` for one that opens nothing. */
  verify(token: string): { readonly callId: string } | 'expired' | 'forged';
}

/** Creates a signer whose tokens last 5 minutes unless told otherwise. */
export function createLinkSigner(options: {
  readonly seed: number;
  readonly now: () => Date;
}): LinkSigner {
  const signatureOf = (payload: string): Buffer =>
    createHmac('sha256', `sandbox-${String(options.seed)}`)
      .update(payload)
      .digest();
  return {
    sign: (callId, lifetimeMs = linkLifetimeMs) => {
      const expiresMs = options.now().getTime() + lifetimeMs;
      const payload = `${Buffer.from(callId).toString('base64url')}.${expiresMs.toString(36)}`;
      return `${payload}.${signatureOf(payload).toString('base64url')}`;
    },
    verify: (token) => {
      const [, payload = '', id = '', expires = '', signature = ''] =
        /^(([\w-]+)\.(-?[\da-z]+))\.([\w-]+)$/.exec(token) ?? [];
      const given = Buffer.from(signature, 'base64url');
      const expected = signatureOf(payload);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'forged';
      if (parseInt(expires, 36) <= options.now().getTime()) return 'expired';
      return { callId: Buffer.from(id, 'base64url').toString() };
    },
  };
}
