import type { SourceCallPage } from '../core/imports/source-call.ts';
import { toListedCall } from './listed-call.ts';
import { offsetWindowPages } from './offset-windows.ts';

const day = 86_400_000;
const now = Date.parse('2026-03-02T09:00:00Z');

interface Asked {
  readonly days: readonly [number, number];
  readonly offset: number;
}

/** A platform with a call at each age in days, asked for three at a time; days are before now. */
function createPlatform(every: readonly number[], options: { ignoresOffset?: boolean } = {}) {
  const asked: Asked[] = [];
  let ages = every;
  const fetchPage = (window: { start: Date; end: Date }, offset: number) => {
    const days = [
      (now - window.end.getTime()) / day,
      (now - window.start.getTime()) / day,
    ] as const;
    asked.push({ days, offset });
    const inside = ages.filter((age) => age > days[0] && age <= days[1]);
    const from = options.ignoresOffset === true ? 0 : offset;
    const calls = inside
      .slice(from, from + 3)
      .map((age) => toListedCall({ id: `age ${String(age)}` }));
    return Promise.resolve({ calls, records: calls.length, hasMore: calls.length === 3 });
  };
  const list = (changes: { cursor?: string; start?: Date; end?: Date; maxOffset?: number } = {}) =>
    offsetWindowPages({
      source: 'acme',
      cursor: changes.cursor ?? null,
      dateRange: { start: changes.start ?? null, end: changes.end ?? null },
      earliest: new Date(now - 100 * day),
      latest: new Date(now),
      windowMs: 10 * day,
      maxOffset: changes.maxOffset ?? 100,
      fetchPage,
    });
  const remove = (age: number): void => {
    ages = ages.filter((one) => one !== age);
  };
  return { asked, list, remove };
}

async function collect(pages: AsyncGenerator<SourceCallPage>): Promise<SourceCallPage[]> {
  const all: SourceCallPage[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

function idsOf(pages: readonly SourceCallPage[]): string[] {
  return pages.flatMap((page) => page.calls.map((call) => call.sourceCallId));
}

describe('offsetWindowPages', () => {
  it('pins its end at the latest, where the range ends later: what is new must move no offset', async () => {
    const { asked, list } = createPlatform([1]);
    await list({ start: new Date(now - 5 * day), end: new Date(now + day) }).next();
    expect(asked).toEqual([{ days: [0, 5], offset: 0 }]);
  });

  it('goes back in windows, by offset within each', async () => {
    const { asked, list } = createPlatform([1, 2, 3, 4, 12]);
    const start = new Date(now - 20 * day);
    expect(idsOf(await collect(list({ start })))).toEqual([
      ...['age 1', 'age 2', 'age 3', 'age 4', 'age 12'],
    ]);
    expect(asked).toEqual([
      { days: [0, 10], offset: 0 },
      { days: [0, 10], offset: 2 },
      { days: [10, 20], offset: 0 },
    ]);
  });

  it('takes longer steps through emptiness, and short ones again where a window is full', async () => {
    const { asked, list } = createPlatform([35, 36, 37, 38]);
    const pages = await collect(list());
    expect(idsOf(pages)).toEqual(['age 35', 'age 36', 'age 37', 'age 38']);
    expect(asked).toEqual([
      { days: [0, 10], offset: 0 },
      { days: [10, 30], offset: 0 },
      { days: [30, 70], offset: 0 },
      { days: [30, 40], offset: 0 },
      { days: [30, 40], offset: 2 },
      { days: [40, 50], offset: 0 },
      { days: [50, 70], offset: 0 },
      { days: [70, 100], offset: 0 },
    ]);
  });

  it('loses nothing when a call that was listed is deleted', async () => {
    const { list, remove } = createPlatform([1, 2, 3, 4, 5, 6]);
    const pages = list({ start: new Date(now - 10 * day) });
    expect(idsOf([(await pages.next()).value])).toEqual(['age 1', 'age 2', 'age 3']);
    remove(2);
    expect(idsOf(await collect(pages))).toEqual([...['age 1', 'age 3', 'age 4', 'age 5', 'age 6']]);
  });

  it('resumes from every cursor without loss', async () => {
    const { list } = createPlatform([1, 2, 3, 4, 12, 35, 36, 37, 38, 90]);
    const pages = await collect(list());
    for (const [index, { nextCursor }] of pages.entries()) {
      if (nextCursor === null) continue;
      const rest = await collect(list({ cursor: nextCursor }));
      expect([...idsOf(pages.slice(0, index + 1)), ...idsOf(rest)]).toEqual(idsOf(pages));
    }
  });

  it('takes a window with too many calls in halves, and loses none', async () => {
    const ages = Array.from({ length: 20 }, (_, index) => index / 2 + 0.25);
    const { list } = createPlatform(ages);
    const start = new Date(now - 10 * day);
    const ids = idsOf(await collect(list({ start, maxOffset: 9 })));
    expect(new Set(ids)).toEqual(new Set(ages.map((age) => `age ${String(age)}`)));
  });

  it('gives up where an hour holds more than can be listed', async () => {
    const { list } = createPlatform(Array.from({ length: 20 }, (_, index) => 0.01 + index / 1e5));
    await expect(collect(list({ maxOffset: 9 }))).rejects.toMatchObject({
      kind: 'contract',
      publicMessage: 'The listing would never end: an hour holds more calls than it lists.',
    });
  });

  it('notices an offset that is ignored', async () => {
    const { asked, list } = createPlatform([1, 2, 3, 4], { ignoresOffset: true });
    await expect(collect(list())).rejects.toMatchObject({
      kind: 'contract',
      publicMessage: 'The listing would never end: the platform gave the same page twice.',
    });
    expect(asked).toHaveLength(2);
  });

  it('asks nothing of an empty range', async () => {
    const { asked, list } = createPlatform([1]);
    const pages = await collect(list({ start: new Date(now), end: new Date(now) }));
    expect(pages).toEqual([{ calls: [], nextCursor: null }]);
    expect(asked).toEqual([]);
  });

  it.each(['nonsense', '0.:1/2', '0.:1/2/3/4'])('refuses the cursor %p', async (cursor) => {
    const { list } = createPlatform([1]);
    await expect(collect(list({ cursor }))).rejects.toMatchObject({ kind: 'bad_request' });
  });
});
