import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { LinkSigner } from '../testing/sandbox-links.ts';
import {
  QueryError,
  checkFields,
  isSelected,
  parseQuery,
  select,
} from '../testing/sandbox-graphql.ts';
import type { QueryField, SandboxTypes } from '../testing/sandbox-graphql.ts';
import { createSlidingWindow } from '../testing/sandbox-window.ts';
import type { FirefliesAccount, SandboxMeeting } from './fireflies.sandbox-account.ts';
import { toSpoken } from './fireflies.sandbox-details.ts';
import { refuse } from './fireflies.sandbox-errors.ts';
import type { ErrorCode, Refusal } from './fireflies.sandbox-errors.ts';
import type { FirefliesFaults } from './fireflies.sandbox-faults.ts';

export interface FirefliesApiOptions {
  readonly account: FirefliesAccount;
  readonly links: LinkSigner;
  readonly faults: FirefliesFaults;
  readonly now: () => Date;
  readonly apiKey: string;
  readonly requestsPerMinute: number;
  readonly pageSize: number;
  readonly mediaOriginOf: (request: Request) => string;
  readonly onLimitHit: () => void;
}

const largestPage = 50;
const linkLifetimeMs = 60 * 3_600_000;
const dayMs = 86_400_000;
/** By how much `date` may lie before the meeting. */
const roundingMs = 600_000;

const types: SandboxTypes = {
  Query: { user: 'User', transcripts: 'Transcript', transcript: 'Transcript' },
  User: { user_id: null, name: null, email: null, is_admin: null, num_transcripts: null },
  Transcript: {
    ...{ id: null, title: null, date: null, dateString: null, duration: null, privacy: null },
    ...{ organizer_email: null, host_email: null, participants: null, fireflies_users: null },
    ...{ is_live: null, calendar_id: null, cal_id: null, meeting_link: null },
    ...{ transcript_url: null, audio_url: null, video_url: null },
    ...{ meeting_attendees: 'MeetingAttendee', meeting_attendance: 'MeetingAttendance' },
    ...{ meeting_info: 'MeetingInfo', speakers: 'Speaker', sentences: 'Sentence' },
    summary: 'Summary',
  },
  MeetingAttendee: {
    displayName: null,
    email: null,
    name: null,
    phoneNumber: null,
    location: null,
  },
  MeetingAttendance: { name: null, join_time: null, leave_time: null },
  MeetingInfo: { summary_status: null, silent_meeting: null, fred_joined: null },
  Speaker: { id: null, name: null },
  Sentence: {
    ...{ index: null, speaker_id: null, speaker_name: null, text: null, raw_text: null },
    ...{ start_time: null, end_time: null },
  },
  Summary: { overview: null, action_items: null, keywords: null },
};

const Body = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

/** Adds the one endpoint of Fireflies' API. */
export function addFirefliesApi(app: Hono, options: FirefliesApiOptions): void {
  const gate = createGate(options);
  const resolve = createResolver(options);
  app.post('/graphql', async (c) => {
    const refusal = gate(c);
    if (refusal !== null) return refuse(c, { refusal, faults: options.faults });
    if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
      return c.text('POST body missing, invalid Content-Type, or JSON object has no keys.', 400);
    }
    const body = Body.safeParse(await c.req.json().catch(() => null));
    if (!body.success) return c.text('POST body missing or invalid.', 400);
    try {
      const fields = parseQuery(body.data.query, body.data.variables ?? {});
      checkFields(fields, types);
      return answer(c, { fields, resolve, faults: options.faults });
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      const extensions = { code: 'GRAPHQL_VALIDATION_FAILED' };
      return c.json({ errors: [{ message: error.message, extensions }] }, 400);
    }
  });
  app.all('/graphql', (c) => c.text('Method not allowed', 405, { allow: 'POST' }));
  app.notFound((c) => c.text('Not found', 404));
}

