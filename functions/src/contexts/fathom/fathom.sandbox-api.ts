import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { ListPosition } from '../testing/sandbox-account.ts';
import { parseListCursor, toListCursor } from '../testing/sandbox-list-cursor.ts';
import { createTurns } from '../testing/sandbox-turns.ts';
import type { SandboxMeeting } from './fathom.sandbox-account.ts';
import { toLines } from './fathom.sandbox-account.ts';
import { addDownloads } from './fathom.sandbox-downloads.ts';
import type { FathomDownloadOptions } from './fathom.sandbox-downloads.ts';
import { createGate, refuse, toClient } from './fathom.sandbox-gate.ts';

interface FathomApiOptions extends FathomDownloadOptions {
  readonly pageSize: number;
}

export const basePath = '/external/v1';

/** Adds the routes of Fathom's external API v1 and what stands before all of them. */
export function addFathomApi(app: Hono, options: FathomApiOptions): void {
  const { account, faults } = options;
  app.use(`${basePath}/*`, createGate(options));
  const isLate = createTurns(faults['late-transcripts']);
  const hasTranscript = ({ id, hasTranscript: has }: SandboxMeeting) => has && !isLate(id);
  app.get(`${basePath}/teams`, (c) =>
    c.json({ limit: 10, next_cursor: null, items: [{ name: 'Sales' }, { name: 'Support' }] }),
  );
  app.get(`${basePath}/meetings`, (c) => answerMeetings(c, { ...options, hasTranscript }));
  app.get(`${basePath}/recordings/:id/transcript`, (c) => {
    const meeting = account.find(c.req.param('id'));
    if (meeting === null || !hasTranscript(meeting)) return refuse(c, 404, 'Transcript not found');
    return c.json({ transcript: toLines(meeting) });
  });
  addDownloads(app, basePath, options);
  app.notFound((c) => refuse(c, 404, 'Not found'));
}

const Instant = z.iso.datetime({ offset: true }).optional();
const Flag = z.enum(['true', 'false']).optional();

const Filter = z.strictObject({
  created_after: Instant,
  created_before: Instant,
  'recorded_by[]': z.string().optional(),
  'teams[]': z.string().optional(),
  'calendar_invitees_domains[]': z.string().optional(),
  calendar_invitees_domains_type: z
    .enum(['all', 'only_internal', 'one_or_more_external'])
    .optional(),
});
type Filter = z.output<typeof Filter>;

const Query = Filter.extend({
  cursor: z.string().optional(),
  ...{ include_transcript: Flag, include_summary: Flag, include_action_items: Flag },
});

function answerMeetings(
  c: Context,
  options: FathomApiOptions & { readonly hasTranscript: (meeting: SandboxMeeting) => boolean },
): Response {
  const parsed = Query.safeParse(c.req.query());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(c, 400, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  const {
    cursor,
    include_transcript: transcript,
    include_summary: summary,
    ...filter
  } = parsed.data;
  if (toClient(c, options) === 'app' && (transcript ?? summary) !== undefined) {
    return refuse(c, 400, 'include_transcript and include_summary are not for OAuth apps');
  }
  const after = cursor === undefined ? null : parseListCursor(cursor, filter);
  if (cursor !== undefined && after === null) return refuse(c, 400, 'cursor: invalid');
  const found = findMeetings(options, { filter, after });
  const page: SandboxMeeting[] = [];
  let isLast = true;
  for (const meeting of found) {
    isLast = page.length < options.pageSize;
    if (!isLast) break;
    page.push(meeting);
  }
  const last = page.at(-1);
  const next = isLast || last === undefined ? null : toListCursor(last, filter);
  return c.json({
    limit: options.pageSize,
    next_cursor: options.faults['repeated-cursor'] === null ? next : (cursor ?? next),
    items: page.map((meeting) => ({
      ...meeting.record,
      ...(transcript === 'true' && {
        transcript: options.hasTranscript(meeting) ? toLines(meeting) : null,
      }),
      ...(summary === 'true' &&
        meeting.record['default_summary'] === null && {
          default_summary: { template_name: 'General', markdown_formatted: meeting.summary },
        }),
    })),
  });
}

const Filtered = z.object({
  calendar_invitees_domains_type: z.string().catch(''),
  recorded_by: z.object({ email: z.string().nullable(), team: z.string() }).nullable().catch(null),
  calendar_invitees: z.array(z.object({ email_domain: z.string().nullable() })).catch([]),
});

function* findMeetings(
  { account }: FathomApiOptions,
  { filter, after }: { readonly filter: Filter; readonly after: ListPosition | null },
): Generator<SandboxMeeting> {
  const fromMs = Date.parse(filter.created_after ?? '1970-01-01T00:00:00Z');
  const toMs = Date.parse(filter.created_before ?? '9999-01-01T00:00:00Z');
  for (const meeting of account.list({ after, beforeMs: null })) {
    const { createdMs, record } = meeting;
    // An instant that can't be read is in every range, so that a broken record is always met.
    const isInRange = createdMs === Infinity || (createdMs >= fromMs && createdMs < toMs);
    if (isInRange && matches(Filtered.parse(record), filter)) yield meeting;
  }
}

function matches(record: z.output<typeof Filtered>, filter: Filter): boolean {
  const domain = filter['calendar_invitees_domains[]'];
  const type = filter.calendar_invitees_domains_type ?? 'all';
  const { recorded_by: recorder, calendar_invitees: invitees } = record;
  return (
    (filter['recorded_by[]'] ?? recorder?.email) === recorder?.email &&
    (filter['teams[]'] ?? recorder?.team) === recorder?.team &&
    (domain === undefined || invitees.some((invitee) => invitee.email_domain === domain)) &&
    (type === 'all' || type === record.calendar_invitees_domains_type)
  );
}
