import { createHash } from 'node:crypto';
import type { SandboxCall } from '../../kit/sandbox.ts';
import type { SandboxClip } from './audio/clips.ts';
import { createMedia, createMediaHasher } from './sandbox-media.ts';
import type { SandboxMedia } from './sandbox-media.ts';

/** One call of an account, as its sandbox knows it. */
export interface SandboxItem {
  readonly id: string;
  /** Infinity where a record's start can't be read: such a record is listed first. */
  readonly startMs: number;
  readonly record: Readonly<Record<string, unknown>>;
  /** Null: there is nothing to download. */
  readonly clip: SandboxClip | null;
  readonly hasTranscript: boolean;
}

/** A place in the listing: after the call that began then and has this id. */
export interface ListPosition {
  readonly startMs: number;
  readonly id: string;
}

/** How a platform's sandbox makes its calls. */
export interface AccountSource<TItem extends SandboxItem> {
  readonly calls: number;
  /** About this many bytes in each recording; null: the clip's own size. */
  readonly mediaBytes: number | null;
  /** Call `index`, newest first; the same one every time. */
  create(index: number): TItem;
  /** When call `index` began: never later than the one before. */
  startMsOf(index: number): number;
  /** The index of a call that was made; null for any other id. */
  indexOf(id: string): number | null;
  /** A raw record as a test put it, however broken. */
  read(record: Readonly<Record<string, unknown>>): TItem;
  /** What an import can know of a call; null where that is nothing. */
  toTruth(item: TItem): Pick<SandboxCall, 'title' | 'durationSeconds'> | null;
}

/** The data behind a sandbox: made by index when asked for, plus what a test put or removed. */
export interface SandboxAccount<TItem extends SandboxItem> {
  find(id: string): TItem | null;
  /** Newest first, from behind `after`, those that began before `beforeMs`. */
  list(from: {
    readonly after: ListPosition | null;
    readonly beforeMs: number | null;
  }): Generator<TItem>;
  /** From now on asks before each later page how many calls earlier than asked it begins. */
  repeat(calls: () => number): void;
  remove(id: string): void;
  put(record: Readonly<Record<string, unknown>>): void;
  /** Null for a call without media. */
  mediaOf(item: TItem): SandboxMedia | null;
  truth(): readonly SandboxCall[];
}

/** More would lie closer together than an API's seconds can tell apart. */
const maxCalls = 1_000_000;

/** Creates an account; @throws a RangeError when `calls` is no count up to 1,000,000 */
export function createSandboxAccount<TItem extends SandboxItem>(
  source: AccountSource<TItem>,
): SandboxAccount<TItem> {
  if (!Number.isInteger(source.calls) || source.calls < 0 || source.calls > maxCalls) {
    throw new RangeError(`calls must be a whole number up to ${String(maxCalls)}`);
  }
  const hidden = new Set<string>();
  const put = new Map<string, TItem>();
  let putOrder: readonly TItem[] = [];
  let repeatedCalls = (): number => 0;
  const hash = createMediaHasher();

  const find = (id: string): TItem | null => {
    const index = source.indexOf(id);
    return put.get(id) ?? (hidden.has(id) || index === null ? null : source.create(index));
  };
  const list: SandboxAccount<TItem>['list'] = function* ({ after: asked, beforeMs }) {
    const after = asked === null ? null : stepBack(source, asked, repeatedCalls());
    const made = listMade(source, { after, beforeMs });
    let next = made.next();
    const rest = putOrder.filter((item) => isBehind(item, { after, beforeMs }));
    for (const item of rest) {
      while (next.done !== true && compare(next.value, item) < 0) {
        if (!hidden.has(next.value.id)) yield next.value;
        next = made.next();
      }
      yield item;
    }
    for (; next.done !== true; next = made.next()) {
      if (!hidden.has(next.value.id)) yield next.value;
    }
  };
  const mediaOf = ({ clip, id }: TItem): SandboxMedia | null =>
    clip === null ? null : createMedia({ clip, mediaBytes: source.mediaBytes, callId: id });
  const change = (id: string, item: TItem | null): void => {
    hidden.add(id);
    put.delete(id);
    if (item !== null) put.set(id, item);
    putOrder = [...put.values()].sort(compare);
  };
  return {
    ...{ find, list, mediaOf },
    repeat: (calls) => {
      repeatedCalls = calls;
    },
    remove: (id) => {
      change(id, null);
    },
    put: (record) => {
      const item = source.read(record);
      change(item.id, item);
    },
    truth: () =>
      [...list({ after: null, beforeMs: null })].flatMap((item) =>
        toTruth(item, { truth: source.toTruth(item), media: mediaOf(item), hash }),
      ),
  };
}

