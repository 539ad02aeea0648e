import type { Context } from 'hono';

export const jsonApi = 'application/vnd.api+json';

interface Refusal {
  readonly status: 400 | 403 | 404 | 406 | 429 | 500;
  readonly code: string;
  readonly detail: string;
}

/** API v1 answers in JSON:API; how v3 does is not documented, so it answers the same. */
export function refuse(c: Context, { status, code, detail }: Refusal): Response {
  const errors = [{ id: c.req.path, code, status: String(status), title: code, detail }];
  return c.body(JSON.stringify({ errors }), status, { 'content-type': jsonApi });
}
