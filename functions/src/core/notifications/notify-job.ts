import { ImportError, toImportError } from '../errors.ts';
import { isEnded, type ImportJob } from '../imports/import-job.ts';
import type { JobStore } from '../imports/import-store.ts';
import type { Logs } from '../logs.ts';
import type { ChatMessage, Clock, CreateId, Messenger } from '../ports.ts';
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
  readonly sleep: (ms: number) => Promise<void>;
  readonly createId: CreateId;
  readonly logs: Logs;
  readonly intervalMs: number;
}

const senderMs = 30_000;
/** A sender that is at it for longer has most likely crashed. */
const usualMs = 5_000;
const waitMs = 500;
/** Waits are among them: as long as a sender usually needs. */
const maxSteps = 10;

/**
 * Brings the chat channel up to date with a job. Called for every write of a job, in any order and
 * any number of times: it reads the job afresh, one caller at a time sends, and whoever sends looks
 * again afterwards, so that the last state is always shown. Who has the end to show waits meanwhile.
 * @throws `rate_limited`, `unavailable`, `conflict` (an earlier sender seems lost) when it shall be
 * called again
 */
export async function notifyJob(notifier: Notifier, jobId: string): Promise<void> {
  const { messenger, clock, createId, jobs, notifications, intervalMs } = notifier;
  if (!messenger) return;
  const id = createId();
  for (let count = 0; count < maxSteps; count += 1) {
    const job = await jobs.get(jobId);
    if (!job) return;
    const now = clock.now();
    const notification = (await notifications.get(jobId)) ?? toFirstNotification(jobId);
    // Most writes of a job are no news: to know that, a read is enough.
    const step = decideNotification({ notification, job, now, intervalMs });
    if (step.type === 'nothing') return;
    const turn = await takeTurn(notifier, { id, job, now });
    if (turn === null) return;
    if (turn === 'busy') await notifier.sleep(waitMs);
    else await send(notifier, messenger, { ...turn, job, now, id });
  }
  throw comeAgain(null);
}

interface Sender {
  readonly id: string;
  readonly job: ImportJob;
  readonly now: Date;
}

interface Turn {
  readonly step: Exclude<NotificationStep, { type: 'nothing' }>;
  /** An earlier sender did not say how it went: its message may be there. */
  readonly mayBePosted: boolean;
}

type Sending = Sender & Turn;

/**
 * Decides and takes the sender's place in one transaction; null when there is nothing to send, or
 * when somebody else is at it, who will look again; `busy` when that is not enough.
 */
function takeTurn(notifier: Notifier, { id, job, now }: Sender): Promise<Turn | 'busy' | null> {
  const { notifications, intervalMs } = notifier;
  return notifications.transact<Turn | 'busy' | null>(job.id, (found) => {
    const notification = found ?? toFirstNotification(job.id);
    const { sender } = notification;
    const step = decideNotification({ notification, job, now, intervalMs });
    if (step.type === 'nothing') return { notification: null, result: null };
    if (sender !== null && sender.id !== id && sender.until > now) {
      return { notification: null, result: leaveToSender(job, sender, now) };
    }
    const until = new Date(now.getTime() + senderMs);
    const result = { step, mayBePosted: sender !== null };
    return { notification: { ...notification, sender: { id, until } }, result };
  });
}

/**
 * A sender at work looks again when it is through, so that nobody need wait for it, but whoever wants
 * to show the end: no other write would make up for a sender that fails. One that has crashed does
 * not look again: whoever comes in its time comes again after it.
 */
function leaveToSender(job: ImportJob, sender: { readonly until: Date }, now: Date): 'busy' | null {
  const leftMs = sender.until.getTime() - now.getTime();
  if (senderMs - leftMs >= usualMs) throw comeAgain(leftMs);
  return isEnded(job) ? 'busy' : null;
}

function comeAgain(retryAfterMs: number | null): ImportError {
  return new ImportError({
    kind: 'conflict',
    source: 'slack',
    publicMessage: 'Another message about this import is being sent.',
    retryAfterMs,
  });
}

/** Sends and records. What the channel refuses for good is logged, and not tried again as it is. */
async function send(notifier: Notifier, messenger: Messenger, sending: Sending): Promise<void> {
  const { job, step, now } = sending;
  try {
    const change = await deliver(notifier, messenger, sending);
    await record(notifier, sending, change);
  } catch (thrown) {
    const error = toImportError(thrown, 'slack');
    const message = error.publicMessage;
    notifier.logs.notificationFailed({ jobId: job.id, kind: error.kind, message });
    if (step.type === 'edit' && error.kind === 'not_found') {
      // The message was deleted: forget it, and post a new one.
      return record(notifier, sending, { message: null, sentStatus: null });
    }
    if (error.retryable) {
      // What may have been posted all the same keeps the sender's place as a mark of that.
      const isUnsent = step.type === 'edit' || error.kind === 'rate_limited';
      if (isUnsent) await record(notifier, sending, toMark(sending));
      throw error;
    }
    const announced = step.type === 'announce_end' ? { announcedEnd: step.at } : {};
    await record(notifier, sending, { ...toSent(job, now), ...announced });
  }
}

async function deliver(
  { render }: Notifier,
  messenger: Messenger,
  sending: Sending,
): Promise<Partial<JobNotification>> {
  const { step, job, now, mayBePosted } = sending;
  switch (step.type) {
    case 'post': {
      const content = { ...render.progress(job, now), threadId: null, reference: job.id };
      const found = mayBePosted ? await messenger.findPosted(content.reference) : null;
      // What was found shows the job as it stood then: the next step edits it.
      if (found) return { message: found };
      return { ...toSent(job, now), message: await messenger.post(content) };
    }
    case 'edit':
      await messenger.edit(step.message, render.progress(job, now));
      return { ...toSent(job, now), ...toMark(sending) };
    case 'announce_end': {
      const reference = `${job.id}:${step.at.getTime()}`;
      const content = { ...render.ending(job, now), threadId: null, reference };
      const found = mayBePosted ? await messenger.findPosted(reference) : null;
      if (!found) await messenger.post(content);
      return { announcedEnd: step.at };
    }
  }
}

/** Frees the sender's place, but hands on that an earlier sender's message may be there. */
function toMark({ id, now, mayBePosted }: Sending): Partial<JobNotification> {
  return mayBePosted ? { sender: { id, until: now } } : {};
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
    return { notification: { ...found, sender: null, ...change }, result: null };
  });
}
