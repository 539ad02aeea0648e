import type { DateRange } from './source-call.ts';
import { describeGaps, findGaps, toCallsByDay } from './find-gaps.ts';

const day = (date: string) => new Date(`${date}T00:00:00Z`);

/** A platform that has these calls, and counts them in any range. */
function countingPlatform(starts: readonly string[]) {
  const asked: DateRange[] = [];
  const count = (range: DateRange) => {
    asked.push(range);
    const { start, end } = range;
    const inRange = starts
      .map((text) => new Date(text))
      .filter((at) => (start === null || at >= start) && (end === null || at < end));
    return Promise.resolve(inRange.length);
  };
  return { asked, count };
}

const march = { start: day('2026-03-01'), end: day('2026-04-01') };

describe('toCallsByDay', () => {
  it('counts by the UTC day of the start, and leaves out what has none', () => {
    const starts = [
      new Date('2026-03-01T23:59:59Z'),
      new Date('2026-03-02T00:00:00Z'),
      new Date('2026-03-02T01:30:00+02:00'),
      null,
    ];
    expect(toCallsByDay(starts)).toEqual({ '2026-03-01': 2, '2026-03-02': 1 });
  });
});

describe('findGaps', () => {
  it('finds the two days on which calls are missing, and asks little of the others', async () => {
    const listed = ['2026-03-02T10:00:00Z', '2026-03-20T09:00:00Z', '2026-03-20T10:00:00Z'];
    const hidden = ['2026-03-07T12:00:00Z', '2026-03-20T23:59:59Z'];
    const { asked, count } = countingPlatform([...listed, ...hidden]);
    const gaps = await findGaps({
      whole: { ...march, platformCount: 5 },
      listedOn: { '2026-03-02': 1, '2026-03-20': 2 },
      count,
    });
    expect(gaps).toEqual([
      { start: day('2026-03-07'), end: day('2026-03-08'), platformCount: 1, listed: 0 },
      { start: day('2026-03-20'), end: day('2026-03-21'), platformCount: 3, listed: 2 },
    ]);
    expect(asked.length).toBeLessThanOrEqual(10);
  });

  it('asks nothing when the platform counts no more than it listed', async () => {
    const { asked, count } = countingPlatform([]);
    const listedOn = { '2026-03-02': 3 };
    expect(await findGaps({ whole: { ...march, platformCount: 3 }, listedOn, count })).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('keeps to a range that begins and ends within days', async () => {
    const whole = {
      start: new Date('2026-03-01T18:00:00Z'),
      end: new Date('2026-03-02T06:00:00Z'),
      platformCount: 2,
    };
    const { count } = countingPlatform(['2026-03-01T20:00:00Z', '2026-03-02T05:00:00Z']);
    expect(await findGaps({ whole, listedOn: { '2026-03-01': 1 }, count })).toEqual([
      { start: day('2026-03-02'), end: whole.end, platformCount: 1, listed: 0 },
    ]);
  });

  it('finds calls that are older than anything listed, where the range has no start', async () => {
    const whole = { start: null, end: day('2026-03-04'), platformCount: 3 };
    const { count } = countingPlatform([
      '2019-05-05T10:00:00Z',
      '2026-03-01T10:00:00Z',
      '2026-03-03T10:00:00Z',
    ]);
    const listedOn = { '2026-03-01': 1, '2026-03-03': 1 };
    expect(await findGaps({ whole, listedOn, count })).toEqual([
      { start: null, end: day('2026-03-01'), platformCount: 1, listed: 0 },
    ]);
  });

  it('says no more than that calls are missing when nothing was listed in an open range', async () => {
    const whole = { start: null, end: day('2026-03-04'), platformCount: 2 };
    const { asked, count } = countingPlatform([]);
    expect(await findGaps({ whole, listedOn: {}, count })).toEqual([{ ...whole, listed: 0 }]);
    expect(asked).toEqual([]);
  });

  it('leaves longer stretches where a platform lacks calls on very many days', async () => {
    const whole = { start: day('2020-01-01'), end: day('2026-01-01'), platformCount: 2192 };
    let questions = 0;
    const count = ({ start, end }: DateRange) => {
      questions += 1;
      return Promise.resolve(((end?.getTime() ?? 0) - (start?.getTime() ?? 0)) / 86_400_000);
    };
    const gaps = await findGaps({ whole, listedOn: {}, count });
    expect(questions).toBe(60);
    expect(gaps).toHaveLength(61);
    expect(gaps.reduce((sum, gap) => sum + gap.platformCount, 0)).toBe(2192);
    expect(gaps[0]?.start).toEqual(day('2020-01-01'));
    expect(gaps.at(-1)?.end).toEqual(day('2026-01-01'));
  });
});

describe('describeGaps', () => {
  const gap = { platformCount: 3, listed: 1 };

  it('names days, stretches of days, and what lies before all of them', () => {
    const gaps = [
      { ...gap, start: null, end: day('2026-03-01') },
      { ...gap, start: day('2026-03-01'), end: day('2026-03-02') },
      { ...gap, start: day('2026-03-04'), end: day('2026-03-07') },
    ];
    expect(describeGaps(gaps)).toBe(
      '2 until 2026-02-28, 2 on 2026-03-01, 2 from 2026-03-04 to 2026-03-06',
    );
  });

  it('names five, and counts the others', () => {
    const gaps = Array.from({ length: 7 }, (_, index) => ({
      ...gap,
      start: day(`2026-03-0${index + 1}`),
      end: day(`2026-03-0${index + 2}`),
    }));
    expect(describeGaps(gaps)).toMatch(/2 on 2026-03-05, and on 2 more days$/);
  });
});
