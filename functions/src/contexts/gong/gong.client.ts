import { z } from 'zod';
import { ImportError } from '../../core/errors.ts';
import type { TimeWindow } from '../../kit/sized-windows.ts';
import type { Toolkit } from '../context.ts';
import { toNothingFound } from './gong.errors.ts';
import type { GongCredentials, GongFilters } from './gong.schema.ts';
import { GongCall, GongPage, GongTranscript, GongTranscripts } from './gong.schema.ts';

/** Parties and media come only where they are asked for. */
const contentSelector = {
  exposedFields: { parties: true, media: true, content: { brief: true } },
};

/**
 * Gong's public API v2, as far as an import needs it: two requests that read, though each is a POST.
 * @see https://gong.app.gong.io/settings/api/documentation (POST /v2/calls/extensive and /v2/calls/transcript)
 */
export function createGongClient({ http }: Toolkit<GongCredentials>) {
  const post = <TSchema extends z.ZodType>(path: string, json: unknown, schema: TSchema) =>
    http.request({ method: 'POST', path, json, idempotent: true, instead: toNothingFound }, schema);
  const extensive = '/v2/calls/extensive';
  const transcript = '/v2/calls/transcript';
  return {
    calls: (window: TimeWindow, filters: GongFilters, cursor: string | null) => {
      const filter = toFilter(window, filters);
      return post(extensive, { filter, contentSelector, cursor: cursor ?? undefined }, GongPage);
    },

    count: async (window: TimeWindow, filters: GongFilters) =>
      (await post(extensive, { filter: toFilter(window, filters) }, GongPage)).records.totalRecords,

    /** Null: there is no such call any more, or the credentials may not see it. */
    call: async (callId: string) => {
      const schema = z.object({ calls: z.array(GongCall) });
      const filter = { callIds: [callId] };
      const { calls } = await post(extensive, { filter, contentSelector }, schema);
      return calls[0] ?? null;
    },

    /** Null: there is none, or none yet. */
    transcript: async (callId: string) => {
      const schema = z.object({ callTranscripts: z.array(GongTranscript) });
      const page = await post(transcript, { filter: { callIds: [callId] } }, schema);
      return page.callTranscripts[0] ?? null;
    },

    /** Transcripts as they come; null for calls that have none, or none yet. */
    transcripts: async (callIds: readonly string[]): Promise<ReadonlyMap<string, unknown>> => {
      const found = new Map<string, unknown>(callIds.map((callId) => [callId, null]));
      // A page has a transcript at least: more pages than calls would be a loop.
      for (let cursor: string | null | undefined, pages = 0; pages < callIds.length; pages += 1) {
        const json: unknown = { filter: { callIds }, cursor };
        const page: GongTranscripts = await post(transcript, json, GongTranscripts);
        for (const each of page.callTranscripts) found.set(each.callId, each);
        cursor = page.records.cursor;
        if (typeof cursor !== 'string') return found;
      }
      const publicMessage = `Gong answered ${transcript} with pages without end.`;
      throw new ImportError({ kind: 'contract', source: 'gong', publicMessage });
    },
  };
}

/** Here the dates are those of the call's start; in GET /v2/calls they would be the scheduled ones. */
function toFilter({ start, end }: TimeWindow, { workspaceId, primaryUserId }: GongFilters) {
  return {
    fromDateTime: start.toISOString(),
    toDateTime: end.toISOString(),
    workspaceId,
    ...(primaryUserId !== undefined && { primaryUserIds: [primaryUserId] }),
  };
}
