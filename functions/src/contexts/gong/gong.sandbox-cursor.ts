import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import type { ListPosition } from '../testing/sandbox-account.ts';

/** Where a listing goes on, and what its first page said of its size. */
export interface ListPlace {
  readonly after: ListPosition;
  readonly total: number;
  readonly page: number;
}

export interface CursorSigner {
  /** A cursor for exactly this request; no two are alike. */
  sign(place: ListPlace, request: unknown): string;
  /** The place, or Gong's words for what is wrong with the cursor. */
  verify(cursor: string, request: unknown): ListPlace | string;
}

/** Not documented but short: "expired" is seen in public clients. */
const lifetimeMs = 10 * 60_000;

const Payload = z.object({
  startMs: z.number().nullable(),
  id: z.string(),
  total: z.number(),
  page: z.number(),
  request: z.string(),
  exp: z.number(),
});

/** Creates cursors as Gong's are: signed JSON Web Tokens that expire. */
export function createCursorSigner(options: {
  readonly seed: number;
  readonly now: () => Date;
}): CursorSigner {
  let signed = 0;
  const signatureOf = (text: string): string =>
    createHmac('sha256', `gong-${String(options.seed)}`)
      .update(text)
      .digest('base64url');
  const header = toBase64({ alg: 'HS256' });
  return {
    sign: ({ after, total, page }, request) => {
      signed += 1;
      const startMs = Number.isFinite(after.startMs) ? after.startMs : null;
      const exp = options.now().getTime() + lifetimeMs;
      const place = { startMs, id: after.id, total, page, request: digestOf(request) };
      const text = `${header}.${toBase64({ ...place, exp, jti: signed })}`;
      return `${text}.${signatureOf(text)}`;
    },
    verify: (cursor, request) => {
      const [, text = '', payload = '', signature = ''] =
        /^([\w-]+\.([\w-]+))\.([\w-]+)$/.exec(cursor) ?? [];
      if (signature === '' || signature !== signatureOf(text)) return 'failed to verify cursor';
      const json: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const { startMs, id, total, page, ...rest } = Payload.parse(json);
      if (rest.request !== digestOf(request)) return 'failed to verify cursor';
      if (rest.exp <= options.now().getTime()) return 'cursor has expired';
      return { after: { startMs: startMs ?? Infinity, id }, total, page };
    },
  };
}

function toBase64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function digestOf(request: unknown): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('base64url').slice(0, 12);
}
