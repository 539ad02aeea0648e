import { sampleJob } from '../testing/sample-records.ts';
import { jobStatuses, type JobStatus } from '../imports/import-job.ts';
import {
  decideNotification,
  JobNotification,
  toFirstNotification,
  type NotificationStep,
} from './notification.ts';

const message = { channelId: 'C1', messageId: '1767607200.000100' };
const noon = new Date('2026-03-02T12:00:00Z');
const seconds = (after: number) => new Date(noon.getTime() + after * 1000);
const ended = new Date('2026-03-02T10:00:00Z');

/** What was shown at noon: a job in progress as it had been written a second before. */
const shown: JobNotification = {
  jobId: 'job-1',
  message,
  sentStatus: 'in_progress',
  sentUpdatedAt: seconds(-1),
  sentAt: noon,
  announcedEnd: null,
  sender: null,
};

function decide(facts: {
  readonly notification?: Partial<JobNotification>;
  readonly status?: JobStatus;
  readonly updatedAt?: Date;
  readonly now?: Date;
}): NotificationStep {
  return decideNotification({
    notification: { ...shown, ...facts.notification },
    job: sampleJob(facts.status ?? 'in_progress', { updatedAt: facts.updatedAt ?? seconds(-1) }),
    now: facts.now ?? noon,
    intervalMs: 15_000,
  });
}

const post = { type: 'post' } as const;
const edit = { type: 'edit', message } as const;
const announce = { type: 'announce_end', at: ended } as const;
const nothing = { type: 'nothing' } as const;

describe('decideNotification', () => {
  it.each(jobStatuses)('posts a job of which nothing was sent yet: %s', (status) => {
    expect(decide({ notification: toFirstNotification('job-1'), status })).toEqual(post);
  });

  it('does not post again what the channel refused for good', () => {
    expect(
      decide({ notification: { message: null }, updatedAt: seconds(60), now: seconds(60) }),
    ).toEqual(nothing);
  });

  it.each(jobStatuses.filter((status) => status !== 'in_progress'))(
    'tries again to post what the channel refused once the job is %s',
    (status) => {
      expect(decide({ notification: { message: null }, status })).toEqual(post);
    },
  );

  it.each(jobStatuses.filter((status) => status !== 'in_progress'))(
    'edits at once when the job has become %s',
    (status) => {
      expect(decide({ status })).toEqual(edit);
    },
  );

  it('edits when there is news and 15 s have passed', () => {
    expect(decide({ updatedAt: seconds(3), now: seconds(15) })).toEqual(edit);
  });

  it('does not edit sooner', () => {
    expect(decide({ updatedAt: seconds(3), now: seconds(14.999) })).toEqual(nothing);
  });

  it('does not edit without news, however long it has been', () => {
    expect(decide({ now: seconds(3600) })).toEqual(nothing);
  });

  it('edits a message of which it is not known when it was sent', () => {
    expect(decide({ notification: { sentAt: null }, updatedAt: seconds(3) })).toEqual(edit);
  });

  const endings = ['completed', 'partial', 'failed', 'cancelled'] as const;

  it.each(endings)('announces the end of a job that is shown as %s', (status) => {
    expect(decide({ notification: { sentStatus: status }, status })).toEqual(announce);
  });

  it.each(endings)('announces that a job is %s once', (status) => {
    expect(decide({ notification: { sentStatus: status, announcedEnd: ended }, status })).toEqual(
      nothing,
    );
  });

  it('shows the end before it announces it', () => {
    expect(decide({ status: 'completed' })).toEqual(edit);
  });

  it.each(endings)(
    'shows at once what is written after a job is %s: nothing comes later',
    (status) => {
      const notification = { sentStatus: status, announcedEnd: ended };

      expect(decide({ notification, status, updatedAt: seconds(1), now: seconds(1) })).toEqual(
        edit,
      );
    },
  );

  it('announces a second end: a job that was reopened', () => {
    const notification = { sentStatus: 'completed', announcedEnd: seconds(-9000) } as const;

    expect(decide({ notification, status: 'completed' })).toEqual(announce);
  });

  it.each(['queued', 'counting', 'in_progress', 'paused'] as const)(
    'has nothing to announce of a job that is %s, also when it had ended before',
    (status) => {
      expect(
        decide({ notification: { sentStatus: status, announcedEnd: seconds(-9000) }, status }),
      ).toEqual(nothing);
    },
  );
});

describe('JobNotification', () => {
  it('holds the first record of a job', () => {
    expect(JobNotification.parse(toFirstNotification('job-1'))).toStrictEqual({
      jobId: 'job-1',
      message: null,
      sentStatus: null,
      sentUpdatedAt: null,
      sentAt: null,
      announcedEnd: null,
      sender: null,
    });
  });
});
