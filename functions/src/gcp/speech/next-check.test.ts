import { toNextCheckMs } from './next-check.ts';

describe('toNextCheckMs', () => {
  const table: readonly (readonly [string, number | null, number, number])[] = [
    ['knows nothing: the first hint', null, 0, 15_000],
    ['has just begun: the first hint', 0, 0, 15_000],
    ['has run for a minute: half of that', 60_000, 0, 30_000],
    ['has run for an hour: five minutes at most', 3_600_000, 0, 300_000],
    ['is at 75 % after a minute: a third of that', 60_000, 75, 20_000],
    ['is at 99 %: no sooner than the first hint', 60_000, 99, 15_000],
    ['is at 1 %: five minutes at most', 60_000, 1, 300_000],
    ['is at 100 % and still running: half of its time', 60_000, 100, 30_000],
    ['was created in our future: the first hint', -5_000, 0, 15_000],
  ];

  it.each(table)('%s', (_name, elapsedMs, progressPercent, expected) => {
    const limits = { firstCheckMs: 15_000, maxCheckMs: 300_000 };
    expect(toNextCheckMs({ elapsedMs, progressPercent, ...limits })).toBe(expected);
  });
});
