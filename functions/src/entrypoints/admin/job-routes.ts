import { createRoute, z } from '@hono/zod-openapi';
import type { Engine } from '../../core/engine.ts';
import { ImportError } from '../../core/errors.ts';
import {
  cancelImport,
  pauseImport,
  resumeImport,
  retryImport,
} from '../../core/imports/control-job.ts';
import type { ImportJob } from '../../core/imports/import-job.ts';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { json, jsonBody, problems } from './answers.ts';
import { describeCall, listCalls } from './call-views.ts';
import { toJobView, toReportView } from './job-view.ts';
import { toNextLink } from './paging.ts';
import { requireContext } from './platform-choice.ts';
import { pointingAt } from './problem.ts';
import {
  CallDetailView,
  CallParams,
  CallView,
  JobParams,
  JobView,
  ListCallsQuery,
  ReportView,
  RetryBody,
  RetryQuery,
} from './schemas.ts';
import { toRetryCredentials } from './source-of-calls.ts';

const status = createRoute({
  method: 'get',
  path: '/imports/{jobId}',
  operationId: 'getImport',
  tags: ['Imports'],
  summary: 'Show an import as it stands',
  request: { params: JobParams },
  responses: { 200: json(JobView, 'The import as it stands.'), ...problems },
});

const calls = createRoute({
  method: 'get',
  path: '/imports/{jobId}/calls',
  operationId: 'listImportCalls',
  tags: ['Imports'],
  summary: "List an import's calls",
  request: { params: JobParams, query: ListCallsQuery },
  responses: { 200: json(z.array(CallView), 'Its calls.'), ...problems },
});

const call = createRoute({
  method: 'get',
  path: '/imports/{jobId}/calls/{callId}',
  operationId: 'getImportCall',
  tags: ['Imports'],
  summary: 'Show one call of an import',
  request: { params: CallParams },
  responses: {
    200: json(CallDetailView, 'One call with its history, its engagement and links to play it.'),
    ...problems,
  },
});

const report = createRoute({
  method: 'get',
  path: '/imports/{jobId}/report',
  operationId: 'getImportReport',
  tags: ['Imports'],
  summary: 'Tell whether everything was imported',
  request: { params: JobParams },
  responses: {
    200: json(ReportView, "The platform's own count beside what became of each call."),
    ...problems,
  },
});

const retry = createRoute({
  method: 'post',
  path: '/imports/{jobId}/retry',
  operationId: 'retryImport',
  tags: ['Imports'],
  summary: 'Start failed calls again',
  request: { params: JobParams, query: RetryQuery, ...jsonBody(RetryBody, false) },
  responses: {
    200: json(z.object({ retriedCount: z.int() }), 'So many failed calls start again.'),
    ...problems,
  },
});

const pause = createRoute({
  method: 'post',
  path: '/imports/{jobId}/pause',
  operationId: 'pauseImport',
  tags: ['Imports'],
  summary: 'Pause an import',
  request: { params: JobParams },
  responses: { 200: json(JobView, 'The paused import.'), ...problems },
});

const resume = createRoute({
  method: 'post',
  path: '/imports/{jobId}/resume',
  operationId: 'resumeImport',
  tags: ['Imports'],
  summary: 'Go on with a paused import',
  request: { params: JobParams },
  responses: { 200: json(JobView, 'The import, going on.'), ...problems },
});

const cancel = createRoute({
  method: 'delete',
  path: '/imports/{jobId}',
  operationId: 'cancelImport',
  tags: ['Imports'],
  summary: 'Cancel an import',
  request: { params: JobParams },
  responses: { 200: json(z.object({ status: z.literal('cancelled') }), 'Cancelled.'), ...problems },
});

/** What can be asked of one import and done to it. */
export function addJobRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(status, async (c) => {
    const engine = await services.engine();
    const job = await requireJob(engine, c.req.valid('param').jobId);
    return c.json(await toJobView(engine, job), 200);
  });
  app.openapi(calls, async (c) => {
    const engine = await services.engine();
    const job = await requireJob(engine, c.req.valid('param').jobId);
    const { views, next } = await listCalls(engine, job, c.req.valid('query'));
    return c.json(views, 200, toNextLink(c.req.url, next));
  });
  app.openapi(call, async (c) => {
    const engine = await services.engine();
    const { jobId, callId } = c.req.valid('param');
    return c.json(await describeCall(engine, await requireJob(engine, jobId), callId), 200);
  });
  app.openapi(report, async (c) => {
    const engine = await services.engine();
    const job = await requireJob(engine, c.req.valid('param').jobId);
    return c.json(toReportView(await toJobView(engine, job), job), 200);
  });
  addControlRoutes(app, services);
}

function addControlRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(retry, async (c) => {
    const engine = await services.engine();
    const job = await requireJob(engine, c.req.valid('param').jobId);
    const platform = { name: job.platform, pointer: 'jobId' };
    const context = requireContext(await services.platforms(), platform);
    const body = c.req.valid('json');
    const keys = await toRetryCredentials(engine, context, { job, body });
    const retried = await pointingAt('/credentials', () =>
      retryImport(engine, context, { job, ...keys, kind: c.req.valid('query').code }),
    );
    return c.json(retried, 200);
  });
  app.openapi(pause, async (c) => {
    const engine = await services.engine();
    const job = await pauseImport(engine, c.req.valid('param').jobId);
    return c.json(await toJobView(engine, job), 200);
  });
  app.openapi(resume, async (c) => {
    const engine = await services.engine();
    const job = await resumeImport(engine, c.req.valid('param').jobId);
    return c.json(await toJobView(engine, job), 200);
  });
  app.openapi(cancel, async (c) => {
    await cancelImport(await services.engine(), c.req.valid('param').jobId);
    return c.json({ status: 'cancelled' as const }, 200);
  });
}

/** @throws `not_found` */
async function requireJob(engine: Engine, jobId: string): Promise<ImportJob> {
  const job = await engine.jobs.get(jobId);
  if (job) return job;
  throw new ImportError({
    kind: 'not_found',
    source: 'admin',
    publicMessage: `There is no import "${jobId}".`,
  });
}
