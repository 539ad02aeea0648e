import { ImportError, type ErrorKind } from '../errors.ts';
import type { ImportJob, JobStatus } from '../imports/import-job.ts';
import type { Logs } from '../logs.ts';
import type { ChatMessage, Messenger } from '../ports.ts';
import { sampleJob } from '../testing/sample-records.ts';
import { JobNotification, type NotificationStore } from './notification.ts';
import { notifyJob, type Notifier } from './notify-job.ts';

type Method = 'post' | 'edit' | 'findPosted';
type Fault =
  /** Refused: nothing happened. */
  | { readonly before: ErrorKind }
  /** It happened, and the answer was lost. */
  | { readonly after: ErrorKind }
  /** It happened, and whoever asked has crashed. */
  | 'crash';

interface Shown {
  readonly messageId: string;
  readonly reference: string;
  text: string;
}

const slackError = (kind: ErrorKind) =>
  new ImportError({ kind, source: 'slack', publicMessage: `Slack says ${kind}.` });
const never = new Promise<never>(() => undefined);
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A channel in memory that behaves as scripted, call by call, and keeps what was asked of it. */
function createChannel() {
  const messages: Shown[] = [];
  const asked: string[] = [];
  const faults: Record<Method, (Fault | null)[]> = { post: [], edit: [], findPosted: [] };
  let posted = 0;
  /** Runs while an answer is on its way. */
  let meanwhile: (() => Promise<void>) | null = null;

  async function answer<T>(method: Method, about: string, act: () => T): Promise<T> {
    asked.push(`${method} ${about}`);
    const fault = faults[method].shift() ?? null;
    if (fault !== null && fault !== 'crash' && 'before' in fault) throw slackError(fault.before);
    const result = act();
    const during = meanwhile;
    meanwhile = null;
    await during?.();
    if (fault === 'crash') return never;
    if (fault !== null) throw slackError(fault.after);
    return result;
  }

  const messenger: Messenger = {
    post: ({ text, reference }) =>
      answer('post', text, () => {
        posted += 1;
        const message = { messageId: `m${posted}`, reference, text };
        messages.push(message);
        return { channelId: 'C1', messageId: message.messageId };
      }),
    edit: ({ messageId }, { text }) =>
      answer('edit', text, () => {
        const message = messages.find((one) => one.messageId === messageId);
        if (!message) throw slackError('not_found');
        message.text = text;
      }),
    findPosted: (reference) =>
      answer('findPosted', reference, () => {
        const message = messages.find((one) => one.reference === reference);
        return message ? { channelId: 'C1', messageId: message.messageId } : null;
      }),
  };
  return {
    messenger,
    messages,
    asked,
    faults,
    during(work: () => Promise<void>) {
      meanwhile = work;
    },
    texts: () => messages.map(({ text }) => text),
  };
}

/** Optimistic transactions, as Firestore has them: one whose record changed meanwhile is run again. */
function createNotifications() {
  let version = 0;
  let stored: JobNotification | null = null;
  const store: NotificationStore = {
    get: async () => (stored === null ? null : JobNotification.parse(stored)),
    async transact(jobId, decide) {
      for (;;) {
        const before = version;
        const found = stored === null ? null : JobNotification.parse(stored);
        await Promise.resolve();
        const { notification, result } = decide(found);
        await Promise.resolve();
        if (version !== before) continue;
        if (notification) {
          expect(notification.jobId).toBe(jobId);
          stored = JobNotification.parse(notification);
          version += 1;
        }
        return result;
      }
    },
  };
  return { store, record: () => stored };
}

function toLogs(failures: string[]): Logs {
  const ignore = () => undefined;
  return {
    jobCreated: ignore,
    jobStarted: ignore,
    pageListed: ignore,
    recordsRejected: ignore,
    callsDispatched: ignore,
    callImported: ignore,
    callSkipped: ignore,
    callReleased: ignore,
    callFailed: ignore,
    callFenced: ignore,
    transcriptMissing: ignore,
    jobFailedToAdvance: ignore,
    totalsCorrected: ignore,
    jobEnded: ignore,
    credentialsRenewed: ignore,
    recordUnreadable: ignore,
    jobsPoked: ignore,
    leftCredentialsDestroyed: ignore,
    recordsReplayed: ignore,
    platformDrifted: ignore,
    driftNotReported: ignore,
    notificationFailed: ({ jobId, kind, message }) => failures.push(`${jobId} ${kind} ${message}`),
    taskRefused: ignore,
    taskFailed: ignore,
    auditNotClosed: ignore,
    answerNotKept: ignore,
    requestFailed: ignore,
  };
}

