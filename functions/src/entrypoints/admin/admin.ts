import { onRequest } from 'firebase-functions/https';
import { getApp } from '../../app.ts';
import { oauthApps, region } from '../../config.ts';

/** The admin API for support staff, under `/admin` of Hosting and at the function's own URL. */
export const admin = onRequest(
  {
    region,
    memory: '512MiB',
    timeoutSeconds: 120,
    concurrency: 80,
    invoker: 'public',
    secrets: [oauthApps],
  },
  async (request, response) => {
    const { answerRequest } = await import('./answer-request.ts');
    await answerRequest(getApp(), request, response);
  },
);
