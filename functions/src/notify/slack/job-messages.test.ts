import { ImportJob } from '../../core/imports/import-job.ts';
import { createJobMessages, toJobMessageView } from './job-messages.ts';

const job = ImportJob.parse({
  id: 'job1',
  customerId: 'acme',
  platform: 'zoho_meeting',
  jobType: 'import',
  requestedBy: 'sam@support.test',
  createdAt: new Date('2026-01-05T19:59:00Z'),
  updatedAt: new Date('2026-01-05T20:01:00Z'),
  credential: null,
  config: {
    dateRange: { start: null, end: null },
    filters: {},
    schedule: 'now',
    inputs: null,
  },
  listing: {
    cursor: 'page-2',
    isFinished: false,
    pages: 1,
    platformCount: 500,
    rejected: 0,
    failures: 0,
  },
  listedCalls: 100,
  duplicateCalls: 10,
  totals: { imported: 50, failed: 4, gone: 3, noConsent: 2, filtered: 1 },
  dispatch: {
    nextPage: 1,
    calls: 100,
    overdueCheckedAt: null,
    redispatch: null,
    round: 0,
    allowance: null,
  },
  lease: { holder: '', epoch: 1, expiresAt: null },
  lastError: {
    kind: 'unavailable',
    source: 'zoho_meeting',
    message: 'Zoho was down.',
    at: new Date('2026-01-05T20:00:30Z'),
  },
  limitedUntil: null,
  nextAdvanceAt: null,
  settleAt: null,
  status: 'in_progress',
  startedAt: new Date('2026-01-05T20:00:00Z'),
  completedAt: null,
});

const options = {
  platformName: () => 'Zoho Meeting',
  statusUrl: (jobId: string) => `https://app.test/jobs/${jobId}`,
};

function look(changed: Partial<ImportJob>, now = new Date('2026-01-05T20:01:00Z')) {
  return toJobMessageView(ImportJob.parse({ ...job, ...changed }), { ...options, now });
}

it('shows a job by what was counted of it', () => {
  expect(look({})).toEqual({
    jobId: 'job1',
    customerId: 'acme',
    platformName: 'Zoho Meeting',
    status: 'in_progress',
    totalCalls: 500,
    processedCalls: 70,
    importedCalls: 50,
    failedCalls: 4,
    skippedCalls: 6,
    duplicateCalls: 10,
    startedAt: new Date('2026-01-05T20:00:00Z'),
    endedAt: null,
    callsPerSecond: 1,
    remainingSeconds: 430,
    limitedUntil: null,
    lastError: 'Zoho was down.',
    requestedBy: 'sam@support.test',
    statusUrl: 'https://app.test/jobs/job1',
  });
});

it('counts a record that could not be read among the failed ones', () => {
  expect(look({ listing: { ...job.listing, rejected: 2 } })).toMatchObject({
    failedCalls: 6,
    processedCalls: 72,
  });
});

describe('the total', () => {
  it.each([
    ['is unknown while the platform does not say', { platformCount: null }, null],
    ['is what the platform says', { platformCount: 500 }, 500],
    ['is no less than what was listed', { platformCount: 20 }, 110],
    ['is what was listed where the platform says 0', { platformCount: 0 }, 110],
    ['is what was listed, once the listing ended', { platformCount: 500, isFinished: true }, 110],
  ])('%s', (_name, listing, totalCalls) => {
    expect(look({ listing: { ...job.listing, ...listing } }).totalCalls).toBe(totalCalls);
  });
});

describe('the pace', () => {
  it('is not told in the first seconds', () => {
    expect(look({}, new Date('2026-01-05T20:00:09Z'))).toMatchObject({
      callsPerSecond: null,
      remainingSeconds: null,
    });
  });

  it('promises no end while the platform holds the job up', () => {
    const limitedUntil = new Date('2026-01-06T04:12:00Z');
    expect(look({ limitedUntil })).toMatchObject({ limitedUntil, remainingSeconds: null });
  });

  it('forgets a limit that has passed', () => {
    expect(look({ limitedUntil: new Date('2026-01-05T20:00:59Z') })).toMatchObject({
      limitedUntil: null,
      remainingSeconds: 430,
    });
  });
});

it('has a message that lives with the job, and one for its end', () => {
  const messages = createJobMessages(options);
  const now = new Date('2026-01-05T20:01:00Z');
  const text = '🔄 Zoho Meeting import in progress for acme: 70 of 500 calls (14 %)';
  expect(messages.progress(job, now)).toMatchObject({ text });
  expect(messages.progress(job, now).blocks).toHaveLength(7);
  expect(messages.ending(job, now)).toMatchObject({ text });
  expect(messages.ending(job, now).blocks).toHaveLength(6);
});