/** What a put record sounds like: its id decides, the same one every time. */
export function drawClip(
  clips: readonly SandboxClip[],
  record: { readonly id: string | null; readonly record: Readonly<Record<string, unknown>> },
): { readonly id: string; readonly clip: SandboxClip | null } {
  const digest = createHash('sha256')
    .update(record.id ?? JSON.stringify(record.record))
    .digest();
  return {
    // A record without an id is listed and can be found under none.
    id: record.id ?? `unnamed ${digest.toString('hex')}`,
    clip: clips[digest.readUInt32BE() % clips.length] ?? null,
  };
}

function compare(left: ListPosition, right: ListPosition): number {
  if (left.startMs !== right.startMs) return left.startMs > right.startMs ? -1 : 1;
  if (left.id === right.id) return 0;
  return left.id < right.id ? -1 : 1;
}

interface ListStart {
  readonly after: ListPosition | null;
  readonly beforeMs: number | null;
}

/** A start that can't be read is in every range, so that a broken record is always met. */
function isBehind(item: SandboxItem, { after, beforeMs }: ListStart): boolean {
  if (after !== null && compare(item, after) <= 0) return false;
  return beforeMs === null || item.startMs < beforeMs || item.startMs === Infinity;
}

function* listMade<TItem extends SandboxItem>(
  source: AccountSource<TItem>,
  start: ListStart,
): Generator<TItem> {
  const limitMs = Math.min(start.after?.startMs ?? Infinity, start.beforeMs ?? Infinity);
  for (let index = firstIndexUpTo(source, limitMs); index < source.calls; index++) {
    const item = source.create(index);
    if (isBehind(item, start)) yield item;
  }
}

/** The place so many calls before the given one: what lies between is listed again. */
function stepBack(
  source: AccountSource<SandboxItem>,
  place: ListPosition,
  calls: number,
): ListPosition | null {
  if (calls === 0) return place;
  const index = firstIndexUpTo(source, place.startMs) - calls;
  return index < 0 ? null : { startMs: source.startMsOf(index), id: source.create(index).id };
}

/** The newest call that began at `limitMs` or earlier, by bisection. */
function firstIndexUpTo(
  source: Pick<AccountSource<SandboxItem>, 'calls' | 'startMsOf'>,
  limitMs: number,
): number {
  let low = 0;
  let high = source.calls;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (source.startMsOf(middle) <= limitMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Leaves out records without a readable start: no import can know them as calls. */
function toTruth(
  item: SandboxItem,
  options: {
    readonly truth: Pick<SandboxCall, 'title' | 'durationSeconds'> | null;
    readonly media: SandboxMedia | null;
    readonly hash: (media: SandboxMedia) => string;
  },
): readonly SandboxCall[] {
  const { truth, media, hash } = options;
  if (truth === null || item.startMs === Infinity) return [];
  return [
    {
      ...{ sourceCallId: item.id, ...truth, startedAt: new Date(item.startMs) },
      hasMedia: media !== null,
      hasTranscript: item.hasTranscript,
      mediaSha256: media === null ? null : hash(media),
      speakers: media !== null || item.hasTranscript ? 2 : 0,
    },
  ];
}
