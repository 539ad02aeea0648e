import { parseSchedule } from './cron-schedule.ts';

describe('a schedule', () => {
  it.each([
    ['0 20-23,0-8 * * *', '0 20-23,0-8 * * *', null],
    ['*/5 * * * *', '*/5 * * * *', null],
    ['every 1 minutes', '*/1 * * * *', null],
    ['every 5 mins', '*/5 * * * *', null],
    ['every minute', '*/1 * * * *', null],
    ['every 7 minutes', '* * * * *', 420],
    ['every 90 minutes', '* * * * *', 5400],
    ['every 2 hours', '0 */2 * * *', null],
    ['every 5 hours', '0 * * * *', 18_000],
    ['every day 20:00', '0 20 * * *', null],
    ['Every Monday 09:30', '30 9 * * 1', null],
    ['every mon,thu 00:05', '5 0 * * 1,4', null],
  ])('%s becomes %s', (schedule, pattern, intervalSeconds) => {
    expect(parseSchedule(schedule)).toEqual({ pattern, intervalSeconds });
  });

  it.each(['', 'sometimes', 'every 0 minutes', 'every day 25:00', 'every blursday 10:00', '* * *'])(
    '"%s" is refused',
    (schedule) => {
      expect(() => parseSchedule(schedule)).toThrow();
    },
  );
});
