import { ImportError } from '../core/errors.ts';
import type { DateRange } from '../core/imports/source-call.ts';
import {
  badCursor,
  cursorPages,
  fetchUnmoved,
  requireOtherPage,
  toNextOffset,
  withoutKnown,
} from './pages.ts';
import type { CountedPage, ListedPage, OffsetPlace } from './pages.ts';

export interface CallWindow {
  readonly start: Date;
  readonly end: Date;
}

interface Place extends OffsetPlace {
  /** The end of the window, which stays what it was when the listing began. */
  readonly endMs: number;
  readonly lengthMs: number;
}

const shortestMs = 60 * 60 * 1000;

/**
 * Lists a range by offset within windows, the newest first. The end is pinned in the cursor, so that
 * what is new moves no offset; what is deleted does, see `fetchUnmoved`. An empty window makes the next one twice as long, a full page in a
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
  ) => Promise<CountedPage & { readonly hasMore: boolean }>;
}): AsyncGenerator<ListedPage> {
  const { source, windowMs } = listing;
  const startMs = (listing.dateRange.start ?? listing.earliest).getTime();
  const { end } = listing.dateRange;
  const latestMs = Math.min(end?.getTime() ?? Infinity, listing.latest.getTime());
  const toStart = ({ endMs, lengthMs }: Place): number => Math.max(startMs, endMs - lengthMs);
  const fetchAt = (place: Place) => {
    const window = { start: new Date(toStart(place)), end: new Date(place.endMs) };
    return fetchUnmoved(place, (offset) => listing.fetchPage(window, offset));
  };
  let last: string | null = null;
  return cursorPages({
    ...listing,
    fetchPage: async (text) => {
      const first = { endMs: latestMs, lengthMs: windowMs, offset: 0, marker: '' };
      let place = text === null ? first : parsePlace(text, source);
      if (place.endMs <= startMs) return { calls: [], next: null };
      let found = await fetchAt(place);
      if (found.page.hasMore && place.offset === 0 && place.lengthMs > windowMs) {
        place = { ...place, lengthMs: windowMs };
        found = await fetchAt(place);
      }
      const { hasMore, records, ...fetched } = found.page;
      last = requireOtherPage(fetched, { last: place.offset === 0 ? null : last, source });
      const page = withoutKnown(fetched, place);
      if (hasMore && records > 0) {
        const next = { ...place, ...toNextOffset(found) };
        const isTooFar = next.offset > listing.maxOffset;
        return { ...page, next: formatPlace(isTooFar ? halve(place, source) : next) };
      }
      const isEmpty = records === 0 && place.offset === 0;
      const endMs = toStart(place);
      const lengthMs = isEmpty ? place.lengthMs * 2 : place.lengthMs;
      return {
        ...page,
        next: endMs <= startMs ? null : formatPlace({ endMs, lengthMs, offset: 0, marker: '' }),
      };
    },
  });
}

function halve(place: Place, source: string): Place {
  const lengthMs = Math.floor(place.lengthMs / 2);
  if (lengthMs < shortestMs) throw endless(source, 'an hour holds more calls than it lists');
  return { endMs: place.endMs, lengthMs, offset: 0, marker: '' };
}

function endless(source: string, why: string): ImportError {
  return new ImportError({
    kind: 'contract',
    source,
    publicMessage: `The listing would never end: ${why}.`,
  });
}

function formatPlace({ endMs, lengthMs, offset, marker }: Place): string {
  const known = marker === '' ? [] : [marker];
  return [endMs, lengthMs, offset, ...known].map(String).join('/');
}

function parsePlace(text: string, source: string): Place {
  const match = /^(\d{1,15})\/(\d{1,15})\/(\d{1,9})(?:\/([0-9a-f]{12}))?$/.exec(text);
  if (match === null) throw badCursor(source);
  const [, endMs, lengthMs, offset, marker = ''] = match;
  return { endMs: Number(endMs), lengthMs: Number(lengthMs), offset: Number(offset), marker };
}
