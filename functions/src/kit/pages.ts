import { createHash } from 'node:crypto';
import { ImportError } from '../core/errors.ts';
import type {
  DateRange,
  RejectedRecord,
  SourceCall,
  SourceCallPage,
} from '../core/imports/source-call.ts';
import type { AnswerDrift } from './drift.ts';
import type { KnownCall } from './known-call.ts';

/** What one request of a listing brought. */
export interface FetchedPage {
  readonly calls: readonly KnownCall[];
  readonly rejected?: readonly RejectedRecord[];
  readonly drifts?: readonly AnswerDrift[];
}

/** A page with what the framework tells of and takes off. */
export interface ListedPage extends Omit<SourceCallPage, 'calls'> {
  readonly calls: readonly KnownCall[];
  readonly drifts?: readonly AnswerDrift[];
}

interface Listing {
  /** The platform's id, for errors. */
  readonly source: string;
  /** Where to resume: a `nextCursor` that an earlier page of the same listing gave. */
  readonly cursor: string | null;
}

/** More calls than this are handed on in slices: a page is one transaction of ours. */
export const maxPageCalls = 200;

/**
 * Lists by the platform's own cursor; null or undefined ends it.
 * @throws `contract` when a cursor repeats, `bad_request` for a cursor that is not ours
 */
export async function* cursorPages(
  listing: Listing & {
    readonly fetchPage: (
      cursor: string | null,
    ) => Promise<FetchedPage & { readonly next: string | null | undefined }>;
  },
): AsyncGenerator<ListedPage> {
  const seen = new Set<string>();
  let place: Place | null = parsePlace(listing);
  while (place !== null) {
    const { cursor }: Place = place;
    if (cursor !== null) requireUnseen(cursor, seen, listing.source);
    const page = await listing.fetchPage(cursor);
    const next = page.next ?? null;
    yield* slicePage(page, { place, next });
    place = next === null ? null : { cursor: next, skip: 0, marker: '' };
  }
}

/** Lists by a page token, whose empty text ends the listing as well. @throws as `cursorPages` */
export function pageTokenPages(
  listing: Listing & {
    readonly fetchPage: (
      pageToken: string | null,
    ) => Promise<FetchedPage & { readonly nextPageToken: string | null | undefined }>;
  },
): AsyncGenerator<ListedPage> {
  return cursorPages({
    ...listing,
    fetchPage: async (token) => {
      const { nextPageToken, ...page } = await listing.fetchPage(token);
      return { ...page, next: nextPageToken === '' ? null : nextPageToken };
    },
  });
}

/**
 * Lists by offset, or by page number where `step` is 1; an empty page ends it whatever it claims.
 * By offset each page begins with the last call of the one before: see `fetchUnmoved`.
 * @throws as `cursorPages`, `contract` when the offset is ignored
 */
export function offsetPages(
  listing: Listing & {
    /** What the first page is called. Default 0. */
    readonly first?: number;
    /** How far one page reaches. Default: as many records as it held. */
    readonly step?: number;
    readonly fetchPage: (offset: number) => Promise<FetchedPage & { readonly hasMore: boolean }>;
  },
): AsyncGenerator<ListedPage> {
  const { step, source } = listing;
  let last: string | null = null;
  return cursorPages({
    ...listing,
    fetchPage: async (cursor) => {
      const first = { offset: listing.first ?? 0, marker: '' };
      const place = cursor === null ? first : parseOffset(cursor, source);
      const found = await fetchUnmoved(place, async (offset) => {
        const page = await listing.fetchPage(offset);
        return { ...page, records: page.calls.length + (page.rejected?.length ?? 0) };
      });
      const { hasMore, records, ...page } = found.page;
      last = requireOtherPage(page, { last, source });
      const isLast = !hasMore || records === 0;
      const next =
        step === undefined ? toNextOffset(found) : { offset: found.offset + step, marker: '' };
      return { ...withoutKnown(page, place), next: isLast ? null : formatOffset(next) };
    },
  });
}

/** Where a page begins, and the call that is expected there; none is expected without a marker. */
export interface OffsetPlace {
  readonly offset: number;
  readonly marker: string;
}

export interface CountedPage extends FetchedPage {
  /** Those that are no calls included. */
  readonly records: number;
}

const leastStepBack = 10;

