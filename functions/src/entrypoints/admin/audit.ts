import type { Context, MiddlewareHandler } from 'hono';
import type { AuditEntry } from '../../core/audit/audit-log.ts';
import type { Engine } from '../../core/engine.ts';
import type { AdminApp, AdminEnv, AdminServices } from './admin-env.ts';
import { CustomerId, Id } from './schemas.ts';

/** Reading these is written down too. */
const watchedReads = /^\/(credentials|audit)(\/|$)/;

/**
 * Writes down every request that may change something, and every look at credentials or at the log
 * itself: an entry before it is served, its outcome after. What can't be written down is not served.
 * The action is the operation's id, so that a route that is added is audited without a word.
 */
export function auditRequests(api: AdminApp, services: AdminServices): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const { method, path } = c.req;
    const action = findOperation(api, method, path);
    if (action === null || (method === 'GET' && !watchedReads.test(path))) return next();
    const engine = await services.engine();
    const entry = await toEntry(c, engine, action);
    await engine.audit.open(entry);
    await next();
    await close(c, engine, entry);
  };
}

/** The id of the operation that a request is for; null: of none, so that nothing can come of it. */
function findOperation(api: AdminApp, method: string, path: string): string | null {
  for (const definition of api.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue;
    const { route } = definition;
    const pattern = new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    const isMeant = route.method.toUpperCase() === method && pattern.test(path);
    if (isMeant) return route.operationId ?? route.path;
  }
  return null;
}

async function toEntry(c: Context<AdminEnv>, engine: Engine, action: string): Promise<AuditEntry> {
  const caller = c.get('caller');
  const target = toTarget(c.req.path);
  return {
    id: engine.createId(),
    at: engine.clock.now(),
    endedAt: null,
    actor: caller.email ?? caller.id,
    role: caller.role,
    jobId: null,
    action,
    customerId: await findCustomer(c, engine, target),
    target,
    outcome: 'started',
    status: null,
    requestId: c.get('requestId'),
  };
}

/** `imports/{id}` or `credentials/{id}`, also of what lies below it; null for a path without an id. */
function toTarget(path: string): string | null {
  const [, kind, id] = path.split('/');
  return kind !== undefined && Id.safeParse(id).success ? `${kind}/${id}` : null;
}

/** Whose it is: the owner of the target, else whom the request names. */
async function findCustomer(
  c: Context<AdminEnv>,
  { jobs, credentials }: Engine,
  target: string | null,
): Promise<string | null> {
  const [kind, id = ''] = target?.split('/') ?? [];
  if (kind === 'imports') return (await jobs.get(id))?.customerId ?? null;
  if (kind === 'credentials') return (await credentials.get(id))?.customerId ?? null;
  const named: unknown =
    c.req.method === 'POST' ? await readCustomer(c) : c.req.query('customerId');
  const parsed = CustomerId.safeParse(named);
  return parsed.success ? parsed.data : null;
}

/** Of a body that nobody has parsed yet: hono keeps its text for whoever reads it next. */
async function readCustomer(c: Context<AdminEnv>): Promise<unknown> {
  try {
    const body: unknown = JSON.parse(await c.req.text());
    return typeof body === 'object' && body !== null && 'customerId' in body
      ? body.customerId
      : null;
  } catch {
    // Not JSON: the route will say so.
    return null;
  }
}

/** Once it was served nothing can call it back: an end that is not written leaves `started`, and a line in the log. */
async function close(
  c: Context<AdminEnv>,
  { audit, clock, logs }: Engine,
  entry: AuditEntry,
): Promise<void> {
  const { status, headers } = c.res;
  const created = headers.get('location')?.replace(/^\/admin\//, '');
  try {
    await audit.close(entry.id, {
      endedAt: clock.now(),
      outcome: status < 400 ? 'done' : status < 500 ? 'refused' : 'failed',
      status,
      target: created ?? entry.target,
    });
  } catch (cause) {
    logs.auditNotClosed({ requestId: c.get('requestId'), entryId: entry.id, cause });
  }
}
