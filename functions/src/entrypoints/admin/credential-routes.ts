import { createRoute, z } from '@hono/zod-openapi';
import type { PlatformDirectory } from '../../app.ts';
import type { CredentialRecord } from '../../core/credentials/credential-record.ts';
import {
  destroyCredential,
  keepCredential,
  requireCredential,
  tryCredential,
} from '../../core/credentials/manage-credentials.ts';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { json, jsonBody, problems } from './answers.ts';
import {
  CredentialParams,
  CredentialView,
  KeepCredentialBody,
  ListCredentialsQuery,
  RotationView,
} from './credential-schemas.ts';
import { requireRole } from './gate.ts';
import { readCursor, toNextLink } from './paging.ts';
import { requireContext, toPlatform } from './platform-choice.ts';
import { badRequest, pointingAt } from './problem.ts';
import { Id, Instant } from './schemas.ts';

const keep = createRoute({
  method: 'post',
  path: '/credentials',
  operationId: 'keepCredential',
  tags: ['Credentials'],
  summary: "Keep a customer's credentials",
  request: jsonBody(KeepCredentialBody),
  responses: {
    201: json(CredentialView, 'Accepted by the platform and kept; `Location` is its address.'),
    ...problems,
  },
});

const list = createRoute({
  method: 'get',
  path: '/credentials',
  operationId: 'listCredentials',
  tags: ['Credentials'],
  summary: "List a customer's stored credentials",
  request: { query: ListCredentialsQuery },
  responses: {
    200: json(z.array(CredentialView), 'Newest first; `Link: rel="next"` is the next page.'),
    ...problems,
  },
});

const get = createRoute({
  method: 'get',
  path: '/credentials/{credentialId}',
  operationId: 'getCredential',
  tags: ['Credentials'],
  summary: 'Show all that is ever shown of stored credentials',
  request: { params: CredentialParams },
  responses: { 200: json(CredentialView, 'All that is ever shown of it.'), ...problems },
});

const verify = createRoute({
  method: 'post',
  path: '/credentials/{credentialId}/verify',
  operationId: 'verifyCredential',
  tags: ['Credentials'],
  summary: 'Ask the platform whether stored credentials work',
  request: { params: CredentialParams },
  responses: { 200: json(CredentialView, '`lastCheck` has what the platform says.'), ...problems },
});

const destroy = createRoute({
  method: 'delete',
  path: '/credentials/{credentialId}',
  operationId: 'destroyCredential',
  tags: ['Credentials'],
  summary: 'Destroy stored credentials',
  request: { params: CredentialParams },
  responses: {
    200: json(z.object({ status: z.literal('destroyed') }), 'Destroyed, for good.'),
    ...problems,
  },
});

const rotate = createRoute({
  method: 'post',
  path: '/credentials/rotate',
  operationId: 'rotateKeys',
  tags: ['Credentials'],
  summary: 'Wrap the next credentials by the newest key',
  responses: {
    200: json(RotationView, 'So far it has come by this batch; the next request goes on.'),
    ...problems,
  },
});

/** Few enough for a fraction of the function's time, two calls of the key service each. */
const rotationBatch = 100;

/** `/credentials`, for the role admin: to keep, see, check and destroy; never to read a secret. */
export function addCredentialRoutes(app: AdminApp, services: AdminServices): void {
  app.use('/credentials/*', requireRole('admin'));
  app.openapi(keep, async (c) => {
    const {
      customerId,
      credentials,
      label = null,
      expiresAt = null,
      ...body
    } = c.req.valid('json');
    const platforms = await services.platforms();
    const context = requireContext(platforms, { name: body.platform, pointer: '/platform' });
    if (context.auth === 'none') throw needsNone(context.displayName);
    const parsed = await pointingAt('/credentials', () => context.parseCredentials(credentials));
    const { id, email } = c.get('caller');
    const createdBy = email ?? id;
    const keptAs = { id: c.get('createId')?.() ?? null, createdBy };
    const kept = { ...keptAs, customerId, credentials: parsed, label, expiresAt };
    const record = await keepCredential(await services.engine(), context, kept);
    const location = `/admin/credentials/${record.id}`;
    return c.json(toView(record, platforms), 201, { Location: location });
  });
  app.openapi(rotate, async (c) => {
    const { keys } = await services.engine();
    const { startedAt, finishedAt, ...rotation } = await keys.advance(rotationBatch);
    const { keyVersion, rewrapped, alreadyCurrent, failed, failedIds } = rotation;
    return c.json(
      {
        ...{ keyVersion, rewrapped, alreadyCurrent, failed, failedIds: [...failedIds] },
        startedAt: startedAt.toISOString(),
        finishedAt: finishedAt?.toISOString() ?? null,
      },
      200,
    );
  });
  app.openapi(list, async (c) => {
    const { customerId, limit, ...query } = c.req.valid('query');
    const platforms = await services.platforms();
    const platform =
      query.platform === undefined
        ? null
        : toPlatform(platforms, { name: query.platform, pointer: 'platform' });
    const { credentials } = await services.engine();
    const after = readCursor(query.cursor, Position);
    const records = await credentials.list({ customerId, platform, limit, after });
    const last = records.length === limit ? records.at(-1) : undefined;
    const position = last && { createdAt: last.createdAt.toISOString(), id: last.id };
    const views = records.map((record) => toView(record, platforms));
    return c.json(views, 200, toNextLink(c.req.url, position));
  });
  app.openapi(get, async (c) => {
    const record = await requireCredential(
      await services.engine(),
      c.req.valid('param').credentialId,
    );
    return c.json(toView(record, await services.platforms()), 200);
  });
  app.openapi(verify, async (c) => {
    const engine = await services.engine();
    const platforms = await services.platforms();
    const record = await requireCredential(engine, c.req.valid('param').credentialId);
    const context = requireContext(platforms, { name: record.platform, pointer: 'credentialId' });
    return c.json(toView(await tryCredential(engine, context, record), platforms), 200);
  });
  app.openapi(destroy, async (c) => {
    const engine = await services.engine();
    const record = await requireCredential(engine, c.req.valid('param').credentialId);
    await destroyCredential(engine, record);
    return c.json({ status: 'destroyed' as const }, 200);
  });
}

const Position = z.strictObject({ createdAt: Instant, id: Id });

function toView(record: CredentialRecord, { rows }: PlatformDirectory): CredentialView {
  const { id, customerId, platform, type, label, createdBy, keyVersion, lastCheck } = record;
  const row = rows.find((candidate) => candidate.platform === platform);
  return {
    ...{ id, customerId, platform, type, label, createdBy, keyVersion },
    scopes: [...(row?.scopes ?? [])],
    createdAt: record.createdAt.toISOString(),
    expiresAt: record.expiresAt?.toISOString() ?? null,
    lastCheck: lastCheck && {
      timestamp: lastCheck.at.toISOString(),
      outcome: lastCheck.outcome,
      reason: lastCheck.reason,
    },
  };
}

function needsNone(displayName: string) {
  return badRequest(`${displayName} has no credentials.`, [
    { pointer: '/platform', detail: 'needs none: import from it without' },
  ]);
}
