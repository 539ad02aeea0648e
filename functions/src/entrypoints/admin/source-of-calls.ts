import type { z } from '@hono/zod-openapi';
import type { PlatformContext } from '../../app.ts';
import type { Credentials } from '../../core/imports/import-context.ts';
import { badRequest, pointingAt, type ProblemDetail } from './problem.ts';
import type { CreateImportBody, RetryBody } from './schemas.ts';

type Body = Pick<
  z.output<typeof CreateImportBody>,
  'customerId' | 'credentials' | 'uploads' | 'metadata'
>;

/**
 * What the context needs to find the calls: the platform's credentials, or the batch of files that
 * were uploaded. @throws a 400 for what is missing, or has no meaning for this platform
 */
export async function toCredentials(context: PlatformContext, body: Body): Promise<Credentials> {
  const { customerId, credentials, uploads, metadata } = body;
  if (context.acceptUploads) {
    refuseGiven(context, { credentials });
    if (!uploads) throw missing(context, '/uploads', 'required: from POST /admin/uploads');
    const { acceptUploads } = context;
    const pointer = metadata === undefined ? '/uploads' : '/metadata';
    const batch = { customerId, uploads, metadata: metadata ?? [] };
    return pointingAt(pointer, () => acceptUploads(batch));
  }
  refuseGiven(context, { uploads, metadata });
  if (!credentials) throw missing(context, '/credentials', 'required: see GET /admin/platforms');
  return pointingAt('/credentials', () => context.parseCredentials(credentials));
}

/** Fresh credentials for a retry, null when none were sent. @throws a 400 as `toCredentials` */
export async function toRetryCredentials(
  context: PlatformContext,
  body: z.output<typeof RetryBody> | undefined,
): Promise<Credentials | null> {
  const credentials = body?.credentials;
  if (context.auth === 'none') refuseGiven(context, { credentials });
  if (!credentials) return null;
  return pointingAt('/credentials', () => context.parseCredentials(credentials));
}

function refuseGiven(context: PlatformContext, fields: Readonly<Record<string, unknown>>): void {
  const errors: ProblemDetail[] = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => ({
      pointer: `/${name}`,
      detail: `has no meaning for ${context.displayName}`,
    }));
  if (errors.length > 0) throw badRequest('The body is not right.', errors);
}

function missing(context: PlatformContext, pointer: string, detail: string) {
  return badRequest(`An import from ${context.displayName} needs more.`, [{ pointer, detail }]);
}