/**
 * Fetches the page at an offset. When calls that were listed are deleted, those behind them move up,
 * and the next page would leave some out. So it begins with the last call of the page before, and where
 * that is not in it, pages before are taken until one has it: what is listed twice does no harm.
 */
export async function fetchUnmoved<TPage extends CountedPage>(
  { offset, marker }: OffsetPlace,
  fetchPage: (offset: number) => Promise<TPage>,
): Promise<{ readonly page: TPage; readonly offset: number }> {
  for (let at = offset; ;) {
    const page = await fetchPage(at);
    const isFound = marker === '' || page.calls.some((call) => toMarker(call) === marker);
    if (isFound || at === 0) return { page, offset: at };
    at = Math.max(0, at - Math.max(page.records, leastStepBack));
  }
}

/** On the last call of this page, unless there are records in it that are no calls. */
export function toNextOffset({
  page,
  offset,
}: {
  readonly page: CountedPage;
  readonly offset: number;
}): OffsetPlace {
  const { calls, records } = page;
  if (records < 2 || calls.length !== records) return { offset: offset + records, marker: '' };
  return { offset: offset + records - 1, marker: toMarker(calls.at(-1)) };
}

/** The page without the call that it was recognised by. */
export function withoutKnown<TPage extends FetchedPage>(
  page: TPage,
  { marker }: OffsetPlace,
): TPage {
  const isKnown = marker !== '' && toMarker(page.calls[0]) === marker;
  return isKnown ? { ...page, calls: page.calls.slice(1) } : page;
}

/**
 * Lists several listings one after another, meetings and then dialled calls say, each by the
 * platform's own cursor. @throws as `cursorPages`
 */
export function sequencedPages<TPart extends string>(
  listing: Listing & {
    /** Names of the listings, without a `|`: they stand in cursors. */
    readonly parts: readonly TPart[];
    readonly fetchPage: (
      part: TPart,
      cursor: string | null,
    ) => Promise<FetchedPage & { readonly next: string | null | undefined }>;
  },
): AsyncGenerator<ListedPage> {
  const { parts, source } = listing;
  return cursorPages({
    ...listing,
    fetchPage: async (text) => {
      const [, name, cursor = ''] = /^([^|]*)\|([\s\S]*)$/.exec(text ?? `${parts[0] ?? ''}|`) ?? [];
      const index = parts.findIndex((each) => each === name);
      const part = parts[index];
      if (part === undefined) throw badCursor(source);
      const { next, ...page } = await listing.fetchPage(part, cursor === '' ? null : cursor);
      const following = parts[index + 1];
      if (typeof next === 'string') return { ...page, next: `${part}|${next}` };
      return { ...page, next: following === undefined ? null : `${following}|` };
    },
  });
}

/**
 * Lists a range window by window where the platform takes no longer one; within a window by cursor.
 * @throws as `cursorPages`
 */
export function windowedPages(
  listing: Listing & {
    readonly dateRange: DateRange;
    /** Stands in for an open start: nothing on the platform is older. */
    readonly earliest: Date;
    /** Stands in for an open end: usually now. */
    readonly latest: Date;
    readonly windowMs: number;
    readonly fetchPage: (
      window: { readonly start: Date; readonly end: Date },
      cursor: string | null,
    ) => Promise<FetchedPage & { readonly next: string | null | undefined }>;
  },
): AsyncGenerator<ListedPage> {
  const startMs = (listing.dateRange.start ?? listing.earliest).getTime();
  const endMs = (listing.dateRange.end ?? listing.latest).getTime();
  return cursorPages({
    ...listing,
    fetchPage: async (text) => {
      const at = text === null ? { startMs, cursor: null } : toWindow(text, listing.source);
      // A resumed listing has a later "now": its last window reaches further, the others are the same.
      const windowEndMs = Math.min(at.startMs + listing.windowMs, endMs);
      if (windowEndMs <= at.startMs) return { calls: [], next: null };
      const window = { start: new Date(at.startMs), end: new Date(windowEndMs) };
      const { next, ...page } = await listing.fetchPage(window, at.cursor);
      if (next !== null && next !== undefined) {
        return { ...page, next: `${String(at.startMs)}|${next}` };
      }
      return { ...page, next: windowEndMs >= endMs ? null : `${String(windowEndMs)}|` };
    },
  });
}

/**
 * A digest of the page, to be compared with the next one's: a platform that ignores the offset gives
 * the same page for ever. @throws `contract` for the same page as `last`
 */
