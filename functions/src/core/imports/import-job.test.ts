import { ImportError } from '../errors.ts';
import { noTotals, sampleJob } from '../testing/sample-records.ts';
import {
  CallTotals,
  endedCalls,
  ImportJob,
  isEnded,
  isLive,
  JobError,
  jobStatuses,
  liveStatuses,
  skippedCalls,
  transitionJob,
  type JobEvent,
  type JobStatus,
} from './import-job.ts';

const nine = new Date('2026-03-02T09:00:00Z');
const ten = new Date('2026-03-02T10:00:00Z');
const noon = new Date('2026-03-02T12:00:00Z');

const events = {
  start: { type: 'start', at: noon },
  counted: { type: 'counted' },
  pause: { type: 'pause' },
  resume: { type: 'resume' },
  'end completed': { type: 'end', outcome: 'completed', at: noon },
  'end partial': { type: 'end', outcome: 'partial', at: noon },
  'end failed': { type: 'end', outcome: 'failed', at: noon },
  cancel: { type: 'cancel', at: noon },
  reopen: { type: 'reopen', at: noon },
} as const satisfies Record<string, JobEvent>;
type EventName = keyof typeof events;

/** The state after, when it started and when it ended; or how the event is refused. */
type Expected = readonly [JobStatus, Date | null, Date | null] | string;

const refusals = {
  start: 'started',
  counted: 'counted',
  pause: 'paused',
  resume: 'resumed',
  'end completed': 'ended',
  'end partial': 'ended',
  'end failed': 'ended',
  cancel: 'cancelled',
  reopen: 'reopened',
} as const satisfies Record<EventName, string>;

const table: Record<JobStatus, Record<EventName, Expected>> = {
  queued: {
    ...refusals,
    start: ['counting', noon, null],
    cancel: ['cancelled', null, noon],
  },
  counting: {
    ...refusals,
    counted: ['in_progress', nine, null],
    'end completed': ['completed', nine, noon],
    'end partial': ['partial', nine, noon],
    'end failed': ['failed', nine, noon],
    cancel: ['cancelled', nine, noon],
  },
  in_progress: {
    ...refusals,
    pause: ['paused', nine, null],
    'end completed': ['completed', nine, noon],
    'end partial': ['partial', nine, noon],
    'end failed': ['failed', nine, noon],
    cancel: ['cancelled', nine, noon],
  },
  paused: {
    ...refusals,
    resume: ['in_progress', nine, null],
    cancel: ['cancelled', nine, noon],
  },
  completed: { ...refusals, reopen: ['in_progress', nine, null] },
  partial: { ...refusals, reopen: ['in_progress', nine, null] },
  failed: { ...refusals, reopen: ['in_progress', nine, null] },
  cancelled: refusals,
};

// The keys of the two records above, which their types list in full.
const eventNames = Object.keys(events) as EventName[];

describe('transitionJob', () => {
  for (const from of jobStatuses) {
    for (const name of eventNames) {
      const expected = table[from][name];
      if (typeof expected === 'string') {
        it(`refuses ${name} of a job that is ${from}, and says so`, () => {
          const attempt = () => transitionJob(sampleJob(from), events[name]);

          expect(attempt).toThrow(ImportError);
          expect(attempt).toThrow(
            expect.objectContaining({
              kind: 'conflict',
              source: 'admin',
              retryable: false,
              publicMessage: `Import job-1 is ${from} and can't be ${expected}.`,
            }),
          );
        });
      } else {
        it(`turns ${from} into ${expected[0]} on ${name} and changes nothing else`, () => {
          const job = sampleJob(from, { listedCalls: 7, duplicateCalls: 2, lastError: null });
          const before = structuredClone(job);
          const [status, startedAt, completedAt] = expected;

          const after = transitionJob(job, events[name]);

          expect(after).toStrictEqual({ ...before, status, startedAt, completedAt });
          expect(ImportJob.safeParse(after).success).toBe(true);
          expect(job).toStrictEqual(before);
        });
      }
    }
  }

  it('starts a job now that is reopened and had never started', () => {
    const job = sampleJob('failed', { startedAt: null });

    expect(transitionJob(job, events.reopen)).toMatchObject({
      status: 'in_progress',
      startedAt: noon,
      completedAt: null,
    });
  });
});

describe('ImportJob', () => {
  it.each<[JobStatus, { startedAt: Date | null; completedAt: Date | null }]>([
    ['queued', { startedAt: nine, completedAt: null }],
    ['queued', { startedAt: null, completedAt: ten }],
    ['counting', { startedAt: null, completedAt: null }],
    ['in_progress', { startedAt: nine, completedAt: ten }],
    ['paused', { startedAt: null, completedAt: null }],
    ['completed', { startedAt: nine, completedAt: null }],
    ['partial', { startedAt: nine, completedAt: null }],
    ['failed', { startedAt: null, completedAt: null }],
    ['cancelled', { startedAt: null, completedAt: null }],
  ])('is not %s with the times %j', (status, times) => {
    expect(ImportJob.safeParse({ ...sampleJob(status), ...times }).success).toBe(false);
  });
});

describe('isLive and isEnded', () => {
  it.each<[JobStatus, { live: boolean; ended: boolean }]>([
    ['queued', { live: false, ended: false }],
    ['counting', { live: true, ended: false }],
    ['in_progress', { live: true, ended: false }],
    ['paused', { live: false, ended: false }],
    ['completed', { live: false, ended: true }],
    ['partial', { live: false, ended: true }],
    ['failed', { live: false, ended: true }],
    ['cancelled', { live: false, ended: true }],
  ])('knows of a %s job: %j', (status, expected) => {
    const job = sampleJob(status);

    expect({ live: isLive(job), ended: isEnded(job) }).toEqual(expected);
  });
});

describe('liveStatuses', () => {
  it('names the states of live jobs', () => {
    expect(jobStatuses.filter((status) => isLive(sampleJob(status)))).toEqual([...liveStatuses]);
  });
});

describe('what is stored beside a job', () => {
  it.each([
    ['a part of a call', { ...noTotals, gone: 1.5 }],
    ['no counter for skipped calls', { imported: 1, failed: 0 }],
  ])('are no totals with %s', (_name, totals) => {
    expect(CallTotals.safeParse(totals).success).toBe(false);
  });

  it('is no error without an instant', () => {
    const error = { kind: 'timeout', source: 'gong', message: 'Gong took too long.' };

    expect(JobError.safeParse({ ...error, at: nine }).success).toBe(true);
    expect(JobError.safeParse({ ...error, at: '2026-03-02T09:00:00Z' }).success).toBe(false);
  });
});

describe('endedCalls and skippedCalls', () => {
  it('add up what ended, by how it ended', () => {
    const totals = { imported: 1000, failed: 200, gone: 30, noConsent: 4, filtered: 5 };

    expect(endedCalls(totals)).toBe(1239);
    expect(skippedCalls(totals)).toBe(39);
  });

  it('are zero before the first call ends', () => {
    expect(endedCalls(noTotals)).toBe(0);
    expect(skippedCalls(noTotals)).toBe(0);
  });
});
