import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ListPosition } from './sandbox-account.ts';

const Cursor = z.tuple([z.number().nullable(), z.string(), z.string()]);

/** An opaque cursor for the page behind a position in the listing that `filter` makes. */
export function toListCursor({ startMs, id }: ListPosition, filter: object): string {
  const place = [Number.isFinite(startMs) ? startMs : null, id, digestOf(filter)];
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The position in a cursor; null when it is no cursor of this listing. */
export function parseListCursor(cursor: string, filter: object): ListPosition | null {
  try {
    const json: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const [startMs, id, digest] = Cursor.parse(json);
    return digest === digestOf(filter) ? { startMs: startMs ?? Infinity, id } : null;
  } catch {
    // Whatever is wrong with it, the answer to the client is the same refusal.
    return null;
  }
}

function digestOf(filter: object): string {
  const entries = Object.entries(filter).sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries)).digest('base64url').slice(0, 8);
}
