import { nextQuotaDay, toQuotaDay } from './quota-day.ts';

describe('the day of a quota', () => {
  it.each([
    ['2026-03-04T00:00:00Z', 'UTC', '2026-03-04', '2026-03-05T00:00:00.000Z'],
    ['2026-03-04T23:59:59.999Z', 'UTC', '2026-03-04', '2026-03-05T00:00:00.000Z'],
    ['2026-03-04T03:00:00Z', 'America/New_York', '2026-03-03', '2026-03-04T05:00:00.000Z'],
    ['2026-03-04T05:00:00Z', 'America/New_York', '2026-03-04', '2026-03-05T05:00:00.000Z'],
    ['2026-03-04T12:00:00Z', 'Asia/Kathmandu', '2026-03-04', '2026-03-04T18:15:00.000Z'],
    // Clocks go forward: a day of 23 hours; and back: one of 25.
    ['2026-03-08T05:00:00Z', 'America/New_York', '2026-03-08', '2026-03-09T04:00:00.000Z'],
    ['2026-11-01T04:00:00Z', 'America/New_York', '2026-11-01', '2026-11-02T05:00:00.000Z'],
  ])('of %s in %s is %s and ends at %s', (at, timeZone, day, ends) => {
    expect(toQuotaDay(new Date(at), timeZone)).toBe(day);
    expect(nextQuotaDay(new Date(at), timeZone).toISOString()).toBe(ends);
  });
});