/** A job, the channel that follows it, and time. Each write of the job is a second later. */
function createScene() {
  const channel = createChannel();
  const notifications = createNotifications();
  const failures: string[] = [];
  let now = Date.parse('2026-03-02T12:00:00Z');
  let ids = 0;
  let job: ImportJob | null = null;
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  const toMessage =
    (kind: string) =>
    (one: ImportJob): ChatMessage => ({
      text: `${kind}: ${one.status}, ${one.totals.imported} imported`,
      blocks: [],
    });
  const notifier: Notifier = {
    jobs: { get: async () => job },
    notifications: notifications.store,
    messenger: channel.messenger,
    render: { progress: toMessage('progress'), ending: toMessage('ending') },
    clock: { now: () => new Date(now) },
    sleep: async (ms) => {
      pass(ms / 1000);
      await new Promise((resolve) => setImmediate(resolve));
    },
    createId: () => `sender-${(ids += 1)}`,
    logs: toLogs(failures),
    intervalMs: 15_000,
  };
  return {
    ...channel,
    failures,
    notifier,
    record: notifications.record,
    pass,
    write(status: JobStatus, imported = 0) {
      pass(1);
      job = sampleJob(status, {
        updatedAt: new Date(now),
        totals: { imported, failed: 0, gone: 0, noConsent: 0, filtered: 0 },
        ...(job?.completedAt === null || job === null ? {} : { completedAt: job.completedAt }),
        ...(['completed', 'partial', 'failed', 'cancelled'].includes(status)
          ? { completedAt: job?.completedAt ?? new Date(now) }
          : { completedAt: null }),
      });
    },
    trigger: () => notifyJob(notifier, 'job-1'),
  };
}

