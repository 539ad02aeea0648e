import { noTotals, sampleJob } from '../testing/sample-records.ts';
import type { CallTotals, ImportJob, JobError } from './import-job.ts';
import { decideOutcome } from './outcome.ts';

const rejectedKey: JobError = {
  kind: 'auth_invalid',
  source: 'gong',
  message: 'Gong rejects this key.',
  at: new Date('2026-03-02T09:30:00Z'),
};

interface Facts {
  readonly totals?: Partial<CallTotals>;
  readonly duplicates?: number;
  readonly rejected?: number;
  readonly platformCount?: number | null;
  readonly gaps?: ImportJob['listing']['gaps'];
  readonly lastError?: JobError;
}

function outcomeOf({ totals, duplicates, rejected, platformCount, gaps, lastError }: Facts) {
  const sums = { ...noTotals, ...totals };
  const base = sampleJob('in_progress', { updatedAt: new Date('2026-03-02T09:45:00Z') });
  const job = {
    ...base,
    listing: {
      ...base.listing,
      rejected: rejected ?? 0,
      platformCount: platformCount ?? null,
      gaps: gaps ?? null,
    },
    listedCalls: sums.imported + sums.failed + sums.gone + sums.noConsent + sums.filtered,
    duplicateCalls: duplicates ?? 0,
    // Older than the counters, which decide.
    totals: { ...noTotals, failed: 99 },
  };
  return decideOutcome({ job, totals: sums, lastError: lastError ?? null });
}

describe('decideOutcome', () => {
  it.each<[string, Facts, 'completed' | 'partial' | 'failed']>([
    ['everything was imported', { totals: { imported: 10 } }, 'completed'],
    ['there was nothing to import', {}, 'completed'],
    ['everything was imported before', { duplicates: 10 }, 'completed'],
    ['calls were skipped', { totals: { gone: 3, noConsent: 2, filtered: 1 } }, 'completed'],
    ['some calls failed', { totals: { imported: 9, failed: 1 } }, 'partial'],
    [
      'some failed, the others were duplicates',
      { totals: { failed: 1 }, duplicates: 1 },
      'partial',
    ],
    ['every call failed', { totals: { failed: 10 } }, 'failed'],
    ['calls failed and the rest was skipped', { totals: { failed: 1, gone: 9 } }, 'failed'],
    ['records were set aside', { totals: { imported: 9 }, rejected: 1 }, 'partial'],
    ['every record was set aside', { rejected: 10 }, 'failed'],
    ['the platform counts as many', { totals: { imported: 10 }, platformCount: 10 }, 'completed'],
    ['the platform counts fewer', { totals: { imported: 10 }, platformCount: 7 }, 'completed'],
    [
      'duplicates and records set aside make up the count',
      { totals: { imported: 5 }, duplicates: 5, platformCount: 10 },
      'completed',
    ],
  ])('when %s: %j is %s', (_name, facts, status) => {
    expect(outcomeOf(facts)).toEqual({ status, lastError: null });
  });

  it('is partial and says why when the platform counts more than it listed', () => {
    expect(outcomeOf({ totals: { imported: 90 }, duplicates: 7, platformCount: 100 })).toEqual({
      status: 'partial',
      lastError: {
        kind: 'contract',
        source: 'gong',
        message: 'The platform counts 3 more than it listed in this range.',
        at: new Date('2026-03-02T09:45:00Z'),
      },
    });
  });

  it('names the days on which they are missing, where these were found', () => {
    const gap = {
      start: new Date('2026-03-01T00:00:00Z'),
      end: new Date('2026-03-02T00:00:00Z'),
      ...{ platformCount: 12, listed: 10 },
    };
    const { lastError } = outcomeOf({ totals: { imported: 90 }, platformCount: 92, gaps: [gap] });
    expect(lastError?.message).toBe(
      'The platform counts 2 more than it listed in this range: 2 on 2026-03-01.',
    );
  });

  it('is partial, too, when the platform counts calls and lists none', () => {
    expect(outcomeOf({ platformCount: 2 })).toMatchObject({ status: 'partial' });
  });

  it.each<[string, Facts, 'partial' | 'failed']>([
    ['nothing was imported', {}, 'failed'],
    ['calls were only skipped', { totals: { gone: 4 } }, 'failed'],
    ['something was imported', { totals: { imported: 1 } }, 'partial'],
    ['something had been imported before', { duplicates: 1 }, 'partial'],
    ['something is missing, too', { totals: { imported: 1 }, platformCount: 9 }, 'partial'],
  ])('keeps the reason of a job that cannot go on when %s: %j is %s', (_name, facts, status) => {
    expect(outcomeOf({ ...facts, lastError: rejectedKey })).toEqual({
      status,
      lastError: rejectedKey,
    });
  });
});
