import { onDocumentWritten } from 'firebase-functions/firestore';
import { getApp } from '../../app.ts';
import { region, slackToken } from '../../config.ts';

/** Keeps Slack up to date with an import job; events are at least once and in no order. */
export const onImportJobUpdate = onDocumentWritten(
  {
    document: 'importJobs/{jobId}',
    region,
    memory: '256MiB',
    timeoutSeconds: 60,
    concurrency: 80,
    retry: true,
    secrets: [slackToken],
  },
  async (event) => {
    const { notifyJob } = await import('../../core/notifications/notify-job.ts');
    await notifyJob(await getApp().notifier(), event.params.jobId);
  },
);