export function requireOtherPage(
  { calls }: FetchedPage,
  { last, source }: { readonly last: string | null; readonly source: string },
): string | null {
  if (calls.length === 0) return null;
  const hash = createHash('sha256');
  for (const { sourceCallId } of calls) hash.update(sourceCallId).update('\0');
  const digest = hash.digest('base64');
  if (digest !== last) return digest;
  throw new ImportError({
    kind: 'contract',
    source,
    publicMessage: 'The listing would never end: the platform gave the same page twice.',
  });
}

function formatOffset({ offset, marker }: OffsetPlace): string {
  return marker === '' ? String(offset) : `${String(offset)}/${marker}`;
}

function parseOffset(cursor: string, source: string): OffsetPlace {
  const match = /^(\d{1,12})(?:\/([0-9a-f]{12}))?$/.exec(cursor);
  if (match === null) throw badCursor(source);
  return { offset: Number(match[1]), marker: match[2] ?? '' };
}

function toWindow(text: string, source: string): { startMs: number; cursor: string | null } {
  const match = /^(\d{1,15})\|([\s\S]*)$/.exec(text);
  if (match?.[1] === undefined) throw badCursor(source);
  return { startMs: Number(match[1]), cursor: match[2] === '' ? null : (match[2] ?? null) };
}

/** The platform's cursor and how far into its page we are. */
interface Place {
  readonly cursor: string | null;
  readonly skip: number;
  /** Names the last call that was skipped, so that a page that changed meanwhile loses none. */
  readonly marker: string;
}

function* slicePage(
  page: FetchedPage,
  { place, next }: { readonly place: Place; readonly next: string | null },
): Generator<ListedPage> {
  const nextCursor = next === null ? null : formatPlace({ cursor: next, skip: 0, marker: '' });
  let start = findStart(page.calls, place);
  // Set aside with the first slice of a page only: a resumed page has told of them before.
  let { rejected, drifts } = place.skip === 0 ? page : {};
  do {
    const end = Math.min(start + maxPageCalls, page.calls.length);
    const calls = page.calls.slice(start, end);
    const isLast = end >= page.calls.length;
    const marker = toMarker(page.calls[end - 1]);
    yield {
      calls,
      nextCursor: isLast ? nextCursor : formatPlace({ cursor: place.cursor, skip: end, marker }),
      ...(rejected !== undefined && rejected.length > 0 && { rejected }),
      ...(drifts !== undefined && drifts.length > 0 && { drifts }),
    };
    rejected = drifts = undefined;
    start = end;
  } while (start < page.calls.length);
}

/** A call seen twice is a duplicate and harmless, one that was skipped would be lost. */
function findStart(calls: readonly SourceCall[], { skip, marker }: Place): number {
  if (skip === 0 || toMarker(calls[skip - 1]) === marker) return skip;
  return calls.findIndex((call) => toMarker(call) === marker) + 1;
}

function toMarker(call: SourceCall | undefined): string {
  if (call === undefined) return '';
  return createHash('sha256').update(call.sourceCallId).digest('hex').slice(0, 12);
}

/** `<skip>.<marker>` and, after a colon, the platform's cursor where there is one. */
function formatPlace({ cursor, skip, marker }: Place): string {
  return `${String(skip)}.${marker}${cursor === null ? '' : `:${cursor}`}`;
}

function parsePlace({ cursor, source }: Listing): Place {
  if (cursor === null) return { cursor: null, skip: 0, marker: '' };
  const match = /^(\d{1,9})\.([0-9a-f]{0,12})(?::([\s\S]*))?$/.exec(cursor);
  if (match === null) throw badCursor(source);
  return { cursor: match[3] ?? null, skip: Number(match[1]), marker: match[2] ?? '' };
}

function requireUnseen(cursor: string, seen: Set<string>, source: string): void {
  // A digest: some platforms' cursors are kilobytes long.
  const digest = createHash('sha256').update(cursor).digest('base64');
  if (seen.has(digest)) {
    throw new ImportError({
      kind: 'contract',
      source,
      publicMessage: 'The listing would never end: the platform gave the same cursor twice.',
    });
  }
  seen.add(digest);
}

/** Refuses a cursor that no listing gave. */
export function badCursor(source: string): ImportError {
  return new ImportError({
    kind: 'bad_request',
    source,
    publicMessage: 'The cursor is not one that this listing gave.',
  });
}
