import type { z } from '@hono/zod-openapi';
import type { PlatformContext } from '../../app.ts';
import { requireStoredCredential } from '../../core/credentials/manage-credentials.ts';
import type { Engine } from '../../core/engine.ts';
import type { Credentials } from '../../core/imports/import-context.ts';
import type { ImportJob } from '../../core/imports/import-job.ts';
import { badRequest, pointingAt, type ProblemDetail } from './problem.ts';
import type { CreateImportBody, RetryBody } from './schemas.ts';

type Body = Pick<
  z.output<typeof CreateImportBody>,
  'customerId' | 'credentials' | 'credentialId' | 'uploads' | 'metadata'
>;
/** Credentials that were sent, or the id of stored ones; neither: none are needed. */
interface GivenKeys {
  readonly credentials: Credentials | null;
  readonly credentialId?: string;
}

/**
 * What the context needs to find the calls: the platform's credentials, sent or stored, or the batch
 * of files that were uploaded. @throws a 400 for what is missing, or has no meaning for this platform
 */
export async function toCredentials(
  engine: Pick<Engine, 'credentials'>,
  context: PlatformContext,
  body: Body,
): Promise<GivenKeys> {
  const { customerId, credentials, credentialId, uploads, metadata } = body;
  if (context.acceptUploads) {
    refuseGiven(context, { credentials, credentialId });
    if (!uploads) throw missing(context, '/uploads', 'required: from POST /admin/uploads');
    const { acceptUploads } = context;
    const pointer = metadata === undefined ? '/uploads' : '/metadata';
    const batch = { customerId, uploads, metadata: metadata ?? [] };
    return { credentials: await pointingAt(pointer, () => acceptUploads(batch)) };
  }
  refuseGiven(context, { uploads, metadata });
  if (!credentials && credentialId === undefined) {
    throw missing(context, '/credentials', 'required: see GET /admin/platforms');
  }
  return readKeys(engine, context, { customerId, credentials, credentialId });
}

/** Other credentials for a retry; those of the job where none were sent or named. @throws a 400 as `toCredentials` */
export async function toRetryCredentials(
  engine: Pick<Engine, 'credentials'>,
  context: PlatformContext,
  retry: { readonly job: ImportJob; readonly body: z.output<typeof RetryBody> | undefined },
): Promise<GivenKeys> {
  const { job, body } = retry;
  if (context.auth === 'none') refuseGiven(context, { ...body });
  return readKeys(engine, context, { customerId: job.customerId, ...body });
}

async function readKeys(
  engine: Pick<Engine, 'credentials'>,
  context: PlatformContext,
  given: Pick<Body, 'customerId' | 'credentials' | 'credentialId'>,
): Promise<GivenKeys> {
  const { customerId, credentials, credentialId } = given;
  if (credentials && credentialId !== undefined) throw eitherOr();
  if (credentialId !== undefined) {
    const { platform } = context;
    await requireStoredCredential(engine, { id: credentialId, customerId, platform });
    return { credentials: null, credentialId };
  }
  if (!credentials) return { credentials: null };
  const parsed = await pointingAt('/credentials', () => context.parseCredentials(credentials));
  return { credentials: parsed };
}

function eitherOr() {
  const detail = 'not beside "credentials": send new ones, or name stored ones';
  return badRequest('The body is not right.', [{ pointer: '/credentialId', detail }]);
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
