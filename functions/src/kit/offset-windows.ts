import { ImportError } from '../core/errors.ts';
import type { DateRange } from '../core/imports/source-call.ts';
import { badCursor, cursorPages, requireOtherPage } from './pages.ts';
import type { FetchedPage, ListedPage } from './pages.ts';

export interface CallWindow {
  readonly start: Date;
  readonly end: Date;
}

interface Place {
  /** The end of the window, which stays what it was when the listing began. */
  readonly endMs: number;
  readonly lengthMs: number;
  readonly offset: number;
}

const shortestMs = 60 * 60 * 1000;

/**
 * Lists a range by offset within windows, the newest first. The end is pinned in the cursor, so that
 * what is new moves no offset. An empty window makes the next one twice as long, a full page in a
 * long one makes it short again, and a window that holds more than `maxOffset` records is taken in
 * halves, from its start: what is listed twice by that is the same call.
 * @throws `contract` when the offset is ignored or an hour holds too many, `bad_request` for a cursor
 * that is not ours
 */
export function offsetWindowPages(listing: {
  readonly source: string;
  readonly cursor: string | null;
  readonly dateRange: DateRange;
  /** Stands in for an open start: nothing on the platform is older. */
  readonly earliest: Date;
  /** Nothing later is listed: usually now. */
  readonly latest: Date;
  readonly windowMs: number;
  /** The largest offset that the platform is known to take. */
  readonly maxOffset: number;
  readonly fetchPage: (
    window: CallWindow,
    offset: number,
  ) => Promise<FetchedPage & { readonly records: number; readonly hasMore: boolean }>;
}): AsyncGenerator<ListedPage> {
  const { source, windowMs } = listing;
  const startMs = (listing.dateRange.start ?? listing.earliest).getTime();
  const { end } = listing.dateRange;
  const latestMs = Math.min(end?.getTime() ?? Infinity, listing.latest.getTime());
  const toStart = ({ endMs, lengthMs }: Place): number => Math.max(startMs, endMs - lengthMs);
  const fetchAt = (place: Place): ReturnType<typeof listing.fetchPage> =>
    listing.fetchPage(
      { start: new Date(toStart(place)), end: new Date(place.endMs) },
      place.offset,
    );
  let last: string | null = null;
  return cursorPages({
    ...listing,
    fetchPage: async (text) => {
      const first = { endMs: latestMs, lengthMs: windowMs, offset: 0 };
      let place = text === null ? first : parsePlace(text, source);
      if (place.endMs <= startMs) return { calls: [], next: null };
      let { hasMore, records, ...page } = await fetchAt(place);
      if (hasMore && place.offset === 0 && place.lengthMs > windowMs) {
        place = { ...place, lengthMs: windowMs };
        ({ hasMore, records, ...page } = await fetchAt(place));
      }
      last = requireOtherPage(page, { last: place.offset === 0 ? null : last, source });
      if (hasMore && records > 0) {
        const offset = place.offset + records;
        const more = offset > listing.maxOffset ? halve(place, source) : { ...place, offset };
        return { ...page, next: formatPlace(more) };
      }
      const isEmpty = records === 0 && place.offset === 0;
      const endMs = toStart(place);
      const lengthMs = isEmpty ? place.lengthMs * 2 : place.lengthMs;
      return {
        ...page,
        next: endMs <= startMs ? null : formatPlace({ endMs, lengthMs, offset: 0 }),
      };
    },
  });
}

function halve(place: Place, source: string): Place {
  const lengthMs = Math.floor(place.lengthMs / 2);
  if (lengthMs < shortestMs) throw endless(source, 'an hour holds more calls than it lists');
  return { endMs: place.endMs, lengthMs, offset: 0 };
}

function endless(source: string, why: string): ImportError {
  return new ImportError({
    kind: 'contract',
    source,
    publicMessage: `The listing would never end: ${why}.`,
  });
}

function formatPlace({ endMs, lengthMs, offset }: Place): string {
  return [endMs, lengthMs, offset].map(String).join('/');
}

function parsePlace(text: string, source: string): Place {
  const match = /^(\d{1,15})\/(\d{1,15})\/(\d{1,9})$/.exec(text);
  if (match === null) throw badCursor(source);
  return { endMs: Number(match[1]), lengthMs: Number(match[2]), offset: Number(match[3]) };
}
