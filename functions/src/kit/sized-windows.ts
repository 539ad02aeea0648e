import { ImportError } from '../core/errors.ts';
import type { DateRange } from '../core/imports/source-call.ts';
import type { FetchedPage, ListedPage } from './pages.ts';
import { badCursor, cursorPages } from './pages.ts';

/** Lies on whole seconds, which every platform can tell apart; the end is exclusive. */
export interface TimeWindow {
  readonly start: Date;
  readonly end: Date;
}

interface SizedListing {
  /** The platform's id, for errors. */
  readonly source: string;
  /** Where to resume: a `nextCursor` that an earlier page of the same listing gave. */
  readonly cursor: string | null;
  readonly dateRange: DateRange;
  /** Stands in for an open start: nothing on the platform is older. */
  readonly earliest: Date;
  /** Stands in for an open end: usually now. */
  readonly latest: Date;
  /** A window that holds more is halved: what an expired cursor costs at most. */
  readonly maxCalls: number;
  /** Whether a failure says that the platform's cursor is too old, so that its window begins anew. */
  readonly isCursorExpired: (error: unknown) => boolean;
  readonly fetchPage: (
    window: TimeWindow,
    cursor: string | null,
  ) => Promise<
    FetchedPage & {
      readonly next: string | null | undefined;
      /** How many calls the platform counts in the window; null where it does not say. */
      readonly total: number | null;
    }
  >;
}

const secondMs = 1000;
/** Shorter windows are not halved, however full. */
const minWindowMs = 3_600_000;
/** Of one window, counted in the cursor: a listing that is resumed counts on. */
const maxRestarts = 20;

/**
 * Lists a range in windows that hold about as many calls as can be listed again without regret: for
 * platforms whose cursors expire. A cursor is used with exactly the window that it was given for,
 * whenever the listing is resumed. A window that begins anew yields calls a second time.
 * @throws as `cursorPages`, `contract` when cursors expire faster than a window can be listed
 */
export function sizedWindowPages(listing: SizedListing): AsyncGenerator<ListedPage> {
  const { source, cursor, fetchPage } = listing;
  const range = { ...toRange(listing), restarts: 0 };
  return cursorPages({
    source,
    cursor,
    fetchPage: async (text) => {
      const at = text === null ? { ...range, cursor: null } : parsePlace(text, source);
      if (at.endMs <= at.startMs) return { calls: [], next: null };
      if (at.cursor === null) return openWindow(listing, at, range.endMs);
      try {
        return toPage(await fetchPage(toWindow(at), at.cursor), at, range.endMs);
      } catch (error) {
        if (!listing.isCursorExpired(error)) throw error;
        if (at.restarts >= maxRestarts) throw tooSlow(source, error);
        return openWindow(listing, { ...at, restarts: at.restarts + 1 }, range.endMs);
      }
    },
  });
}

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

interface OpenSpan extends Span {
  /** How often it began anew because its cursor had expired. */
  readonly restarts: number;
}

/** Asks for the first page of a window, halving it until it holds few enough calls. */
async function openWindow(listing: SizedListing, span: OpenSpan, limitMs: number) {
  for (let at = span; ;) {
    const page = await listing.fetchPage(toWindow(at), null);
    const lengthMs = at.endMs - at.startMs;
    if ((page.total ?? 0) <= listing.maxCalls || lengthMs <= minWindowMs) {
      return toPage(page, at, limitMs);
    }
    at = { ...at, endMs: toSecond(at.startMs + lengthMs / 2) };
  }
}

/** Goes on with the platform's cursor, or with the next window, twice as long as the last. */
function toPage(
  { next, total: _total, ...page }: Awaited<ReturnType<SizedListing['fetchPage']>>,
  { startMs, endMs, restarts }: OpenSpan,
  limitMs: number,
): FetchedPage & { readonly next: string | null } {
  if (next !== null && next !== undefined) {
    return { ...page, next: `${String(startMs)}-${String(endMs)}-${String(restarts)}|${next}` };
  }
  const nextEndMs = Math.min(endMs + 2 * (endMs - startMs), limitMs);
  return { ...page, next: endMs >= limitMs ? null : `${String(endMs)}-${String(nextEndMs)}-0|` };
}

type RangeOfListing = Pick<SizedListing, 'dateRange' | 'earliest' | 'latest'>;

/** The whole range as one window. */
export function toTimeWindow(listing: RangeOfListing): TimeWindow {
  return toWindow(toRange(listing));
}

function toRange({ dateRange, earliest, latest }: RangeOfListing): Span {
  const endMs = (dateRange.end ?? latest).getTime();
  return {
    startMs: toSecond((dateRange.start ?? earliest).getTime()),
    // Rounded up: the calls of the last, broken second are in range as well.
    endMs: -toSecond(-endMs),
  };
}

function toSecond(ms: number): number {
  return Math.floor(ms / secondMs) * secondMs;
}

function toWindow({ startMs, endMs }: Span): TimeWindow {
  return { start: new Date(startMs), end: new Date(endMs) };
}

function parsePlace(text: string, source: string): OpenSpan & { readonly cursor: string | null } {
  const match = /^(\d{1,15})-(\d{1,15})-(\d{1,3})\|([\s\S]*)$/.exec(text);
  if (match === null) throw badCursor(source);
  const [startMs = 0, endMs = 0, restarts = 0] = match.slice(1, 4).map(Number);
  return { startMs, endMs, restarts, cursor: match[4] === '' ? null : (match[4] ?? null) };
}

function tooSlow(source: string, cause: unknown): ImportError {
  return new ImportError({
    kind: 'contract',
    source,
    publicMessage:
      'The listing would never end: the platform’s cursors expire before their window is listed.',
    cause,
  });
}
