import type { z } from '@hono/zod-openapi';
import type { PlatformContext } from '../../app.ts';
import type { ImportRequest } from '../../core/imports/create-import.ts';
import type { AdminServices } from './admin-env.ts';
import { requireContext } from './platform-choice.ts';
import { pointingAt } from './problem.ts';
import type { CreateImportBody } from './schemas.ts';
import { toCredentials } from './source-of-calls.ts';

/** What a body asks for, its credentials and filters read by the platform's context. @throws a 400 naming each wrong place */
export async function toImportRequest(
  services: AdminServices,
  body: z.output<typeof CreateImportBody>,
): Promise<{
  readonly context: PlatformContext;
  readonly request: Omit<ImportRequest, 'id' | 'requestedBy'>;
}> {
  const { customerId, options } = body;
  const platforms = await services.platforms();
  const context = requireContext(platforms, { name: body.platform, pointer: '/platform' });
  const filters = await pointingAt('/options/filters', () =>
    context.parseFilters(options?.filters ?? {}),
  );
  // Last: a list of uploads is stored here, and a refusal leaves nothing behind.
  const keys = await toCredentials(await services.engine(), context, body);
  const { start = null, end = null } = options?.dateRange ?? {};
  const schedule = options?.schedule ?? 'auto';
  const { platform } = context;
  const request = { customerId, platform, ...keys, dateRange: { start, end }, filters };
  return { context, request: { ...request, schedule } };
}
