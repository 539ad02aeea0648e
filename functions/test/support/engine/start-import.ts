import { createImport, type ImportRequest } from '../../../src/core/imports/create-import.ts';
import type { Platform } from '../../../src/core/imports/import-context.ts';
import type { ImportJob } from '../../../src/core/imports/import-job.ts';
import { requireContext } from '../../../src/core/imports/job-run.ts';
import { customerId, sandboxKey, type TestWorld } from './test-world.ts';

/** Asks for an import of everything, as support staff would; returns the new job. */
export async function startImport(
  world: TestWorld,
  request: Partial<ImportRequest> = {},
): Promise<ImportJob> {
  return (await requestImport(world, request)).job;
}

/** As `startImport`, with the whole answer. */
export function requestImport(world: TestWorld, request: Partial<ImportRequest> = {}) {
  const platform: Platform = request.platform ?? 'grain';
  const context = requireContext(world.engine, platform);
  const credentials = request.credentials ?? context.parseCredentials({ apiKey: sandboxKey });
  return createImport(world.engine, context, {
    customerId,
    dateRange: { start: null, end: null },
    filters: {},
    schedule: 'now',
    id: null,
    requestedBy: 'support@example.com',
    ...request,
    platform,
    credentials,
  });
}