describe('notifyJob', () => {
  it('sends nothing where no channel is configured', async () => {
    const scene = createScene();
    scene.write('queued');

    await notifyJob({ ...scene.notifier, messenger: null }, 'job-1');

    expect(scene.record()).toBeNull();
  });

  it('sends nothing that somebody else has sent since it looked', async () => {
    const scene = createScene();
    scene.write('queued');
    const { notifications } = scene.notifier;
    const get = async (jobId: string) => {
      const found = await notifications.get(jobId);
      await scene.trigger();
      return found;
    };

    await notifyJob({ ...scene.notifier, notifications: { ...notifications, get } }, 'job-1');

    expect(scene.asked).toEqual(['post progress: queued, 0 imported']);
  });

  it('sends nothing about a job that is gone', async () => {
    const scene = createScene();

    await scene.trigger();

    expect(scene.asked).toEqual([]);
  });

  it('keeps one message through the life of a job, and announces its end in another', async () => {
    const scene = createScene();
    for (const [status, imported] of [
      ['queued', 0],
      ['counting', 0],
      ['in_progress', 0],
      ['paused', 5],
      ['in_progress', 5],
      ['completed', 10],
    ] as const) {
      scene.write(status, imported);
      await scene.trigger();
    }

    expect(scene.asked).toEqual([
      'post progress: queued, 0 imported',
      'edit progress: counting, 0 imported',
      'edit progress: in_progress, 0 imported',
      'edit progress: paused, 5 imported',
      'edit progress: in_progress, 5 imported',
      'edit progress: completed, 10 imported',
      'post ending: completed, 10 imported',
    ]);
    expect(scene.texts()).toEqual([
      'progress: completed, 10 imported',
      'ending: completed, 10 imported',
    ]);
    expect(scene.record()).toStrictEqual({
      jobId: 'job-1',
      message: { channelId: 'C1', messageId: 'm1' },
      sentStatus: 'completed',
      sentUpdatedAt: new Date('2026-03-02T12:00:06Z'),
      sentAt: new Date('2026-03-02T12:00:06Z'),
      announcedEnd: new Date('2026-03-02T12:00:06Z'),
      sender: null,
    });
  });

  it('edits for progress at most every 15 s', async () => {
    const scene = createScene();
    scene.write('in_progress');
    await scene.trigger();
    for (let imported = 1; imported <= 40; imported += 1) {
      scene.write('in_progress', imported);
      await scene.trigger();
    }

    expect(scene.asked).toEqual([
      'post progress: in_progress, 0 imported',
      'edit progress: in_progress, 15 imported',
      'edit progress: in_progress, 30 imported',
    ]);
  });

  it('does nothing more for a trigger that is delivered again', async () => {
    const scene = createScene();
    scene.write('completed', 10);
    await scene.trigger();
    const asked = [...scene.asked];

    await scene.trigger();
    await scene.trigger();

    expect(asked).toEqual([
      'post progress: completed, 10 imported',
      'post ending: completed, 10 imported',
    ]);
    expect(scene.asked).toEqual(asked);
  });

  it('posts once for triggers that come all at once', async () => {
    const scene = createScene();
    scene.write('completed', 10);

    await Promise.all([scene.trigger(), scene.trigger(), scene.trigger(), scene.trigger()]);

    expect(scene.asked).toEqual([
      'post progress: completed, 10 imported',
      'post ending: completed, 10 imported',
    ]);
  });

  it('never goes back to an earlier state for a trigger that comes late', async () => {
    const scene = createScene();
    scene.write('in_progress');
    scene.write('completed', 10);
    await scene.trigger();

    // That of the write before.
    await scene.trigger();

    expect(scene.texts()).toEqual([
      'progress: completed, 10 imported',
      'ending: completed, 10 imported',
    ]);
  });

  it('shows the last state, too, when its trigger found another at work', async () => {
    const scene = createScene();
    scene.write('in_progress');
    scene.during(async () => {
      scene.write('completed', 10);
      // Nothing is written after the end: should that other fail, this one is there.
      const waiting = scene.trigger();
      await expect(waiting).rejects.toMatchObject({ kind: 'conflict', retryAfterMs: 25_000 });
      expect(scene.asked).toEqual(['post progress: in_progress, 0 imported']);
    });

    await scene.trigger();

    expect(scene.asked).toEqual([
      'post progress: in_progress, 0 imported',
      'edit progress: completed, 10 imported',
      'post ending: completed, 10 imported',
    ]);
  });

  it('waits with the end until another is through, rather than to be called again', async () => {
    const scene = createScene();
    scene.write('in_progress');
    await scene.trigger();
    scene.write('completed', 10);
    const late: Promise<void>[] = [];
    scene.during(async () => {
      late.push(scene.trigger());
      await settle();
    });

    await Promise.all([scene.trigger(), ...late]);

    expect(late).toHaveLength(1);
    await expect(late[0]).resolves.toBeUndefined();
    expect(scene.texts()).toEqual([
      'progress: completed, 10 imported',
      'ending: completed, 10 imported',
    ]);
  });

  it('announces the end though its event came twice, and who was at it failed', async () => {
    const scene = createScene();
    scene.write('in_progress');
    await scene.trigger();
    scene.write('completed', 10);
    scene.faults.edit.push({ after: 'unavailable' });
    scene.during(async () => {
      await expect(scene.trigger()).rejects.toMatchObject({ kind: 'conflict' });
    });

    await expect(scene.trigger()).rejects.toMatchObject({ kind: 'unavailable' });
    // To the queue they are one event: it comes again because neither was done with it.
    await scene.trigger();

    expect(scene.texts()).toEqual([
      'progress: completed, 10 imported',
      'ending: completed, 10 imported',
    ]);
  });

  it('shows what is written after the end at once, and announces it once', async () => {
    const scene = createScene();
    scene.write('cancelled', 7);
    await scene.trigger();
    scene.write('cancelled', 8);
    await scene.trigger();

    expect(scene.texts()).toEqual([
      'progress: cancelled, 8 imported',
      'ending: cancelled, 7 imported',
    ]);
  });

  it('announces a second end of a job that was reopened', async () => {
    const scene = createScene();
    for (const status of ['partial', 'in_progress', 'completed'] as const) {
      scene.write(status);
      await scene.trigger();
    }

    expect(scene.texts()).toEqual([
      'progress: completed, 0 imported',
      'ending: partial, 0 imported',
      'ending: completed, 0 imported',
    ]);
  });

  it('comes again when it can’t keep up with a job that changes all the time', async () => {
    const scene = createScene();
    scene.write('in_progress');
    const { get } = scene.notifier.jobs;
    let turns = 0;
    const jobs = {
      get: (jobId: string) => {
        scene.write((turns += 1) % 2 === 0 ? 'paused' : 'in_progress');
        return get(jobId);
      },
    };

    await expect(notifyJob({ ...scene.notifier, jobs }, 'job-1')).rejects.toMatchObject({
      kind: 'conflict',
      retryable: true,
    });
    expect(scene.asked).toHaveLength(10);
  });

  describe('after a crash', () => {
    it('between posting and recording finds its message again, and brings it up to date', async () => {
      const scene = createScene();
      scene.write('queued');
      scene.faults.post.push('crash');
      void scene.trigger();
      await settle();
      scene.write('in_progress', 3);
      scene.pass(30);

      await scene.trigger();

      expect(scene.asked).toEqual([
        'post progress: queued, 0 imported',
        'findPosted job-1',
        'edit progress: in_progress, 3 imported',
      ]);
      expect(scene.texts()).toEqual(['progress: in_progress, 3 imported']);
      expect(scene.record()).toMatchObject({ message: { messageId: 'm1' }, sender: null });
    });

    it('between announcing and recording announces nothing twice', async () => {
      const scene = createScene();
      scene.write('queued');
      await scene.trigger();
      scene.write('completed', 10);
      scene.faults.post.push('crash');
      void scene.trigger();
      await settle();
      scene.pass(30);

      await scene.trigger();

      expect(scene.asked.slice(2)).toEqual([
        'post ending: completed, 10 imported',
        'findPosted job-1:1772452802000',
      ]);
      expect(scene.texts()).toHaveLength(2);
      expect(scene.record()).toMatchObject({
        announcedEnd: new Date('2026-03-02T12:00:02Z'),
        sender: null,
      });
    });

    it('announces nothing twice when the message is edited before', async () => {
      const scene = createScene();
      scene.write('queued');
      await scene.trigger();
      scene.write('completed', 10);
      scene.faults.post.push('crash');
      void scene.trigger();
      await settle();
      scene.write('completed', 11);
      scene.pass(30);

      await scene.trigger();

      expect(scene.texts()).toEqual([
        'progress: completed, 11 imported',
        'ending: completed, 10 imported',
      ]);
    });

    it('before posting posts, as nothing is found', async () => {
      const scene = createScene();
      scene.write('queued');
      scene.faults.post.push('crash');
      void scene.trigger();
      await settle();
      scene.messages.pop();
      scene.pass(30);

      await scene.trigger();

      expect(scene.texts()).toEqual(['progress: queued, 0 imported']);
    });

    it('refuses triggers until the place is free, so that they are delivered again', async () => {
      const scene = createScene();
      scene.write('queued');
      scene.faults.post.push('crash');
      void scene.trigger();
      await settle();

      scene.pass(10);
      await expect(scene.trigger()).rejects.toMatchObject({
        kind: 'conflict',
        retryable: true,
        retryAfterMs: 20_000,
      });
      scene.pass(19.999);
      await expect(scene.trigger()).rejects.toMatchObject({ kind: 'conflict', retryAfterMs: 1 });
      scene.pass(0.001);
      await scene.trigger();

      expect(scene.texts()).toEqual(['progress: queued, 0 imported']);
    });

    it('leaves a sender alone who has only begun', async () => {
      const scene = createScene();
      scene.write('queued');
      scene.faults.post.push('crash');
      void scene.trigger();
      await settle();
      scene.pass(4.999);

      await expect(scene.trigger()).resolves.toBeUndefined();
      expect(scene.asked).toHaveLength(1);
    });

    it('refuses no trigger that has nothing to show', async () => {
      const scene = createScene();
      scene.write('queued');
      await scene.trigger();
      scene.write('in_progress');
      scene.faults.edit.push('crash');
      void scene.trigger();
      await settle();
      scene.write('queued');
      scene.pass(8);

      await expect(scene.trigger()).resolves.toBeUndefined();
    });

    it('does not let a sender who was only slow record what a later one has overtaken', async () => {
      const scene = createScene();
      scene.write('queued');
      scene.during(async () => {
        scene.write('in_progress');
        scene.pass(30);
        await scene.trigger();
      });

      await scene.trigger();

      expect(scene.asked).toEqual([
        'post progress: queued, 0 imported',
        'findPosted job-1',
        'edit progress: in_progress, 0 imported',
      ]);
      expect(scene.texts()).toEqual(['progress: in_progress, 0 imported']);
      expect(scene.record()).toMatchObject({ sentStatus: 'in_progress', sender: null });
    });
  });

  describe('when the answer is lost', () => {
    it.each(['unavailable', 'timeout', 'internal'] as const)(
      'finds a message that was posted all the same: %s',
      async (kind) => {
        const scene = createScene();
        scene.write('queued');
        scene.faults.post.push({ after: kind });

        await expect(scene.trigger()).rejects.toMatchObject({ kind });
        scene.pass(30);
        await scene.trigger();

        expect(scene.texts()).toEqual(['progress: queued, 0 imported']);
        expect(scene.failures).toEqual([`job-1 ${kind} Slack says ${kind}.`]);
      },
    );

    it('edits again at once: that does no harm', async () => {
      const scene = createScene();
      scene.write('queued');
      await scene.trigger();
      scene.write('in_progress');
      scene.faults.edit.push({ after: 'unavailable' });

      await expect(scene.trigger()).rejects.toMatchObject({ kind: 'unavailable' });
      await scene.trigger();

      expect(scene.asked).toEqual([
        'post progress: queued, 0 imported',
        'edit progress: in_progress, 0 imported',
        'edit progress: in_progress, 0 imported',
      ]);
    });

    it('takes what is no error of ours for one that may pass', async () => {
      const scene = createScene();
      scene.write('queued');
      const messenger = {
        ...scene.messenger,
        post: () => Promise.reject(new TypeError('x is not a function')),
      };

      await expect(notifyJob({ ...scene.notifier, messenger }, 'job-1')).rejects.toMatchObject({
        name: 'ImportError',
        kind: 'internal',
      });
    });
  });

  describe('when the channel limits its rate', () => {
    it('comes again, and shows the last state then, once', async () => {
      const scene = createScene();
      scene.write('queued');
      scene.faults.post.push({ before: 'rate_limited' });

      await expect(scene.trigger()).rejects.toMatchObject({ kind: 'rate_limited' });
      scene.write('completed', 10);
      scene.pass(10);
      await scene.trigger();

      expect(scene.asked).toEqual([
        'post progress: queued, 0 imported',
        'post progress: completed, 10 imported',
        'post ending: completed, 10 imported',
      ]);
    });

    it('does not forget meanwhile that a message may have been posted', async () => {
      const scene = createScene();
      scene.write('queued');
      scene.faults.post.push({ after: 'unavailable' });
      await expect(scene.trigger()).rejects.toMatchObject({ kind: 'unavailable' });
      scene.pass(30);
      scene.faults.findPosted.push({ before: 'rate_limited' });
      await expect(scene.trigger()).rejects.toMatchObject({ kind: 'rate_limited' });

      await scene.trigger();

      expect(scene.texts()).toEqual(['progress: queued, 0 imported']);
    });
  });

  describe('when its message was deleted', () => {
    it('posts a new one and goes on with that', async () => {
      const scene = createScene();
      scene.write('queued');
      await scene.trigger();
      scene.messages.pop();
      scene.write('in_progress', 1);
      await scene.trigger();
      scene.write('paused', 2);
      await scene.trigger();

      expect(scene.asked).toEqual([
        'post progress: queued, 0 imported',
        'edit progress: in_progress, 1 imported',
        'post progress: in_progress, 1 imported',
        'edit progress: paused, 2 imported',
      ]);
      expect(scene.record()).toMatchObject({ message: { messageId: 'm2' } });
    });

    it('posts a new one for progress, too, of a job whose state is the same', async () => {
      const scene = createScene();
      scene.write('in_progress', 1);
      await scene.trigger();
      scene.messages.pop();
      scene.pass(15);
      scene.write('in_progress', 2);
      await scene.trigger();

      expect(scene.texts()).toEqual(['progress: in_progress, 2 imported']);
    });
  });

  describe('when the channel refuses for good', () => {
    it('logs it and does not try again until the state changes', async () => {
      const scene = createScene();
      scene.write('in_progress');
      scene.faults.post.push({ before: 'auth_invalid' });
      await scene.trigger();
      scene.write('in_progress', 1);
      scene.pass(60);
      await scene.trigger();

      expect(scene.asked).toHaveLength(1);
      expect(scene.failures).toEqual(['job-1 auth_invalid Slack says auth_invalid.']);

      scene.write('paused', 2);
      await scene.trigger();

      expect(scene.texts()).toEqual(['progress: paused, 2 imported']);
    });

    it('does not try an announcement again', async () => {
      const scene = createScene();
      scene.write('in_progress');
      await scene.trigger();
      scene.write('completed', 10);
      scene.faults.post.push({ before: 'permission_denied' });
      await scene.trigger();
      await scene.trigger();

      expect(scene.asked).toEqual([
        'post progress: in_progress, 0 imported',
        'edit progress: completed, 10 imported',
        'post ending: completed, 10 imported',
      ]);
      expect(scene.record()).toMatchObject({ sender: null });
    });

    it('does not try one edit again, but the next', async () => {
      const scene = createScene();
      scene.write('queued');
      await scene.trigger();
      scene.write('counting');
      scene.faults.edit.push({ before: 'bad_request' });
      await scene.trigger();
      await scene.trigger();
      scene.write('in_progress');
      await scene.trigger();

      expect(scene.asked).toEqual([
        'post progress: queued, 0 imported',
        'edit progress: counting, 0 imported',
        'edit progress: in_progress, 0 imported',
      ]);
    });
  });
});
