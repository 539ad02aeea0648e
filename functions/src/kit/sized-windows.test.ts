import type { SourceCallPage } from '../core/imports/source-call.ts';
import { toListedCall } from './listed-call.ts';
import { sizedWindowPages, toTimeWindow } from './sized-windows.ts';
import type { TimeWindow } from './sized-windows.ts';

const hourMs = 3_600_000;
const start = new Date('2025-01-01T00:00:00Z');
const end = new Date('2025-01-09T00:00:00Z');

class ExpiredError extends Error {}

/** A platform that lists 3 calls a page, oldest first, by cursors `c<position>`. */
function createPlatform(times: readonly string[]) {
  const asked: string[] = [];
  const state = { expireNext: 0 };
  const fetchPage = (window: TimeWindow, cursor: string | null) => {
    const span = [window.start, window.end].map((date) => date.toISOString().slice(8, 16));
    asked.push([span.join('/'), cursor].filter((part) => part !== null).join(' '));
    if (cursor !== null && state.expireNext > 0) {
      state.expireNext -= 1;
      return Promise.reject(new ExpiredError());
    }
    const inWindow = times.filter((time) => {
      const date = new Date(time);
      return date >= window.start && date < window.end;
    });
    const from = cursor === null ? 0 : Number(cursor.slice(1).split('#')[0]);
    const more = from + 3 < inWindow.length;
    return Promise.resolve({
      calls: inWindow.slice(from, from + 3).map((id) => toListedCall({ id })),
      // As a signed cursor would, it differs from time to time.
      next: more ? `c${String(from + 3)}#${String(asked.length)}` : null,
      total: inWindow.length,
    });
  };
  const open = (options: Partial<Parameters<typeof sizedWindowPages>[0]> = {}) =>
    sizedWindowPages({
      ...{ source: 'acme', cursor: null, dateRange: { start, end }, maxCalls: 4, fetchPage },
      ...{ earliest: start, latest: end },
      isCursorExpired: (error) => error instanceof ExpiredError,
      ...options,
    });
  return { asked, state, open };
}

