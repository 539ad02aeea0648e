import { errorKinds } from '../errors.ts';
import { sampleAttempt, sampleCall, sampleJob } from '../testing/sample-records.ts';
import { tellCall } from './call-story.ts';
import type { ImportedCall } from './imported-call.ts';
import type { ImportJob } from './import-job.ts';

const running = sampleJob('in_progress');
const filtered = { config: { ...running.config, filters: { owner: 'ann', private: false } } };
const nightly = { config: { ...running.config, schedule: 'nightly' as const } };
const lastError = {
  ...{ kind: 'auth_invalid', source: 'gong', message: 'Gong rejected the key.' },
  at: new Date('2026-03-02T09:00:00Z'),
};
const fresh = { attempts: [], failures: 0 };
const skipped = (reason: 'gone' | 'no_consent' | 'filtered') => {
  const call = sampleCall('skipped');
  return call.status === 'skipped' ? { ...call, reason } : call;
};
const nothing = 'Nothing: it comes by itself.';

describe('tellCall', () => {
  it.each<[string, ImportedCall, ImportJob | null, string, string]>([
    [
      'imported',
      sampleCall('completed'),
      running,
      'Imported from Gong on 2026-03-02 09:04 UTC by import job-1.',
      'Nothing. GET /admin/imports/job-1/calls/call-1 shows its engagement.',
    ],
    [
      'failed',
      sampleCall('failed', { attempts: [sampleAttempt, sampleAttempt] }),
      running,
      'Failed on 2026-03-02 09:01 UTC after 2 tries: Gong did not answer.',
      'Start it again: POST /admin/imports/job-1/retry?code=unavailable.',
    ],
    [
      'gone',
      skipped('gone'),
      running,
      'Skipped on 2026-03-02 09:05 UTC: Gong no longer had it, or no recording of it.',
      'Ask the customer whether it is still there at Gong; if it is, start a new import, which takes it up again.',
    ],
    [
      'without consent',
      skipped('no_consent'),
      running,
      'Skipped on 2026-03-02 09:05 UTC: Gong says that not everybody agreed to be recorded.',
      'Nothing: a call without consent is not imported.',
    ],
    [
      'left out by filters',
      skipped('filtered'),
      sampleJob('completed', filtered),
      'Left out on 2026-03-02 09:05 UTC: import job-1 did not ask for calls like it (its filters: owner=ann, private=false).',
      'If it is wanted, start a new import whose filters let it through: GET /admin/platforms lists them.',
    ],
    [
      'left out though there were no filters',
      skipped('filtered'),
      null,
      'Left out on 2026-03-02 09:05 UTC: import job-1 did not ask for calls like it (it had no filters).',
      'If it is wanted, start a new import whose filters let it through: GET /admin/platforms lists them.',
    ],
    [
      'of an import that is gone',
      sampleCall('pending'),
      null,
      'Listed, and never had its turn: its import is no longer there.',
      'Start a new import, which takes it up.',
    ],
    [
      'of a paused import',
      sampleCall('pending'),
      sampleJob('paused'),
      'Waits: import job-1 is paused.',
      'Let the import go on: POST /admin/imports/job-1/resume.',
    ],
    [
      'of a cancelled import',
      sampleCall('downloading'),
      sampleJob('cancelled'),
      'Import job-1 was cancelled before it had its turn.',
      'Start a new import, which takes it up.',
    ],
    [
      'of an import that was stopped',
      sampleCall('pending'),
      sampleJob('failed', { lastError }),
      'Import job-1 ended before it had its turn: Gong rejected the key.',
      'Mend what stopped the import, then start its calls again: POST /admin/imports/job-1/retry.',
    ],
    [
      'of an import that ended without a word',
      sampleCall('pending'),
      sampleJob('partial'),
      'Import job-1 ended before it had its turn.',
      'Mend what stopped the import, then start its calls again: POST /admin/imports/job-1/retry.',
    ],
    [
      'in work',
      sampleCall('transcribing'),
      running,
      'Import job-1 is working on it (transcribing).',
      nothing,
    ],
    [
      'waiting for another try',
      sampleCall('pending'),
      running,
      'Waits for another try after one try: Gong did not answer. It is tried again from 2026-03-02 09:02 UTC on.',
      nothing,
    ],
    [
      'waiting for its first try',
      sampleCall('pending', fresh),
      running,
      'Waits for its turn in import job-1.',
      nothing,
    ],
    [
      'waiting for the night',
      sampleCall('pending', fresh),
      sampleJob('in_progress', nightly),
      'Waits for its turn in import job-1, which works by night only.',
      nothing,
    ],
  ])('of a call that is %s', (_name, call, job, explanation, next) => {
    expect(tellCall(call, job)).toEqual({ explanation, next });
  });

  it('names no time of another try where there is none', () => {
    const call = sampleCall('pending');
    const released = call.status === 'pending' ? { ...call, notBefore: null } : call;
    expect(tellCall(released, running).explanation).toBe(
      'Waits for another try after one try: Gong did not answer.',
    );
  });

  it('has one thing to do for each kind of failure, and how to start the call again', () => {
    const call = sampleCall('failed');
    for (const kind of errorKinds) {
      const failed = call.status === 'failed' ? { ...call, error: { ...call.error, kind } } : call;
      expect(tellCall(failed, running).next).toMatch(
        new RegExp(`[Ss]tart it again: POST /admin/imports/job-1/retry\\?code=${kind}\\.$`),
      );
    }
  });
});
