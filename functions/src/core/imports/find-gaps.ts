import { z } from 'zod';
import type { DateRange } from './source-call.ts';

/** A stretch of whole days (UTC) in which the platform counts more calls than it listed. */
export const CountGap = z.object({
  /** Null: before anything that it listed. */
  start: z.date().nullable(),
  /** Exclusive. */
  end: z.date(),
  platformCount: z.int(),
  listed: z.int(),
});
export type CountGap = z.infer<typeof CountGap>;

/** How many calls were listed, by the day (UTC) on which they began: `2026-03-01`. */
export type CallsByDay = Readonly<Record<string, number>>;

const dayMs = 24 * 3_600_000;
/** What a search costs of the platform's limits at most; what is not found by then stays a longer stretch. */
const maxQuestions = 60;

/** Counts the starts of calls by day; one that nobody knows belongs to none. */
export function toCallsByDay(starts: readonly (Date | null)[]): CallsByDay {
  const days: Record<string, number> = {};
  for (const start of starts) {
    const day = start?.toISOString().slice(0, 10);
    if (day !== undefined) days[day] = (days[day] ?? 0) + 1;
  }
  return days;
}

/**
 * Finds the days on which calls are missing, by halves: where the platform counts no more than it
 * listed, no further question is asked. The second half's count is what the first leaves of the whole.
 */
export async function findGaps(search: {
  readonly whole: Omit<CountGap, 'listed'>;
  readonly listedOn: CallsByDay;
  /** How many calls the platform counts in a range. */
  readonly count: (range: DateRange) => Promise<number>;
}): Promise<readonly CountGap[]> {
  const { whole, listedOn, count } = search;
  const gaps: CountGap[] = [];
  const open = [whole];
  let questions = 0;
  for (let span = open.shift(); span !== undefined; span = open.shift()) {
    const listed = sumListed(span, listedOn);
    if (span.platformCount <= listed) continue;
    const middle = questions < maxQuestions ? findMiddle(span, listedOn) : null;
    if (middle === null) {
      gaps.push({ ...span, listed });
      continue;
    }
    questions += 1;
    const first = { start: span.start, end: middle };
    const platformCount = await count(first);
    open.push({ ...first, platformCount });
    open.push({ ...span, start: middle, platformCount: span.platformCount - platformCount });
  }
  return gaps.toSorted((a, b) => a.end.getTime() - b.end.getTime());
}

type Span = Pick<CountGap, 'start' | 'end'>;

function sumListed({ start, end }: Span, listedOn: CallsByDay): number {
  const firstMs = start === null ? -Infinity : toDay(start);
  return Object.entries(listedOn).reduce((sum, [day, calls]) => {
    const at = Date.parse(day);
    return at >= firstMs && at < end.getTime() ? sum + calls : sum;
  }, 0);
}

/** The midnight that halves a span; null for a single day. An open start ends where the listed days begin. */
function findMiddle({ start, end }: Span, listedOn: CallsByDay): Date | null {
  if (start === null) {
    const [firstDay] = Object.keys(listedOn).toSorted();
    const first = firstDay === undefined ? end : new Date(firstDay);
    return first < end ? first : null;
  }
  const days = Math.ceil((end.getTime() - toDay(start)) / dayMs);
  return days > 1 ? new Date(toDay(start) + Math.floor(days / 2) * dayMs) : null;
}

function toDay(instant: Date): number {
  return Math.floor(instant.getTime() / dayMs) * dayMs;
}

const maxDescribed = 5;

/** `2 on 2026-03-01, 1 from 2026-03-04 to 2026-03-06`; empty where it is not known. */
export function describeGaps(gaps: readonly CountGap[]): string {
  const described = gaps.slice(0, maxDescribed).map(describeGap);
  const others = gaps.length - described.length;
  return [...described, ...(others > 0 ? [`and on ${others} more days`] : [])].join(', ');
}

function describeGap({ start, end, platformCount, listed }: CountGap): string {
  const missing = platformCount - listed;
  const last = toText(new Date(end.getTime() - 1));
  if (start === null) return `${missing} until ${last}`;
  const first = toText(start);
  return first === last ? `${missing} on ${first}` : `${missing} from ${first} to ${last}`;
}

function toText(day: Date): string {
  return day.toISOString().slice(0, 10);
}
