import { createRoute, z } from '@hono/zod-openapi';
import { auditOutcomes, type AuditEntry, type AuditLog } from '../../core/audit/audit-log.ts';
import type { AuditFilter } from '../../core/audit/audit-log.ts';
import { roles } from '../../core/access.ts';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { problems } from './answers.ts';
import { toCsvLine } from './csv.ts';
import { requireRole } from './gate.ts';
import { readCursor, toNextLink } from './paging.ts';
import { CustomerId, Instant } from './schemas.ts';

const ListAuditQuery = z.strictObject({
  customerId: CustomerId.optional(),
  actor: z.string().min(1).max(320).optional().openapi({ example: 'ann@example.com' }),
  action: z
    .string()
    .regex(/^[A-Za-z]{1,60}$/, 'must be the name of an operation')
    .optional()
    .openapi({ description: 'An operation id of this document, or `useCredential`.' }),
  from: Instant.optional().openapi({ description: 'Inclusive.' }),
  to: Instant.optional().openapi({ description: 'Exclusive.' }),
  format: z
    .enum(['json', 'csv'])
    .optional()
    .openapi({ description: '`csv`, as `Accept: text/csv`: every entry that matches, no pages.' }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(400).optional(),
});

const AuditView = z
  .object({
    id: z.string(),
    timestamp: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    actor: z.string(),
    role: z.enum(roles).nullable().openapi({ description: 'Null: an import, for the actor.' }),
    jobId: z.string().nullable(),
    action: z.string(),
    customerId: z.string().nullable(),
    target: z.string().nullable(),
    outcome: z
      .enum(auditOutcomes)
      .openapi({ description: '`started`: its end was never written; look at the target.' }),
    status: z.int().nullable(),
    requestId: z.string().nullable(),
  })
  .openapi('AuditEntry');
type AuditView = z.infer<typeof AuditView>;

const list = createRoute({
  method: 'get',
  path: '/audit',
  operationId: 'listAudit',
  tags: ['Audit'],
  summary: 'List what was done, by whom, on whom',
  request: { query: ListAuditQuery },
  responses: {
    200: {
      description: 'Newest first; `Link: rel="next"` is the next page.',
      content: {
        'application/json': { schema: z.array(AuditView) },
        'text/csv': { schema: z.string() },
      },
    },
    ...problems,
  },
});

/** `GET /audit`, for the role admin. */
export function addAuditRoutes(app: AdminApp, services: AdminServices): void {
  app.use('/audit', requireRole('admin'));
  app.openapi(list, async (c) => {
    const { format, limit, cursor, ...query } = c.req.valid('query');
    const { audit } = await services.engine();
    const { customerId = null, actor = null, action = null, from = null, to = null } = query;
    const filter = { customerId, actor, action, from, to };
    const accepted = c.req.header('accept') ?? '';
    if (format === 'csv' || (format === undefined && /^text\/csv\b/i.test(accepted))) {
      const headers = { 'Content-Type': 'text/csv; charset=utf-8', ...attachment };
      return c.body(ReadableStream.from(toCsv(audit, filter)), 200, headers);
    }
    const after = readCursor(cursor, Position);
    const entries = await audit.list({ ...filter, limit, after });
    const last = entries.length === limit ? entries.at(-1) : undefined;
    const position = last && { at: last.at.toISOString(), id: last.id };
    return c.json(entries.map(toView), 200, toNextLink(c.req.url, position));
  });
}

const attachment = { 'Content-Disposition': 'attachment; filename="audit.csv"' };
const Position = z.strictObject({ at: Instant, id: z.string().max(100) });
const rowsPerRead = 500;

const columns = [
  'timestamp',
  'endedAt',
  'actor',
  'role',
  'action',
  'customerId',
  'target',
  'outcome',
  'status',
  'jobId',
  'requestId',
  'id',
] as const satisfies readonly (keyof AuditView)[];

/** Page by page, so that memory stays flat; a failure half-way breaks the download off. */
async function* toCsv(audit: AuditLog, filter: AuditFilter): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(toCsvLine(columns));
  let after: AuditEntry | null = null;
  for (;;) {
    const entries: readonly AuditEntry[] = await audit.list({
      ...filter,
      limit: rowsPerRead,
      after,
    });
    const views = entries.map(toView);
    yield encoder.encode(
      views.map((view) => toCsvLine(columns.map((name) => view[name]))).join(''),
    );
    after = entries.at(-1) ?? null;
    if (entries.length < rowsPerRead) return;
  }
}

function toView({ at, endedAt, ...entry }: AuditEntry): AuditView {
  return { ...entry, timestamp: at.toISOString(), endedAt: endedAt?.toISOString() ?? null };
}
