import { parseRetryAfter } from './retry-after.ts';

const now = new Date('2025-11-20T10:00:00.000Z');

describe('parseRetryAfter', () => {
  it.each([
    ['seconds', '120', 120_000],
    ['fractions of seconds', '1.5', 1500],
    ['zero', '0', 0],
    ['seconds with spaces around', ' 7 ', 7000],
    ['an HTTP date', 'Thu, 20 Nov 2025 10:01:30 GMT', 90_000],
    ['a date in the past', 'Thu, 20 Nov 2025 09:00:00 GMT', 0],
    ['an ISO date', '2025-11-20T10:00:05Z', 5000],
    ['an epoch in seconds', '1763632860', 60_000],
    ['an epoch in the past', '1763600000', 0],
    ['more than a day', '999999', 86_400_000],
    ['a date far away', 'Fri, 20 Nov 2026 10:00:00 GMT', 86_400_000],
  ])('reads %s', (_what, value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });

  it.each([null, '', 'soon', '-5', 'NaN', 'Infinity', '1e9', '12 minutes', 'Thu, nonsense'])(
    'takes %p for nothing said',
    (value) => {
      expect(parseRetryAfter(value, now)).toBeNull();
    },
  );
});
