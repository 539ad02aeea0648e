import { createRoute, z } from '@hono/zod-openapi';
import { accepts } from 'hono/accepts';
import { html } from 'hono/html';
import type { PlatformDirectory } from '../../app.ts';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { json, problems } from './answers.ts';
import { errorEntries, toCustomerMessage, type ErrorEntry } from './error-table.ts';
import { toPlatform } from './platform-choice.ts';
import { ProblemError } from './problem.ts';
import { ErrorView } from './schemas.ts';

const Query = z.strictObject({
  platform: z.string().max(40).optional().openapi({
    description: 'Whose name and scopes the message to the customer has.',
    example: 'gong',
  }),
});

const list = createRoute({
  method: 'get',
  path: '/errors',
  operationId: 'listErrors',
  tags: ['Errors'],
  summary: 'List every error code with what to do about it',
  security: [],
  request: { query: Query },
  responses: { 200: json(z.array(ErrorView), 'Every code.'), ...problems },
});

const page = createRoute({
  method: 'get',
  path: '/errors/{code}',
  operationId: 'getError',
  tags: ['Errors'],
  summary: 'Explain one error code: the `type` of a problem leads here',
  security: [],
  request: {
    params: z.object({
      code: z
        .string()
        .max(60)
        .openapi({ param: { name: 'code', in: 'path' }, example: 'conflict' }),
    }),
    query: Query,
  },
  responses: {
    200: {
      description: 'The code, as a page for a browser that prefers one.',
      content: { 'application/json': { schema: ErrorView }, 'text/html': { schema: z.string() } },
    },
    ...problems,
  },
});

type PlatformRow = PlatformDirectory['rows'][number];

/** `GET /errors` and `/errors/{code}`: for whoever has an answer before them, without a token. */
export function addErrorRoutes(app: AdminApp, services: AdminServices): void {
  const findPlatform = async (name: string | undefined): Promise<PlatformRow | null> => {
    if (name === undefined) return null;
    const platforms = await services.platforms();
    const platform = toPlatform(platforms, { name, pointer: 'platform' });
    return platforms.rows.find((row) => row.platform === platform) ?? null;
  };
  app.openapi(list, async (c) => {
    const platform = await findPlatform(c.req.valid('query').platform);
    return c.json(
      errorEntries.map((entry) => toErrorView(entry, platform)),
      200,
    );
  });
  app.openapi(page, async (c) => {
    const { code } = c.req.valid('param');
    const known = errorEntries.find((entry) => entry.code === code);
    if (!known) throw unknownCode(code);
    const view = toErrorView(known, await findPlatform(c.req.valid('query').platform));
    const supports = ['application/json', 'text/html'];
    const type = accepts(c, { header: 'Accept', supports, default: 'application/json' });
    if (type === 'text/html') return c.html(toPage(view), 200);
    return c.json(view, 200);
  });
}

function toErrorView(entry: ErrorEntry, platform: PlatformRow | null): ErrorView {
  const { code, status, retryable, title, remedy, support, engineers } = entry;
  const customer = toCustomerMessage(entry, platform);
  return { code, status, retryable, title, remedy, support, engineers, customer };
}

/** For a browser: a problem's `type` is a link. */
function toPage(view: ErrorView) {
  const { code, status, retryable, title, support, engineers, customer } = view;
  const waiting = retryable ? 'Waiting helps: try again.' : 'Waiting does not help.';
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>${code}</title>
      <body style="font: 1rem/1.5 system-ui; max-width: 42rem; margin: 3rem auto; padding: 0 1rem">
        <h1>${title}</h1>
        <p><code>${code}</code>, HTTP ${status}. ${waiting}</p>
        <h2>For support</h2>
        <p>${support}</p>
        <h2>For engineers</h2>
        <p>${engineers}</p>
        <h2>For the customer</h2>
        <p>${customer ?? 'Nothing: this is none of the customer’s concern.'}</p>
        <p><a href="/admin/errors">All codes</a></p>
      </body>
    </html>`;
}

function unknownCode(code: string): ProblemError {
  return new ProblemError('not_found', {
    detail: `There is no error code "${code}".`,
    remedy: 'GET /admin/errors lists them.',
  });
}
