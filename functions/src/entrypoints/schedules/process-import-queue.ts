import { onSchedule } from 'firebase-functions/scheduler';
import { getApp } from '../../app.ts';
import { region, schedules } from '../../config.ts';

/** Hourly at night: shares the night's calls out among the queued and waiting nightly imports. */
export const processImportQueue = onSchedule(
  {
    schedule: '0 20-23,0-7 * * *',
    timeZone: schedules.timeZone,
    region,
    memory: '512MiB',
    timeoutSeconds: 300,
    retryCount: 3,
  },
  async () => {
    const { processImportQueue: shareOutTheNight } = await import('../../core/imports/nightly.ts');
    await shareOutTheNight(await getApp().engine());
  },
);