async function collect(pages: AsyncGenerator<SourceCallPage>): Promise<SourceCallPage[]> {
  const all: SourceCallPage[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

const idsOf = (pages: readonly SourceCallPage[]) =>
  pages.flatMap((page) => page.calls.map((call) => call.sourceCallId));

/** `count` calls, hourly from an instant on. */
const hourly = (from: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) =>
    new Date(Date.parse(from) + index * hourMs).toISOString(),
  );

describe('sizedWindowPages', () => {
  it('lists a range of few calls in one window', async () => {
    const times = hourly('2025-01-03T00:00:00Z', 4);
    const { asked, open } = createPlatform(times);
    expect(idsOf(await collect(open()))).toEqual(times);
    expect(asked).toEqual(['01T00:00/09T00:00', '01T00:00/09T00:00 c3#1']);
  });

  it('halves a window that holds too many, then doubles it again', async () => {
    const times = [...hourly('2025-01-01T00:00:00Z', 4), ...hourly('2025-01-02T00:00:00Z', 3)];
    const { asked, open } = createPlatform(times);
    expect(idsOf(await collect(open()))).toEqual(times);
    expect(asked).toEqual([
      ...['01T00:00/09T00:00', '01T00:00/05T00:00', '01T00:00/03T00:00'],
      ...['01T00:00/02T00:00', '01T00:00/02T00:00 c3#4', '02T00:00/04T00:00'],
      '04T00:00/08T00:00',
      '08T00:00/09T00:00',
    ]);
  });

  it('takes an hour for short enough, however many calls began in it', async () => {
    const times = Array.from(
      { length: 9 },
      (_, index) => `2025-01-01T00:0${String(index)}:00.000Z`,
    );
    const dateRange = { start, end: new Date('2025-01-01T01:00:00Z') };
    const { asked, open } = createPlatform(times);
    expect(idsOf(await collect(open({ dateRange })))).toEqual(times);
    expect(asked).toHaveLength(3);
  });

  it('begins a window anew whose cursor has expired', async () => {
    const times = hourly('2025-01-03T00:00:00Z', 4);
    const { asked, state, open } = createPlatform(times);
    state.expireNext = 1;
    expect(idsOf(await collect(open()))).toEqual([...times.slice(0, 3), ...times]);
    expect(asked).toHaveLength(4);
  });

  it('gives up where every cursor has expired by the time that it is used', async () => {
    const { asked, state, open } = createPlatform(hourly('2025-01-03T00:00:00Z', 4));
    state.expireNext = Infinity;
    await expect(collect(open())).rejects.toMatchObject({ kind: 'contract', source: 'acme' });
    expect(asked).toHaveLength(42);
  });

  it('gives up as well when it is resumed after each page', async () => {
    const { asked, state, open } = createPlatform(hourly('2025-01-03T00:00:00Z', 4));
    state.expireNext = Infinity;
    const listing = async (): Promise<void> => {
      for (let cursor: string | null = null; ;) {
        const { value }: { value?: SourceCallPage } = await open({ cursor }).next();
        cursor = value?.nextCursor ?? null;
        if (cursor === null) return;
      }
    };
    await expect(listing()).rejects.toMatchObject({ kind: 'contract', source: 'acme' });
    expect(asked).toHaveLength(42);
  });

  it('lets other failures through', async () => {
    const fetchPage = () => Promise.reject(new RangeError('no'));
    await expect(collect(createPlatform([]).open({ fetchPage }))).rejects.toThrow(RangeError);
    const cursor = '0.:1735689600000-1735776000000-0|c3';
    const resumed = createPlatform([]).open({ fetchPage, cursor });
    await expect(collect(resumed)).rejects.toThrow(RangeError);
  });

  it('resumes with the window that the cursor was given for, though now is later', async () => {
    const times = hourly('2025-01-03T00:00:00Z', 4);
    const { asked, open } = createPlatform(times);
    const dateRange = { start, end: null };
    const [first] = await collect(open({ dateRange }));
    const latest = new Date('2025-01-09T00:00:00.5Z');
    asked.length = 0;
    const rest = await collect(open({ dateRange, latest, cursor: first?.nextCursor ?? '' }));
    expect(idsOf(rest)).toEqual(times.slice(3));
    expect(asked).toEqual(['01T00:00/09T00:00 c3#1', '09T00:00/09T00:00']);
  });

  it('covers the broken seconds at both ends', async () => {
    const windows: TimeWindow[] = [];
    const fetchPage = (window: TimeWindow) => {
      windows.push(window);
      return Promise.resolve({ calls: [], next: null, total: null });
    };
    const dateRange = {
      start: new Date('2025-01-01T00:00:00.9Z'),
      end: new Date('2025-01-01T00:00:01.1Z'),
    };
    await collect(createPlatform([]).open({ dateRange, fetchPage }));
    expect(windows).toEqual([
      { start: new Date('2025-01-01T00:00:00Z'), end: new Date('2025-01-01T00:00:02Z') },
    ]);
  });

  it('says which window a whole range is', () => {
    const dateRange = { start: null, end: new Date('2025-01-01T00:00:01.1Z') };
    expect(toTimeWindow({ dateRange, earliest: start, latest: end })).toEqual({
      start,
      end: new Date('2025-01-01T00:00:02Z'),
    });
  });

  it('asks nothing for an empty range', async () => {
    const { asked, open } = createPlatform([]);
    await collect(open({ dateRange: { start: end, end: start } }));
    expect(asked).toEqual([]);
  });

  it('refuses a cursor that names no window', async () => {
    const pages = createPlatform([]).open({ cursor: '0.:yesterday' });
    await expect(collect(pages)).rejects.toMatchObject({ kind: 'bad_request', source: 'acme' });
  });
});
