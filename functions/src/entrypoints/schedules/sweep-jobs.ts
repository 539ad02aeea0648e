import { onSchedule } from 'firebase-functions/scheduler';
import { getApp } from '../../app.ts';
import { region } from '../../config.ts';

/** Every minute: pokes jobs whose task was lost, destroys one-off credentials that were left over. */
export const sweepJobs = onSchedule(
  { schedule: '* * * * *', region, memory: '512MiB', timeoutSeconds: 60, retryCount: 0 },
  async () => {
    const { sweepJobs: sweep } = await import('../../core/imports/sweep.ts');
    await sweep(await getApp().engine());
  },
);
