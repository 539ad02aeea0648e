import type { SourceCall, SourceCallPage } from '../core/imports/source-call.ts';
import { toListedCall } from './listed-call.ts';
import {
  cursorPages,
  offsetPages,
  pageTokenPages,
  sequencedPages,
  windowedPages,
} from './pages.ts';

const day = 86_400_000;

const toCall = (id: string): SourceCall => toListedCall({ id });

const toCalls = (...ids: string[]) => ids.map(toCall);

async function collect(pages: AsyncGenerator<SourceCallPage>): Promise<SourceCallPage[]> {
  const all: SourceCallPage[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

function idsOf(pages: readonly SourceCallPage[]): string[] {
  return pages.flatMap((page) => page.calls.map((call) => call.sourceCallId));
}

/** Numbers from `c0` in one platform page. */
function manyCalls(count: number): SourceCall[] {
  return Array.from({ length: count }, (_, index) => toCall(`c${String(index)}`));
}

describe('cursorPages', () => {
  it('follows cursors, even from an empty page, until there is none', async () => {
    const asked: (string | null)[] = [];
    const answers = new Map<string | null, { calls: SourceCall[]; next: string | null }>([
      [null, { calls: toCalls('a'), next: 'one' }],
      ['one', { calls: [], next: 'two:with:colons' }],
      ['two:with:colons', { calls: toCalls('b'), next: null }],
    ]);
    const fetchPage = async (cursor: string | null) => {
      asked.push(cursor);
      return answers.get(cursor) ?? { calls: [], next: null };
    };
    const pages = await collect(cursorPages({ source: 'acme', cursor: null, fetchPage }));
    expect(idsOf(pages)).toEqual(['a', 'b']);
    expect(asked).toEqual([null, 'one', 'two:with:colons']);
    const resumed = cursorPages({
      source: 'acme',
      cursor: pages[1]?.nextCursor ?? null,
      fetchPage,
    });
    expect(idsOf(await collect(resumed))).toEqual(['b']);
  });

  it.each([
    ['at once', ['x', 'x']],
    ['in a circle', ['x', 'y', 'x']],
  ])('calls a cursor that repeats %s a broken contract', async (_what, cursors) => {
    let asked = 0;
    const pages = cursorPages({
      source: 'acme',
      cursor: null,
      fetchPage: async () => {
        const next = cursors[asked] ?? null;
        asked += 1;
        return { calls: toCalls(`c${String(asked)}`), next };
      },
    });
    await expect(collect(pages)).rejects.toMatchObject({ kind: 'contract', source: 'acme' });
    expect(asked).toBe(cursors.length);
  });

  it('hands a large page on in slices, with the rejected records once', async () => {
    const rejected = [{ sourceCallId: 'bad', reason: 'records[3].id: wrong' }];
    const fetchPage = async () => ({ calls: manyCalls(401), rejected, next: null });
    const pages = await collect(cursorPages({ source: 'acme', cursor: null, fetchPage }));
    expect(pages.map((page) => page.calls.length)).toEqual([200, 200, 1]);
    expect(pages.map((page) => page.rejected)).toEqual([rejected, undefined, undefined]);
    expect(pages.at(-1)?.nextCursor).toBeNull();
  });

  it('resumes within a large page', async () => {
    const fetchPage = async () => ({ calls: manyCalls(401), next: null });
    const pages = await collect(cursorPages({ source: 'acme', cursor: null, fetchPage }));
    const cursor = pages[0]?.nextCursor ?? null;
    const rest = await collect(cursorPages({ source: 'acme', cursor, fetchPage }));
    expect(idsOf(rest)).toEqual(idsOf(pages).slice(200));
  });

  it.each([
    ['a call was deleted before the place', manyCalls(401).slice(1)],
    ['a call was added before the place', [toCall('new'), ...manyCalls(401)]],
    ['the last call of the slice was deleted', manyCalls(401).toSpliced(199, 1)],
  ])('loses no call when %s meanwhile', async (_what, changed) => {
    const first = cursorPages({
      source: 'acme',
      cursor: null,
      fetchPage: async () => ({ calls: manyCalls(401), next: null }),
    });
    const page = await first.next();
    const slice = page.done === true ? undefined : page.value;
    const rest = cursorPages({
      source: 'acme',
      cursor: slice?.nextCursor ?? null,
      fetchPage: async () => ({ calls: changed, next: null }),
    });
    const seen = new Set([
      ...idsOf(slice === undefined ? [] : [slice]),
      ...idsOf(await collect(rest)),
    ]);
    const wanted = manyCalls(401).map((call) => call.sourceCallId);
    expect(wanted.filter((id) => !seen.has(id))).toEqual([]);
  });

  it('refuses a cursor that is not its own', async () => {
    const fetchPage = async () => ({ calls: [], next: null });
    const pages = cursorPages({ source: 'acme', cursor: 'abc', fetchPage });
    await expect(collect(pages)).rejects.toMatchObject({ kind: 'bad_request' });
  });
});

describe('pageTokenPages', () => {
  it('ends at an empty token', async () => {
    const tokens = ['t1', ''];
    const pages = pageTokenPages({
      source: 'acme',
      cursor: null,
      fetchPage: async (token) => ({
        calls: toCalls(token ?? 'first'),
        nextPageToken: tokens.shift(),
      }),
    });
    expect(idsOf(await collect(pages))).toEqual(['first', 't1']);
  });
});

describe('offsetPages', () => {
  it('goes on by as many records as came, broken ones included', async () => {
    const asked: number[] = [];
    const pages = offsetPages({
      source: 'acme',
      cursor: null,
      fetchPage: async (offset) => {
        asked.push(offset);
        const rejected = [{ sourceCallId: null, reason: 'x' }];
        return { calls: toCalls(`a${String(offset)}`), rejected, hasMore: offset < 4 };
      },
    });
    expect(idsOf(await collect(pages))).toEqual(['a0', 'a2', 'a4']);
    expect(asked).toEqual([0, 2, 4]);
  });

  /** A list of which pages of three are asked for. */
  function createList(every: readonly string[]) {
    let ids = every;
    const asked: number[] = [];
    const fetchPage = async (offset: number) => {
      asked.push(offset);
      const hasMore = offset + 3 < ids.length;
      return { calls: toCalls(...ids.slice(offset, offset + 3)), hasMore };
    };
    const remove = (...gone: readonly string[]): void => {
      ids = ids.filter((id) => !gone.includes(id));
    };
    const list = (cursor: string | null = null) =>
      offsetPages({ source: 'acme', cursor, fetchPage });
    return { asked, remove, list };
  }

  it('begins a page with the last call of the one before, which it leaves out', async () => {
    const { asked, list } = createList(['a', 'b', 'c', 'd', 'e', 'f']);
    const pages = await collect(list());
    expect(pages.map((page) => idsOf([page]))).toEqual([['a', 'b', 'c'], ['d', 'e'], ['f']]);
    expect(asked).toEqual([0, 2, 4]);
    expect(idsOf(await collect(list(pages[0]?.nextCursor)))).toEqual(['d', 'e', 'f']);
  });

  it.each([
    { what: 'a call before them', gone: ['b'], found: ['a', 'c', 'd', 'e', 'f', 'g'] },
    { what: 'the call that they begin with', gone: ['c'], found: ['a', 'b', 'd', 'e', 'f', 'g'] },
    { what: 'all before them', gone: ['a', 'b', 'c'], found: ['d', 'e', 'f', 'g'] },
    { what: 'a call of theirs', gone: ['e'], found: ['d', 'f', 'g'] },
  ])('loses no later calls when $what is deleted between two pages', async ({ gone, found }) => {
    const { list, remove } = createList(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    const pages = list();
    await pages.next();
    remove(...gone);
    expect(idsOf(await collect(pages))).toEqual(found);
  });

  it('goes back as far as it takes when so much is deleted that nothing is left at its offset', async () => {
    const { asked, list, remove } = createList(Array.from({ length: 30 }, (_, at) => `c${at}`));
    const pages = list();
    for (let page = 0; page < 12; page += 1) await pages.next();
    remove(...Array.from({ length: 25 }, (_, at) => `c${at}`));
    expect(idsOf(await collect(pages))).toEqual(['c25', 'c26', 'c27', 'c28', 'c29']);
    expect(asked.slice(12)).toEqual([24, 14, 4, 0, 2]);
  });

  it('goes on from a cursor that was stored before pages overlapped', async () => {
    const { asked, list } = createList(['a', 'b', 'c', 'd']);
    expect(idsOf(await collect(list('0.:3')))).toEqual(['d']);
    expect(asked).toEqual([3]);
  });

  it('counts pages from one where the platform does', async () => {
    const asked: number[] = [];
    const pages = offsetPages({
      ...{ source: 'acme', cursor: null, first: 1, step: 1 },
      fetchPage: async (page) => {
        asked.push(page);
        return { calls: toCalls(`p${String(page)}`), hasMore: page < 3 };
      },
    });
    await collect(pages);
    expect(asked).toEqual([1, 2, 3]);
  });

  it('ends at an empty page whatever it claims', async () => {
    let asked = 0;
    const fetchPage = async () => {
      asked += 1;
      return { calls: [], hasMore: true };
    };
    await collect(offsetPages({ source: 'acme', cursor: null, fetchPage }));
    expect(asked).toBe(1);
  });

  it('is a broken contract where the offset is ignored', async () => {
    const fetchPage = async () => ({ calls: toCalls('a', 'b'), hasMore: true });
    const pages = offsetPages({ source: 'acme', cursor: null, fetchPage });
    await expect(collect(pages)).rejects.toMatchObject({
      kind: 'contract',
      publicMessage: 'The listing would never end: the platform gave the same page twice.',
    });
  });

  it('refuses a cursor that is no offset', async () => {
    const fetchPage = async () => ({ calls: [], hasMore: false });
    const pages = offsetPages({ source: 'acme', cursor: '0.:abc', fetchPage });
    await expect(collect(pages)).rejects.toMatchObject({ kind: 'bad_request' });
  });
});

describe('sequencedPages', () => {
  const parts = ['meeting', 'dialer'] as const;
  const fetchPage = async (part: string, cursor: string | null) => {
    const name = `${part} ${cursor ?? 'first'}`;
    return { calls: toCalls(name), next: name === 'meeting first' ? '1|2:3' : undefined };
  };

  it('lists one after another, each by its own cursor', async () => {
    const pages = sequencedPages({ source: 'acme', cursor: null, parts, fetchPage });
    expect(idsOf(await collect(pages))).toEqual(['meeting first', 'meeting 1|2:3', 'dialer first']);
  });

  it('resumes within one, and between two', async () => {
    const listing = { source: 'acme', parts, fetchPage };
    const pages = await collect(sequencedPages({ ...listing, cursor: null }));
    const rests = pages.slice(0, 2).map(async ({ nextCursor: cursor }) => {
      return idsOf(await collect(sequencedPages({ ...listing, cursor })));
    });
    await expect(Promise.all(rests)).resolves.toEqual([
      ['meeting 1|2:3', 'dialer first'],
      ['dialer first'],
    ]);
  });

  it.each(['0.:email|', '0.:meeting'])(
    'refuses the cursor %s, which names none',
    async (cursor) => {
      const pages = sequencedPages({ source: 'acme', cursor, parts, fetchPage });
      await expect(pages.next()).rejects.toMatchObject({ kind: 'bad_request', source: 'acme' });
    },
  );
});

describe('windowedPages', () => {
  const start = new Date('2025-01-01T00:00:00Z');
  const end = new Date('2025-01-06T00:00:00Z');
  const range = { dateRange: { start, end }, earliest: start, latest: end, windowMs: 2 * day };

  function createListing() {
    const asked: string[] = [];
    const fetchPage = async (window: { start: Date; end: Date }, cursor: string | null) => {
      const text = `${window.start.toISOString().slice(8, 10)}-${window.end.toISOString().slice(8, 10)}${cursor ?? ''}`;
      asked.push(text);
      return { calls: toCalls(text), next: text === '03-05' ? '|more' : null };
    };
    return { asked, fetchPage };
  }

  it('covers the range without gap or overlap, page by page in each window', async () => {
    const { asked, fetchPage } = createListing();
    await collect(windowedPages({ source: 'acme', cursor: null, ...range, fetchPage }));
    expect(asked).toEqual(['01-03', '03-05', '03-05|more', '05-06']);
  });

  it('resumes within a window', async () => {
    const { fetchPage } = createListing();
    const pages = await collect(
      windowedPages({ source: 'acme', cursor: null, ...range, fetchPage }),
    );
    const cursor = pages[1]?.nextCursor ?? null;
    const rest = await collect(windowedPages({ source: 'acme', cursor, ...range, fetchPage }));
    expect(idsOf(rest)).toEqual(['03-05|more', '05-06']);
  });

  it('lets an open range reach from the earliest to the latest', async () => {
    const { asked, fetchPage } = createListing();
    const dateRange = { start: null, end: null };
    await collect(windowedPages({ source: 'acme', cursor: null, ...range, dateRange, fetchPage }));
    expect(asked[0]).toBe('01-03');
    expect(asked.at(-1)).toBe('05-06');
  });

  it('asks nothing for an empty range', async () => {
    const { asked, fetchPage } = createListing();
    const dateRange = { start: end, end };
    await collect(windowedPages({ source: 'acme', cursor: null, ...range, dateRange, fetchPage }));
    expect(asked).toEqual([]);
  });

  it('refuses a cursor that names no window', async () => {
    const { fetchPage } = createListing();
    const pages = windowedPages({ source: 'acme', cursor: '0.:abc', ...range, fetchPage });
    await expect(collect(pages)).rejects.toMatchObject({ kind: 'bad_request' });
  });
});
