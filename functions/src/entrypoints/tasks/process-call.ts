import { onTaskDispatched } from 'firebase-functions/tasks';
import { z } from 'zod';
import { getApp } from '../../app.ts';
import { oauthApps, region } from '../../config.ts';
import { answerTask } from './answer-task.ts';

/** Ids become document paths: nothing else is let through. */
const Payload = z.strictObject({
  jobId: z.string().regex(/^[a-z0-9]{20}$/),
  callKey: z.string().regex(/^[a-z2-7]{52}$/),
});

/** Imports one call: downloads, stores, transcribes, matches, completes. Safe to deliver twice. */
export const processCall = onTaskDispatched(
  {
    region,
    memory: '1GiB',
    timeoutSeconds: 1800,
    concurrency: 20,
    secrets: [oauthApps],
    rateLimits: { maxConcurrentDispatches: 100, maxDispatchesPerSecond: 500 },
    retryConfig: { maxAttempts: 20, minBackoffSeconds: 2, maxBackoffSeconds: 600, maxDoublings: 8 },
  },
  (request) =>
    answerTask({ schema: Payload, data: request.data }, async (target) => {
      const { processCall: process } = await import('../../core/imports/process-call.ts');
      await process(await getApp().engine(), target);
    }),
);
