import { createRoute } from '@hono/zod-openapi';
import { explainCall, type CallExplanation } from '../../core/imports/explain-call.ts';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { json, problems } from './answers.ts';
import { toHistory } from './call-views.ts';
import { toCallView, toText } from './job-view.ts';
import { WhyQuery, WhyView } from './schemas.ts';

const why = createRoute({
  method: 'get',
  path: '/calls/why',
  operationId: 'explainCall',
  tags: ['Calls'],
  summary: 'Tell what became of a call, by whatever is known of it',
  request: { query: WhyQuery },
  responses: {
    200: json(WhyView, 'Its whole story, or where it was looked for in vain.'),
    ...problems,
  },
});

/** `GET /calls/why`. */
export function addWhyRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(why, async (c) => {
    const { startedAt = null, ...question } = c.req.valid('query');
    const found = await explainCall(await services.engine(), { ...question, startedAt });
    return c.json(toWhyView(question.reference, found), 200);
  });
}

function toWhyView(reference: string, found: CallExplanation): WhyView {
  const { explanation, next } = found;
  return {
    ...{ reference, explanation, next },
    calls: found.calls.map(({ call, ...story }) => ({
      ...toCallView(call),
      platform: call.platform,
      seen: { jobId: call.jobId, page: call.page, at: call.createdAt.toISOString() },
      history: toHistory(call),
      explanation: story.explanation,
      next: story.next,
    })),
    listings: found.jobs.map(({ id, platform, status, config, listing, ...job }) => ({
      ...{ jobId: id, platform, status, filters: config.filters },
      dateRange: { start: toText(config.dateRange.start), end: toText(config.dateRange.end) },
      startedAt: toText(job.startedAt),
      completedAt: toText(job.completedAt),
      isFinished: listing.isFinished,
      listedCalls: job.listedCalls + job.duplicateCalls,
    })),
  };
}
