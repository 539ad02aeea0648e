import { sampleJob } from '../testing/sample-records.ts';
import { toCompleteness } from './completeness.ts';

const base = sampleJob('in_progress');
const totals = { imported: 70, failed: 5, gone: 4, noConsent: 3, filtered: 2 };

describe('toCompleteness', () => {
  it('sums up what became of each call that the platform listed', () => {
    const listing = { ...base.listing, platformCount: 120, rejected: 6 };
    const job = sampleJob('in_progress', { listing, listedCalls: 90, duplicateCalls: 10, totals });

    expect(toCompleteness(job)).toStrictEqual({
      platformCount: 120,
      listed: 106,
      imported: 70,
      duplicates: 10,
      skipped: 9,
      failed: 5,
      rejected: 6,
      open: 6,
      missing: 14,
    });
  });

  it('misses nothing when the platform does not count: that is not zero', () => {
    const job = sampleJob('completed', { listedCalls: 84, totals });

    expect(toCompleteness(job)).toMatchObject({ platformCount: null, open: 0, missing: 0 });
  });

  it('misses nothing when the platform listed more than it counts', () => {
    const listing = { ...base.listing, platformCount: 80 };
    const job = sampleJob('completed', { listing, listedCalls: 84, totals });

    expect(toCompleteness(job)).toMatchObject({ platformCount: 80, listed: 84, missing: 0 });
  });

  it('misses all when the platform counts and lists nothing', () => {
    const job = sampleJob('in_progress', { listing: { ...base.listing, platformCount: 3 } });

    expect(toCompleteness(job)).toMatchObject({ listed: 0, open: 0, missing: 3 });
  });

  it('adds up: what was listed is what became of it', () => {
    const listing = { ...base.listing, rejected: 6 };
    const sums = toCompleteness(
      sampleJob('in_progress', { listing, listedCalls: 90, duplicateCalls: 10, totals }),
    );

    const { imported, duplicates, skipped, failed, rejected, open } = sums;
    expect(imported + duplicates + skipped + failed + rejected + open).toBe(sums.listed);
  });
});
