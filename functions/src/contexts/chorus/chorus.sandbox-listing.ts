import type { Context } from 'hono';
import { z } from 'zod';
import type { ListPosition } from '../testing/sandbox-account.ts';
import type { ChorusAccount } from './chorus.sandbox-account.ts';
import type { SandboxEngagement } from './chorus.sandbox-call.ts';
import { refuse } from './chorus.sandbox-errors.ts';
import type { ChorusFaults } from './chorus.sandbox-faults.ts';

interface ListingOptions {
  readonly account: ChorusAccount;
  readonly faults: ChorusFaults;
  readonly pageSize: number;
}

const types = ['meeting', 'dialer', 'email', 'content_viewed', 'unrecorded_meeting'] as const;

/** Not strict: Chorus ignores what it does not know. */
const Query = z.object({
  engagement_type: z.enum(types).optional(),
  min_date: z.iso.datetime({ offset: true }).optional(),
  max_date: z.iso.datetime({ offset: true }).optional(),
  min_duration: z.coerce.number().optional(),
  max_duration: z.coerce.number().optional(),
  engagement_id: z.string().optional(),
  user_id: z.string().optional(),
  participants_email: z.string().optional(),
  continuation_key: z.string().optional(),
});
type Query = z.infer<typeof Query>;

/** GET /v3/engagements: newest first, page by page. */
export function answerListing(c: Context, options: ListingOptions): Response {
  const query = Query.safeParse(c.req.query());
  if (!query.success) {
    const [issue] = query.error.issues;
    const detail = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
    return refuse(c, { status: 400, code: 'invalid', detail });
  }
  const { faults, pageSize } = options;
  const { continuation_key: sent } = query.data;
  const after = sent === undefined ? null : parseKey(sent);
  if (sent !== undefined && after === null) {
    return refuse(c, { status: 400, code: 'invalid', detail: 'continuation_key: not one of ours' });
  }
  const page: SandboxEngagement[] = [];
  let next: string | undefined;
  for (const call of findCalls(options, { query: query.data, after })) {
    const last = page.at(-1);
    if (page.length === pageSize && last !== undefined) {
      next = toKey(last);
      break;
    }
    page.push(call);
  }
  const isUnfiltered =
    query.data.engagement_type === undefined || faults['ignored-filters'] !== null;
  if (faults['repeated-cursor'] !== null) next = sent ?? next;
  const engagements = page.map(({ record }) => record);
  return c.json({
    ...(next !== undefined && { continuation_key: next }),
    engagements: isUnfiltered && after === null ? [email, ...engagements] : engagements,
  });
}

/** Not everything that is listed is a call. */
const email = {
  ...{ engagement_id: 'E'.repeat(32), engagement_type: 'email', date_time: 1_600_000_000 },
  ...{ subject: 'Re: pricing', participants: [] },
};

/** Epoch seconds and the id, with a space between them. */
function toKey({ startMs, id }: ListPosition): string {
  const seconds = startMs / 1000;
  return `${Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds)} ${id}`;
}

function parseKey(key: string): ListPosition | null {
  const [, seconds, id] = /^(\d+(?:\.\d+)?|Infinity) ([\s\S]+)$/.exec(key) ?? [];
  if (seconds === undefined || id === undefined) return null;
  return { startMs: Math.round(Number(seconds) * 1000), id };
}

const Filtered = z.object({
  user_id: z.coerce.string().catch(''),
  duration: z.number().catch(0),
  participants: z.array(z.object({ email: z.string().nullish() })).catch([]),
});

function* findCalls(
  { account, faults }: ListingOptions,
  { query, after }: { readonly query: Query; readonly after: ListPosition | null },
): Generator<SandboxEngagement> {
  const fromMs = query.min_date === undefined ? -Infinity : Date.parse(query.min_date);
  const toMs = query.max_date === undefined ? null : Date.parse(query.max_date);
  const ids = query.engagement_id?.toUpperCase().split(',');
  for (const call of account.list({ after, beforeMs: toMs })) {
    if (call.startMs < fromMs) return;
    const type = call.record['engagement_type'];
    const isOfType =
      query.engagement_type === undefined ||
      type === query.engagement_type ||
      faults['ignored-filters'] !== null;
    if (isOfType && (ids === undefined || ids.includes(call.id)) && matches(call, query))
      yield call;
  }
}

function matches({ record }: SandboxEngagement, query: Query): boolean {
  const { user_id: userId, duration, participants } = Filtered.parse(record);
  return (
    (query.user_id === undefined || query.user_id === userId) &&
    (query.min_duration === undefined || duration >= query.min_duration) &&
    (query.max_duration === undefined || duration <= query.max_duration) &&
    (query.participants_email === undefined ||
      participants.some(({ email: address }) => address === query.participants_email))
  );
}
