import { readRateLimitHeaders } from './rate-limit-headers.ts';

const now = new Date('2025-11-20T10:00:00.000Z');

describe('readRateLimitHeaders', () => {
  it.each(['x-ratelimit-', 'X-Rate-Limit-', 'RateLimit-'])('reads the %s* family', (prefix) => {
    const headers = new Headers({
      [`${prefix}limit`]: '300',
      [`${prefix}remaining`]: '0',
      [`${prefix}reset`]: '42',
      [`${prefix}window`]: '60',
    });
    expect(readRateLimitHeaders(headers, now)).toEqual({
      limit: 300,
      remaining: 0,
      resetMs: 42_000,
      windowSeconds: 60,
    });
  });

  it('reads what some name after their API', () => {
    const headers = new Headers({
      'x-ratelimit-limit-api': '60',
      'x-ratelimit-remaining-api': '0',
      'x-ratelimit-reset-api': '12',
    });
    expect(readRateLimitHeaders(headers, now)).toEqual({
      limit: 60,
      remaining: 0,
      resetMs: 12_000,
      windowSeconds: null,
    });
  });

  it.each([
    ['epoch seconds', '1763632830', 30_000],
    ['epoch milliseconds', '1763632830000', 30_000],
    ['an instant in the past', '1763632000', 0],
    ['more than a day', '200000', 86_400_000],
  ])('reads a reset as %s', (_what, value, resetMs) => {
    const headers = new Headers({ 'x-ratelimit-reset': value });
    expect(readRateLimitHeaders(headers, now).resetMs).toBe(resetMs);
  });

  it('takes what is no plain number for nothing said', () => {
    const headers = new Headers({
      'ratelimit-limit': '100, 100;w=60',
      'x-ratelimit-reset': 'soon',
    });
    expect(readRateLimitHeaders(headers, now)).toEqual({
      limit: null,
      remaining: null,
      resetMs: null,
      windowSeconds: null,
    });
  });
});
