import { onTaskDispatched } from 'firebase-functions/tasks';
import { z } from 'zod';
import { getApp } from '../../app.ts';
import { oauthApps, region } from '../../config.ts';
import { answerTask } from './answer-task.ts';

/** Ids become document paths: nothing else is let through. */
const Payload = z.strictObject({ jobId: z.string().regex(/^[a-z0-9]{20}$/) });

/** Moves one import job on: lists, dispatches, counts, ends. Safe to run at any time, any number of times. */
export const advanceJob = onTaskDispatched(
  {
    region,
    memory: '512MiB',
    timeoutSeconds: 300,
    concurrency: 20,
    secrets: [oauthApps],
    rateLimits: { maxConcurrentDispatches: 50, maxDispatchesPerSecond: 100 },
    retryConfig: { maxAttempts: 20, minBackoffSeconds: 1, maxBackoffSeconds: 60, maxDoublings: 5 },
  },
  (request) =>
    answerTask({ schema: Payload, data: request.data }, async ({ jobId }) => {
      const { advanceJob: advance } = await import('../../core/imports/advance-job.ts');
      await advance(await getApp().engine(), jobId);
    }),
);
