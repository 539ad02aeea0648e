import type { z } from '@hono/zod-openapi';
import { badRequest } from './problem.ts';

/** Where a list goes on, from the opaque cursor of an earlier answer. @throws a 400 for any other text */
export function readCursor<T>(cursor: string | undefined, schema: z.ZodType<T>): T | null {
  if (cursor === undefined) return null;
  const parsed = schema.safeParse(decode(cursor));
  if (parsed.success) return parsed.data;
  throw badRequest('The cursor is not one of ours.', [
    { pointer: 'cursor', detail: 'take it from the Link header of the page before' },
  ]);
}

/** The `Link` header to the page after `position`; none after the last. */
export function toNextLink(
  requestUrl: string,
  position: Readonly<Record<string, unknown>> | undefined,
): Record<string, string> {
  if (!position) return {};
  const url = new URL(requestUrl);
  url.searchParams.set('cursor', Buffer.from(JSON.stringify(position)).toString('base64url'));
  const path = url.pathname.replace(/^(\/admin)?/, '/admin');
  return { Link: `<${path}${url.search}>; rel="next"` };
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
