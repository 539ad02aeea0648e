import { createPorts } from '../../../test/e2e/support/app-ports.ts';
import { startImport } from '../../../test/support/engine/start-import.ts';
import { openWorld } from '../../../test/support/engine/test-world.ts';
import { createApp, provideApp } from '../../app.ts';
import { ImportError } from '../../core/errors.ts';
import type { ChatMessage, Messenger } from '../../core/ports.ts';
import { onImportJobUpdate } from './on-import-job-update.ts';

type JobEvent = Parameters<typeof onImportJobUpdate.run>[0];

function eventFor(jobId: string): JobEvent {
  // The one field of an event that the function reads.
  return { params: { jobId } } as JobEvent;
}

function createRecorder(post?: Messenger['post']): { messenger: Messenger; posted: ChatMessage[] } {
  const posted: ChatMessage[] = [];
  return {
    posted,
    messenger: {
      post:
        post ??
        (async (message) => {
          posted.push(message);
          return { channelId: 'C1', messageId: String(posted.length) };
        }),
      edit: async () => undefined,
      findPosted: async () => null,
    },
  };
}

describe('onImportJobUpdate', () => {
  it('posts one message for an import, however often the event comes', async () => {
    const world = await openWorld({ calls: 1 });
    const { messenger, posted } = createRecorder();
    provideApp(createApp(createPorts(world, { messenger: async () => messenger })));
    const job = await startImport(world);
    await onImportJobUpdate.run(eventFor(job.id));
    await onImportJobUpdate.run(eventFor(job.id));
    expect(posted.map(({ text }) => text)).toEqual(['⏳ Grain import queued for customer-1']);
  });

  it('does nothing where no channel is set, or the import is gone', async () => {
    const world = await openWorld({ calls: 1 });
    provideApp(createApp(createPorts(world)));
    const job = await startImport(world);
    await onImportJobUpdate.run(eventFor(job.id));
    await onImportJobUpdate.run(eventFor('z'.repeat(20)));
    expect(world.events.filter(({ name }) => name === 'notificationFailed')).toEqual([]);
  });

  it('neither throws nor logs the token when the channel refuses for good', async () => {
    const world = await openWorld({ calls: 1 });
    const cause = new Error('authorization: Bearer xoxb-canary');
    const refusal = {
      kind: 'auth_invalid',
      source: 'slack',
      publicMessage: 'Slack refuses.',
      cause,
    } as const;
    const { messenger } = createRecorder(() => Promise.reject(new ImportError(refusal)));
    provideApp(createApp(createPorts(world, { messenger: async () => messenger })));
    const job = await startImport(world);
    await onImportJobUpdate.run(eventFor(job.id));
    const failed = world.events.filter(({ name }) => name === 'notificationFailed');
    expect(failed).toEqual([
      {
        name: 'notificationFailed',
        event: { jobId: job.id, kind: 'auth_invalid', message: 'Slack refuses.' },
      },
    ]);
  });
});
