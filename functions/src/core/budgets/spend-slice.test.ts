import type { Slice } from './reserve-slice.ts';
import { dropMissed, holdSlice, slotsLeft, useSlot } from './spend-slice.ts';

const slice: Slice = {
  epoch: 0,
  day: '2026-03-04',
  startMs: 10_000,
  graceMs: 60,
  intervalMs: 100,
  count: 3,
};

describe('a slice in an instance’s hands', () => {
  it('is used at the reserved instants when it came in time', () => {
    const first = holdSlice(slice, 9000);
    const second = useSlot(first);
    const third = useSlot(second);
    expect([first, second, third].map(({ dueMs }) => dueMs)).toEqual([10_000, 10_100, 10_200]);
    expect([first, second, third, useSlot(third)].map(slotsLeft)).toEqual([3, 2, 1, 0]);
  });

  it.each([
    [10_040, 10_040],
    [10_200, 10_060],
  ])('that came at %d starts at %d', (nowMs, dueMs) => {
    const held = holdSlice(slice, nowMs);
    expect(held.dueMs).toBe(dueMs);
    expect(slotsLeft(held)).toBe(3);
  });

  it.each([
    [9000, 10_000, 3],
    [10_020, 10_000, 3],
    [10_021, 10_001, 2],
    [10_120, 10_100, 2],
    [10_121, 10_101, 1],
    [10_220, 10_200, 1],
    [10_221, 10_201, 0],
    [99_999, 99_979, 0],
  ])('that nobody used until %d goes on at %d with %d slots', (nowMs, dueMs, left) => {
    const held = dropMissed(holdSlice(slice, 9000), nowMs);
    expect(held.dueMs).toBe(dueMs);
    expect(slotsLeft(held)).toBe(left);
  });

  it('loses one slot to several short delays', () => {
    const once = useSlot(dropMissed(holdSlice(slice, 9000), 10_025));
    const twice = dropMissed(once, 10_128);
    expect(twice.dueMs).toBe(10_108);
    expect(slotsLeft(twice)).toBe(1);
  });
});
