import { z } from 'zod';
import { isEnded, jobStatuses, type ImportJob } from '../imports/import-job.ts';

const Posted = z.object({ channelId: z.string(), messageId: z.string() });

/** What the chat channel knows of a job: one living message, and one for its end. */
export const JobNotification = z.object({
  jobId: z.string(),
  /** The message that is edited in place. */
  message: Posted.nullable(),
  /** The state that it shows, or that the channel refused for good, and since when. */
  sentStatus: z.enum(jobStatuses).nullable(),
  sentUpdatedAt: z.date().nullable(),
  sentAt: z.date().nullable(),
  /** The end that was announced, by its instant: a job that is reopened ends again. */
  announcedEnd: z.date().nullable(),
  /**
   * Who sends at the moment, and until when nobody else may. Left behind after a crash or a lost
   * answer: what was to be posted may be there.
   */
  sender: z.object({ id: z.string(), until: z.date() }).nullable(),
});
export type JobNotification = z.infer<typeof JobNotification>;

export type NotificationStep =
  | { readonly type: 'post' }
  | { readonly type: 'edit'; readonly message: z.infer<typeof Posted> }
  | { readonly type: 'announce_end'; readonly at: Date }
  | { readonly type: 'nothing' };

/** The record of a job of which nothing was sent yet. */
export function toFirstNotification(jobId: string): JobNotification {
  return {
    jobId,
    message: null,
    sentStatus: null,
    sentUpdatedAt: null,
    sentAt: null,
    announcedEnd: null,
    sender: null,
  };
}

/**
 * What to send for a job as it stands: its first message, an edit at each change of state and at
 * most every `intervalMs` between, and at its end an announcement, once per end. What little is
 * written after the end is shown at once, as nothing comes later that would. A first message that
 * was refused for good is tried again when the state changes.
 */
export function decideNotification(facts: {
  readonly notification: JobNotification;
  readonly job: ImportJob;
  readonly now: Date;
  readonly intervalMs: number;
}): NotificationStep {
  const { notification, job, now, intervalMs } = facts;
  const isNewStatus = notification.sentStatus !== job.status;
  if (!notification.message) return { type: isNewStatus ? 'post' : 'nothing' };
  const isNews = notification.sentUpdatedAt?.getTime() !== job.updatedAt.getTime();
  const sentAt = notification.sentAt?.getTime() ?? 0;
  const isDue = isEnded(job) || now.getTime() - sentAt >= intervalMs;
  if (isNewStatus || (isNews && isDue)) return { type: 'edit', message: notification.message };
  const isAnnounced = notification.announcedEnd?.getTime() === job.completedAt?.getTime();
  if (isEnded(job) && !isAnnounced) return { type: 'announce_end', at: job.completedAt };
  return { type: 'nothing' };
}

/** Notification records, changed in transactions on what was just read. */
export interface NotificationStore {
  /** Null for a job of which nothing was sent. */
  get(jobId: string): Promise<JobNotification | null>;
  /** `decide` gets null for a job of which nothing was sent; returns `result`. */
  transact<T>(
    jobId: string,
    decide: (notification: JobNotification | null) => {
      readonly notification: JobNotification | null;
      readonly result: T;
    },
  ): Promise<T>;
}
