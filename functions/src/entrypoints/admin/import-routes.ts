import { createRoute, z } from '@hono/zod-openapi';
import { createImport } from '../../core/imports/create-import.ts';
import { estimateDuration } from '../../core/imports/estimate-import.ts';
import { previewImport } from '../../core/imports/preview-import.ts';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { json, jsonBody, problems } from './answers.ts';
import { toDuration } from './duration.ts';
import { toImportRequest } from './import-request.ts';
import { toJobView } from './job-view.ts';
import { readCursor, toNextLink } from './paging.ts';
import { toPlatform } from './platform-choice.ts';
import { toPreviewView } from './preview-view.ts';
import {
  CreatedImportView,
  CreateImportBody,
  DryRunView,
  Id,
  Instant,
  JobView,
  ListImportsQuery,
} from './schemas.ts';

const create = createRoute({
  method: 'post',
  path: '/imports',
  operationId: 'createImport',
  tags: ['Imports'],
  summary: 'Start an import',
  request: jsonBody(CreateImportBody),
  responses: {
    200: json(DryRunView, 'A dry run: the preview; nothing was created.'),
    201: json(CreatedImportView, 'The import was created; `Location` is its address.'),
    ...problems,
  },
});

const list = createRoute({
  method: 'get',
  path: '/imports',
  operationId: 'listImports',
  tags: ['Imports'],
  summary: "List a customer's imports",
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
    const engine = await services.engine();
    const { context, request } = await toImportRequest(services, body);
    if (body.options?.dryRun) {
      const preview = toPreviewView(await previewImport(engine, context, request));
      const { calls: estimatedCalls } = preview;
      const estimatedDuration = toDuration(estimateDuration(context, estimatedCalls));
      return c.json({ jobId: null, estimatedCalls, estimatedDuration, ...preview }, 200);
    }
    const caller = c.get('caller');
    const { job, estimate } = await createImport(engine, context, {
      ...request,
      id: c.get('createId')?.() ?? null,
      requestedBy: caller.email ?? caller.id,
    });
    const answer = {
      jobId: job.id,
      estimatedCalls: estimate.calls,
      estimatedDuration: toDuration(estimate.durationSeconds),
    };
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
