import { z } from '@hono/zod-openapi';
import type { Engine } from '../../core/engine.ts';
import { ImportError } from '../../core/errors.ts';
import type { CallStatus, ImportedCall } from '../../core/imports/imported-call.ts';
import type { ImportJob } from '../../core/imports/import-job.ts';
import { toCallView, toDuplicateView } from './job-view.ts';
import { readCursor } from './paging.ts';
import { CallId, type CallDetailView, type CallView } from './schemas.ts';

const linkMs = 3_600_000;

interface CallPageView {
  readonly views: CallView[];
  readonly next: Readonly<Record<string, unknown>> | undefined;
}

/** A page of a job's calls, or of the duplicates that it left alone. */
export async function listCalls(
  engine: Engine,
  job: ImportJob,
  query: {
    readonly status?: CallStatus | 'duplicate' | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
): Promise<CallPageView> {
  const { status, limit, cursor } = query;
  if (status === 'duplicate') return listDuplicates(engine, job, { limit, cursor });
  const afterCallKey = readCursor(cursor, CallPosition)?.after ?? null;
  const calls = await engine.calls.list({
    jobId: job.id,
    status: status ?? null,
    limit,
    afterCallKey,
  });
  const last = calls.length === limit ? calls.at(-1) : undefined;
  return { views: calls.map(toCallView), next: last && { after: last.callKey } };
}

const CallPosition = z.strictObject({ after: CallId });
const DuplicatePosition = z.strictObject({ page: z.int().min(0), skip: z.int().min(0) });

/** Duplicates lie on the job's pages: page by page until `limit` are found. */
async function listDuplicates(
  engine: Engine,
  job: ImportJob,
  query: { readonly limit: number; readonly cursor: string | undefined },
): Promise<CallPageView> {
  let { page, skip } = readCursor(query.cursor, DuplicatePosition) ?? { page: 0, skip: 0 };
  const views: CallView[] = [];
  while (page < job.listing.pages && views.length < query.limit) {
    const found = await engine.calls.getPage(job.id, page);
    const duplicates = found?.duplicates.slice(skip, skip + query.limit - views.length) ?? [];
    views.push(...duplicates.map(toDuplicateView));
    skip += duplicates.length;
    if (skip >= (found?.duplicates.length ?? 0)) {
      page += 1;
      skip = 0;
    }
  }
  return { views, next: page < job.listing.pages ? { page, skip } : undefined };
}

/** One call with its history, its engagement, and links to its recording and transcript. */
export async function describeCall(
  engine: Engine,
  job: ImportJob,
  callId: string,
): Promise<CallDetailView> {
  const call = await engine.calls.get(callId);
  // Another customer's call is as good as none: the answer must not tell the two apart.
  if (!call || call.customerId !== job.customerId) throw noSuchCall(job, callId);
  const engagement = await engine.calls.getEngagement(callId);
  const [mediaUrl, transcriptUrl] = await Promise.all(
    [engagement?.media?.key, engagement?.transcript?.key].map(async (key) =>
      key ? (await engine.objects.signRead(key, linkMs)).url : null,
    ),
  );
  return {
    ...toCallView(call),
    history: toHistory(call),
    engagement: engagement && { ...engagement },
    mediaUrl: mediaUrl ?? null,
    transcriptUrl: transcriptUrl ?? null,
  };
}

/** The tries that did not end a call well, oldest first. */
export function toHistory({ attempts }: ImportedCall): CallDetailView['history'] {
  return attempts.map(({ at, kind, source, message, status, requestId }) => ({
    timestamp: at.toISOString(),
    code: kind,
    source,
    message,
    status,
    requestId,
  }));
}

function noSuchCall(job: ImportJob, callId: string): ImportError {
  return new ImportError({
    kind: 'not_found',
    source: 'admin',
    publicMessage: `Import ${job.id} has no call "${callId}".`,
  });
}