/** Authentication, limits and faults; null lets the request through. */
function createGate(options: FirefliesApiOptions): (c: Context) => Refusal | null {
  const { faults, now } = options;
  const perMinute = options.requestsPerMinute;
  const takeSlot = createSlidingWindow({ limit: perMinute, now });
  const limit = faults['daily-limit'] ?? Infinity;
  const takeOfDay = createSlidingWindow({ limit, now, windowMs: dayMs });
  let asked = 0;
  return (c) => {
    if (c.req.header('authorization') !== `Bearer ${options.apiKey}`)
      return { code: 'auth_failed' };
    const [slot, day] = [takeSlot(), takeOfDay()];
    const waitSeconds = Math.max(slot.retryAfterSeconds, day.retryAfterSeconds);
    c.header('x-ratelimit-limit-api', String(perMinute));
    c.header('x-ratelimit-remaining-api', String(slot.remaining));
    c.header('x-ratelimit-reset-api', '60');
    const retryAfter = now().getTime() + waitSeconds * 1000;
    if (!slot.isAllowed || !day.isAllowed) {
      options.onLimitHit();
      return { code: 'too_many_requests', metadata: { retryAfter } };
    }
    asked += 1;
    if (faults['rate-limit-storm'] !== null && (asked - 1) % 20 < faults['rate-limit-storm']) {
      return { code: 'too_many_requests', metadata: { retryAfter: now().getTime() + 1000 } };
    }
    const isBroken = faults['server-errors'] !== null && asked % faults['server-errors'] === 0;
    return isBroken ? { code: 'invariant_violation', status: 500 } : null;
  };
}

type Resolved = { readonly value: unknown } | { readonly code: ErrorCode };

/** Data and errors come together; a plan that forbids a field may fail the whole query. */
function answer(
  c: Context,
  query: {
    readonly fields: readonly QueryField[];
    readonly resolve: (c: Context, field: QueryField) => Resolved;
    readonly faults: FirefliesFaults;
  },
): Response {
  const { fields, faults } = query;
  const isPaid = isSelected(fields, 'video_url') || isSelected(fields, 'summary');
  if (faults['paid-fields'] !== null && isPaid) {
    return refuse(c, { refusal: { code: 'paid_required' }, faults });
  }
  const data: Record<string, unknown> = {};
  const failed: { readonly code: ErrorCode; readonly path: readonly string[] }[] = [];
  for (const field of fields) {
    const resolved = query.resolve(c, field);
    data[field.alias] = 'code' in resolved ? null : select(resolved.value, field.fields);
    if ('code' in resolved) failed.push({ code: resolved.code, path: [field.alias] });
  }
  const [first] = failed;
  if (first === undefined) return c.json({ data });
  const isWhole = faults['whole-failures'] !== null || failed.length === fields.length;
  return refuse(c, { refusal: first, faults, ...(isWhole ? {} : { data, others: failed }) });
}

function createResolver(options: FirefliesApiOptions): (c: Context, field: QueryField) => Resolved {
  const toDetails = createDetails(options);
  return (c, field) => {
    switch (field.name) {
      case 'user':
        return {
          value: {
            ...{ user_id: 'u-1', name: 'Ann Lee', email: 'ann.lee@northwind.example' },
            ...{ is_admin: true, num_transcripts: null },
          },
        };
      case 'transcripts':
        return listMeetings(options, field.arguments);
      default: {
        const { id } = field.arguments;
        if (typeof id !== 'string') return { code: 'args_required' };
        const meeting = options.account.find(id);
        if (meeting === null) return { code: 'object_not_found' };
        return { value: toDetails(meeting, { field, request: c.req.raw }) };
      }
    }
  };
}

const ListArguments = z.strictObject({
  fromDate: z.coerce.date().optional(),
  toDate: z.coerce.date().optional(),
  limit: z.int().min(1).max(largestPage).optional(),
  skip: z.int().min(0).max(5000).optional(),
  organizers: z.array(z.string()).optional(),
  participants: z.array(z.string()).optional(),
  keyword: z.string().optional(),
  channel_id: z.string().optional(),
});

const Filtered = z.object({
  title: z.string().catch(''),
  date: z.number().nullish().catch(null),
  organizer_email: z.string().nullish().catch(null),
  participants: z.array(z.string()).catch([]),
});

