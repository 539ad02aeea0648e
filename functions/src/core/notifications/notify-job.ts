import { toImportError } from '../errors.ts';

import type { ImportJob } from '../imports/import-job.ts';
import type { JobStore } from '../imports/import-store.ts';
import type { Logs } from '../logs.ts';
import type { ChatMessage, Clock, CreateId, Messenger, PostedMessage } from '../ports.ts';
import {
  decideNotification,
  toFirstNotification,
  type JobNotification,
  type NotificationStep,
  type NotificationStore,
} from './notification.ts';

export interface Notifier {
  readonly jobs: Pick<JobStore, 'get'>;
  readonly notifications: NotificationStore;
  /** Null when no channel is configured: nothing is sent. */
  readonly messenger: Messenger | null;
  readonly render: {
    /** The living message. */
    readonly progress: (job: ImportJob, now: Date) => ChatMessage;
    readonly ending: (job: ImportJob, now: Date) => ChatMessage;
  };
  readonly clock: Clock;
  readonly createId: CreateId;
  readonly logs: Logs;
  readonly intervalMs: number;
}

const senderMs = 30_000;
const maxSteps = 10;

/**
 * Brings the chat channel up to date with a job. Called for every write of a job, in any order and
 * any number of times: it reads the job afresh, one caller at a time sends, and whoever sends looks
 * again afterwards, so that the last state is always shown.
 * @throws `rate_limited`, `unavailable` when it shall be called again
 */
export async function notifyJob(notifier: Notifier, jobId: string): Promise<void> {
  const { messenger, clock, createId, jobs } = notifier;
  if (!messenger) return;
  const id = createId();
  for (let count = 0; count < maxSteps; count += 1) {
    const job = await jobs.get(jobId);
    if (!job) return;
    const now = clock.now();
    const turn = await takeTurn(notifier, { id, job, now });
    if (turn.step.type === 'nothing') return;
    const sent = await send(notifier, messenger, { ...turn, job, now, id });
    if (!sent) return;
  }
}

interface Sender {
  readonly id: string;
  readonly job: ImportJob;
  readonly now: Date;
}

interface Turn {
  readonly step: NotificationStep;
  /** An earlier sender did not say how it went: its message may be there. */
  readonly mayBePosted: boolean;
}

type Sending = Sender & Turn;

/** Decides and takes the sender's place in one transaction; somebody else's place is respected. */
function takeTurn(notifier: Notifier, { id, job, now }: Sender): Promise<Turn> {
  const { notifications, intervalMs } = notifier;
  return notifications.transact<Turn>(job.id, (found) => {
    const notification = found ?? toFirstNotification(job.id);
    const { sender } = notification;
    const isTaken = sender !== null && sender.id !== id && sender.until > now;
    const step = decideNotification({ notification, job, now, intervalMs });
    if (step.type === 'nothing' || isTaken) {
      return { notification: null, result: { step: { type: 'nothing' }, mayBePosted: false } };
    }
    const until = new Date(now.getTime() + senderMs);
    const result = { step, mayBePosted: sender !== null };
    return { notification: { ...notification, sender: { id, until } }, result };
  });
}

/** Sends and records; false when the channel refused for good, which is logged and not tried again. */
async function send(notifier: Notifier, messenger: Messenger, sending: Sending): Promise<boolean> {
  const { job, step, now } = sending;
  try {
    const change = await deliver(notifier, messenger, sending);
    await record(notifier, sending, change);
    return true;
  } catch (thrown) {
    const error = toImportError(thrown, 'slack');
    const message = error.publicMessage;
    notifier.logs.notificationFailed({ jobId: job.id, kind: error.kind, message });
    if (step.type === 'edit' && error.kind === 'not_found') {
      // The message was deleted: forget it, and post a new one.
      await record(notifier, sending, { message: null });
      return true;
    }
    // When it may have been posted all the same, the sender's place stays as a mark of that.
    if (error.retryable) throw error;
    await record(notifier, sending, toSent(job, now));
    return false;
  }
}

async function deliver(
  { render }: Notifier,
  messenger: Messenger,
  { step, job, now, mayBePosted }: Sending,
): Promise<Partial<JobNotification>> {
  switch (step.type) {
    case 'post': {
      const content = { ...render.progress(job, now), threadId: null, reference: job.id };
      const message = await postOnce(messenger, content, mayBePosted);
      return { ...toSent(job, now), message };
    }
    case 'edit':
      await messenger.edit(step.message, render.progress(job, now));
      return toSent(job, now);
    case 'announce_end': {
      const reference = `${job.id}:${step.at.getTime()}`;
      const content = { ...render.ending(job, now), threadId: null, reference };
      await postOnce(messenger, content, mayBePosted);
      return { announcedEnd: step.at };
    }
    case 'nothing':
      return {};
  }
}

/** A crash after an earlier post left the message in the channel: it is found, not posted again. */
async function postOnce(
  messenger: Messenger,
  message: Parameters<Messenger['post']>[0],
  mayBePosted: boolean,
): Promise<PostedMessage> {
  const found = mayBePosted ? await messenger.findPosted(message.reference) : null;
  return found ?? messenger.post(message);
}

function toSent(job: ImportJob, now: Date): Partial<JobNotification> {
  return { sentStatus: job.status, sentUpdatedAt: job.updatedAt, sentAt: now };
}

async function record(
  { notifications }: Notifier,
  { id, job }: Sender,
  change: Partial<JobNotification>,
): Promise<void> {
  await notifications.transact(job.id, (found) => {
    if (found?.sender?.id !== id) return { notification: null, result: null };
    return { notification: { ...found, ...change, sender: null }, result: null };
  });
}
