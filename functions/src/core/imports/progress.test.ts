import { noTotals, sampleJob } from '../testing/sample-records.ts';
import { jobStatuses, type ImportJob } from './import-job.ts';
import { estimateCompletion, toProgress } from './progress.ts';

/** 100 s after the samples' start. */
const now = new Date('2026-03-02T09:01:40Z');
const { listing } = sampleJob('in_progress');
const fifty = { imported: 40, failed: 4, gone: 3, noConsent: 2, filtered: 1 };

describe('toProgress', () => {
  it.each<[string, Partial<ImportJob>, object]>([
    [
      'what is left of a finished listing',
      {
        listing: { ...listing, isFinished: true, platformCount: 999 },
        listedCalls: 75,
        totals: fifty,
      },
      { callsPerSecond: 0.5, remainingCalls: 25, remainingSeconds: 50 },
    ],
    [
      'what the platform counts, less the duplicates, while the listing goes on',
      {
        listing: { ...listing, platformCount: 200 },
        listedCalls: 60,
        duplicateCalls: 30,
        totals: fifty,
      },
      { callsPerSecond: 0.5, remainingCalls: 120, remainingSeconds: 240 },
    ],
    [
      'what is listed, where that is more than the platform counts',
      { listing: { ...listing, platformCount: 10 }, listedCalls: 60, totals: fifty },
      { callsPerSecond: 0.5, remainingCalls: 10, remainingSeconds: 20 },
    ],
    [
      'a pace and no end, where the listing goes on and nobody counts',
      { listedCalls: 60, totals: fifty },
      { callsPerSecond: 0.5, remainingCalls: null, remainingSeconds: null },
    ],
    [
      'a number and no pace before the first call has ended',
      { listing: { ...listing, isFinished: true }, listedCalls: 60 },
      { callsPerSecond: null, remainingCalls: 60, remainingSeconds: null },
    ],
    [
      'no pace where no time has passed',
      {
        listing: { ...listing, isFinished: true },
        listedCalls: 60,
        totals: fifty,
        startedAt: now,
      },
      { callsPerSecond: null, remainingCalls: 10, remainingSeconds: null },
    ],
    [
      'nothing left where more ended than was listed',
      { listing: { ...listing, isFinished: true }, listedCalls: 45, totals: fifty },
      { callsPerSecond: 0.5, remainingCalls: 0, remainingSeconds: 0 },
    ],
    [
      'whole seconds, rounded up',
      {
        listing: { ...listing, isFinished: true },
        listedCalls: 31,
        totals: { ...noTotals, imported: 30 },
      },
      { callsPerSecond: 0.3, remainingCalls: 1, remainingSeconds: 4 },
    ],
  ])('tells %s', (_name, fields, expected) => {
    expect(toProgress(sampleJob('in_progress', fields), now)).toStrictEqual(expected);
  });

  it('has no pace before the start', () => {
    expect(toProgress(sampleJob('queued', { totals: fifty }), now).callsPerSecond).toBeNull();
  });

  it('keeps the pace that a job ended with, however long ago that was', () => {
    const job = sampleJob('completed', { totals: { ...noTotals, imported: 7200 } });

    expect(toProgress(job, new Date('2026-03-09T09:00:00Z')).callsPerSecond).toBe(2);
  });
});

describe('estimateCompletion', () => {
  const fields = { listing: { ...listing, isFinished: true }, listedCalls: 75, totals: fifty };

  it('is so many seconds from now', () => {
    expect(estimateCompletion(sampleJob('in_progress', fields), now)).toEqual(
      new Date('2026-03-02T09:02:30Z'),
    );
  });

  it('is null where nobody knows', () => {
    expect(estimateCompletion(sampleJob('counting'), now)).toBeNull();
  });

  it.each(jobStatuses.filter((status) => status !== 'counting' && status !== 'in_progress'))(
    'is null for a job that is %s',
    (status) => {
      expect(estimateCompletion(sampleJob(status, fields), now)).toBeNull();
    },
  );
});