/** By `date`, which is rounded, both edges included; the newest first, though no order is promised. */
function listMeetings(options: FirefliesApiOptions, given: unknown): Resolved {
  const parsed = ListArguments.safeParse(given);
  if (!parsed.success) return { code: 'invalid_arguments' };
  const { fromDate, toDate, limit = options.pageSize, ...filter } = parsed.data;
  const skip = options.faults['repeated-page'] === null ? (filter.skip ?? 0) : 0;
  const [fromMs, toMs] = [fromDate?.getTime() ?? -Infinity, toDate?.getTime() ?? Infinity];
  const found: unknown[] = [];
  const beforeMs = Number.isFinite(toMs) ? toMs + roundingMs : null;
  for (const { startMs, record } of options.account.list({ after: null, beforeMs })) {
    if (startMs < fromMs) break;
    if (!isWanted(Filtered.parse(record), { ...filter, fromMs, toMs })) continue;
    found.push(record);
    if (found.length === skip + limit) break;
  }
  return { value: found.slice(skip) };
}

function isWanted(
  meeting: z.output<typeof Filtered>,
  filter: Omit<z.output<typeof ListArguments>, 'fromDate' | 'toDate' | 'limit'> & {
    readonly fromMs: number;
    readonly toMs: number;
  },
): boolean {
  const { organizers, participants, keyword, channel_id: channel } = filter;
  const date = meeting.date ?? -Infinity;
  return (
    date >= filter.fromMs &&
    date <= filter.toMs &&
    (organizers === undefined || organizers.includes(meeting.organizer_email ?? '')) &&
    (participants === undefined ||
      participants.some((email) => meeting.participants.includes(email))) &&
    (keyword === undefined || meeting.title.toLowerCase().includes(keyword.toLowerCase())) &&
    // The sandbox's account has no channels.
    channel === undefined
  );
}

/** One meeting as `transcript(id)` gives it. */
function createDetails({ faults, links, now, mediaOriginOf }: FirefliesApiOptions) {
  const asks = new Map<string, number>();
  const linked = new Set<string>();
  const toLink = (meeting: SandboxMeeting, file: 'audio' | 'video', request: Request): string => {
    const isStale = faults['expired-links'] !== null && !linked.has(`${meeting.id} ${file}`);
    linked.add(`${meeting.id} ${file}`);
    const hasExpired = faults['stale-links'] !== null;
    const token = links.sign(
      `${file} ${meeting.id}`,
      isStale || hasExpired ? -1000 : linkLifetimeMs,
    );
    const expiresMs = now().getTime() + (hasExpired ? -1000 : linkLifetimeMs);
    const query = `Expires=${String(Math.floor(expiresMs / 1000))}&Policy=p&Signature=s&Key-Pair-Id=K1`;
    const name = file === 'audio' ? 'audio.mp3' : 'video.mp4';
    return `${mediaOriginOf(request)}/media/${token}/${name}?${query}`;
  };
  return (
    meeting: SandboxMeeting,
    { field, request }: { readonly field: QueryField; readonly request: Request },
  ): unknown => {
    const { clip, record, id } = meeting;
    const isPlayable = clip !== null && faults['free-plan'] === null;
    const recording = {
      audio_url:
        isPlayable && isSelected(field.fields, 'audio_url')
          ? toLink(meeting, 'audio', request)
          : null,
      video_url:
        isPlayable && clip.contentType === 'video/mp4' && isSelected(field.fields, 'video_url')
          ? toLink(meeting, 'video', request)
          : null,
    };
    if (!isSelected(field.fields, 'sentences')) return { ...record, ...recording };
    const asked = (asks.get(id) ?? 0) + 1;
    asks.set(id, asked);
    if (asked <= (faults['late-transcripts'] ?? 0)) {
      const meeting_info = {
        silent_meeting: false,
        fred_joined: true,
        summary_status: 'processing',
      };
      return {
        ...record,
        ...recording,
        meeting_info,
        speakers: [],
        sentences: null,
        summary: null,
      };
    }
    const nothing = { speakers: [], sentences: [], summary: null };
    return { ...record, ...recording, ...(meeting.hasTranscript ? toSpoken(meeting) : nothing) };
  };
}
