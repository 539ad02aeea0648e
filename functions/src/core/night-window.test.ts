import { hoursLeft, isNight, nextNight, nightHours } from './night-window.ts';
import type { NightWindow } from './settings.ts';

const newYork: NightWindow = { timeZone: 'America/New_York', startHour: 20, endHour: 8 };
const utc = (startHour: number, endHour: number): NightWindow => ({
  timeZone: 'UTC',
  startHour,
  endHour,
});

describe('isNight', () => {
  it.each<[string, NightWindow, string, boolean]>([
    ['a minute before a window that spans midnight', utc(20, 8), '2026-03-02T19:59:59.999Z', false],
    ['the start of a window that spans midnight', utc(20, 8), '2026-03-02T20:00:00Z', true],
    ['midnight', utc(20, 8), '2026-03-03T00:00:00Z', true],
    [
      'the last moment of a window that spans midnight',
      utc(20, 8),
      '2026-03-03T07:59:59.999Z',
      true,
    ],
    ['the end of a window that spans midnight', utc(20, 8), '2026-03-03T08:00:00Z', false],
    ['noon', utc(20, 8), '2026-03-03T12:00:00Z', false],
    ['before a window within a day', utc(1, 5), '2026-03-03T00:59:59Z', false],
    ['the start of a window within a day', utc(1, 5), '2026-03-03T01:00:00Z', true],
    ['the last moment of a window within a day', utc(1, 5), '2026-03-03T04:59:59Z', true],
    ['the end of a window within a day', utc(1, 5), '2026-03-03T05:00:00Z', false],
    ['the start of a window from midnight', utc(0, 6), '2026-03-03T00:00:00Z', true],
    ['the last moment of a window to midnight', utc(18, 24), '2026-03-03T23:59:59Z', true],
    ['midnight after a window to midnight', utc(18, 24), '2026-03-03T00:00:00Z', false],
    ['any moment of a window that ends as it starts', utc(9, 9), '2026-03-03T08:59:59Z', true],
    ['noon in the window of the whole day', utc(0, 24), '2026-03-03T12:00:00Z', true],
  ])('knows of %s', (_name, window, now, expected) => {
    expect(isNight(new Date(now), window)).toBe(expected);
  });

  it.each<[string, string, string, boolean]>([
    ['in winter', 'America/New_York', '2026-01-15T00:59:59Z', false],
    ['in winter', 'America/New_York', '2026-01-15T01:00:00Z', true],
    ['in summer', 'America/New_York', '2026-07-14T23:59:59Z', false],
    ['in summer', 'America/New_York', '2026-07-15T00:00:00Z', true],
    // Clocks go from 2:00 to 3:00 on 8 March 2026 at 07:00 UTC.
    ['on the morning when clocks go forward', 'America/New_York', '2026-03-08T11:59:59Z', true],
    ['on the morning when clocks go forward', 'America/New_York', '2026-03-08T12:00:00Z', false],
    // Clocks go from 2:00 to 1:00 on 1 November 2026 at 06:00 UTC.
    ['on the morning when clocks go back', 'America/New_York', '2026-11-01T12:59:59Z', true],
    ['on the morning when clocks go back', 'America/New_York', '2026-11-01T13:00:00Z', false],
    ['east of Greenwich', 'Asia/Tokyo', '2026-01-15T10:59:59Z', false],
    ['east of Greenwich', 'Asia/Tokyo', '2026-01-15T11:00:00Z', true],
    ['half an hour off', 'Asia/Kolkata', '2026-01-15T14:29:59Z', false],
    ['half an hour off', 'Asia/Kolkata', '2026-01-15T14:30:00Z', true],
  ])('goes by the clock on the wall %s (%s, %s): %s', (_name, timeZone, now, expected) => {
    expect(isNight(new Date(now), { ...newYork, timeZone })).toBe(expected);
  });

  it('has one hour less on the night when clocks go forward, and one more when they go back', () => {
    const hoursFrom = (noon: string) =>
      Array.from({ length: 24 }, (_, hour) => new Date(Date.parse(noon) + hour * 3_600_000)).filter(
        (now) => isNight(now, newYork),
      ).length;

    expect(hoursFrom('2026-03-01T17:00:00Z')).toBe(12);
    expect(hoursFrom('2026-03-07T17:00:00Z')).toBe(11);
    expect(hoursFrom('2026-10-31T16:00:00Z')).toBe(13);
  });
});

describe('nightHours', () => {
  it.each([
    [20, 8, 12],
    [1, 5, 4],
    [0, 6, 6],
    [18, 24, 6],
    [23, 0, 1],
    [9, 9, 24],
    [0, 24, 24],
  ])('from %i to %i is %i', (startHour, endHour, expected) => {
    expect(nightHours(utc(startHour, endHour))).toBe(expected);
  });
});

describe('nextNight', () => {
  it.each<[string, NightWindow, string, string]>([
    ['by day', utc(20, 8), '2026-03-02T12:00:00Z', '2026-03-02T20:00:00.000Z'],
    ['ten minutes before', utc(20, 8), '2026-03-02T19:50:00Z', '2026-03-02T20:00:00.000Z'],
    ['as it begins', utc(20, 8), '2026-03-02T20:00:00Z', '2026-03-03T20:00:00.000Z'],
    ['by night', utc(20, 8), '2026-03-03T02:00:00Z', '2026-03-03T20:00:00.000Z'],
    ['in New York in winter', newYork, '2026-03-02T12:00:00Z', '2026-03-03T01:00:00.000Z'],
    ['over the change to summer', newYork, '2026-03-08T03:00:00Z', '2026-03-09T00:00:00.000Z'],
    [
      'where the clock is half an hour off',
      { timeZone: 'Asia/Kolkata', startHour: 20, endHour: 8 },
      '2026-03-02T12:00:00Z',
      '2026-03-02T14:30:00.000Z',
    ],
  ])('%s', (_name, window, after, expected) => {
    expect(nextNight(new Date(after), window).toISOString()).toBe(expected);
  });
});

describe('hoursLeft', () => {
  const hours = (from: string, window: NightWindow) =>
    hoursLeft(new Date(from), window).map((hour) => hour.toISOString().slice(11, 16));

  it('are the full hours until the end of the night', () => {
    expect(hours('2026-03-03T05:00:00Z', utc(20, 8))).toEqual(['05:00', '06:00', '07:00']);
    expect(hours('2026-03-03T05:00:01Z', utc(20, 8))).toEqual(['06:00', '07:00']);
    expect(hours('2026-03-03T07:30:00Z', utc(20, 8))).toEqual([]);
  });

  it('are none by day, and at most those of a day', () => {
    expect(hours('2026-03-03T12:00:00Z', utc(20, 8))).toEqual([]);
    expect(hours('2026-03-03T12:00:00Z', utc(0, 24))).toHaveLength(24);
  });
});
