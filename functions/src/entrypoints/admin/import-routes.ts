import { createRoute, z } from '@hono/zod-openapi';
import { createImport } from '../../core/imports/create-import.ts';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { json, jsonBody, problems } from './answers.ts';
import { toDuration } from './duration.ts';
import { toJobView } from './job-view.ts';
import { readCursor, toNextLink } from './paging.ts';
import { requireContext, toPlatform } from './platform-choice.ts';
import { pointingAt } from './problem.ts';
import {
  CreatedImportView,
  CreateImportBody,
  Id,
  Instant,
  JobView,
  ListImportsQuery,
} from './schemas.ts';
import { toCredentials } from './source-of-calls.ts';

const create = createRoute({
  method: 'post',
  path: '/imports',
  operationId: 'createImport',
  request: jsonBody(CreateImportBody),
  responses: {
    200: json(CreatedImportView, 'A dry run: checked and estimated, nothing created.'),
    201: json(CreatedImportView, 'The import was created; `Location` is its address.'),
    ...problems,
  },
});

const list = createRoute({
  method: 'get',
  path: '/imports',
  operationId: 'listImports',
  request: { query: ListImportsQuery },
  responses: {
    200: json(z.array(JobView), 'Newest first; `Link: rel="next"` is the next page.'),
    ...problems,
  },
});

/** `POST /imports`, `GET /imports`. */
export function addImportRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(create, async (c) => {
    const body = c.req.valid('json');
    const { customerId, options } = body;
    const platforms = await services.platforms();
    const context = requireContext(platforms, { name: body.platform, pointer: '/platform' });
    const engine = await services.engine();
    const keys = await toCredentials(engine, context, body);
    const filters = await pointingAt('/options/filters', () =>
      context.parseFilters(options?.filters ?? {}),
    );
    const { start = null, end = null } = options?.dateRange ?? {};
    const caller = c.get('caller');
    const { job, estimate } = await createImport(engine, context, {
      customerId,
      platform: context.platform,
      ...keys,
      dateRange: { start, end },
      filters,
      schedule: options?.schedule ?? 'auto',
      dryRun: options?.dryRun ?? false,
      requestedBy: caller.email ?? caller.id,
    });
    const answer = {
      jobId: job?.id ?? null,
      estimatedCalls: estimate.calls,
      estimatedDuration: toDuration(estimate.durationSeconds),
    };
    if (!job) return c.json(answer, 200);
    return c.json(answer, 201, { Location: `/admin/imports/${job.id}` });
  });

  app.openapi(list, async (c) => {
    const query = c.req.valid('query');
    const { customerId, status = null, limit } = query;
    const platform =
      query.platform === undefined
        ? null
        : toPlatform(await services.platforms(), { name: query.platform, pointer: 'platform' });
    const engine = await services.engine();
    const after = readCursor(query.cursor, JobPosition);
    const jobs = await engine.jobs.list({ customerId, status, platform, limit, after });
    const last = jobs.length === limit ? jobs.at(-1) : undefined;
    const position = last && { createdAt: last.createdAt.toISOString(), id: last.id };
    const views = await Promise.all(jobs.map((job) => toJobView(engine, job)));
    return c.json(views, 200, toNextLink(c.req.url, position));
  });
}

const JobPosition = z.strictObject({ createdAt: Instant, id: Id });
