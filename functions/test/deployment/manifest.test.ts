import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { buildManifest } from './deployed-manifest.ts';
import type { Manifest } from './deployed-manifest.ts';

/** Without the settings that are left to Firebase's defaults, which it writes as null. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
}

const everywhere = { platform: 'gcfv2', region: ['us-central1'], labels: {} };

describe('what is deployed', () => {
  let manifest: Manifest;

  beforeAll(async () => {
    manifest = await buildManifest();
  }, 120_000);

  it('is these functions, with these triggers and limits', () => {
    expect(withoutNulls(manifest.endpoints)).toEqual({
      admin: {
        ...everywhere,
        entryPoint: 'admin',
        availableMemoryMb: 512,
        timeoutSeconds: 120,
        concurrency: 80,
        secretEnvironmentVariables: [{ key: 'OAUTH_APPS' }],
        httpsTrigger: { invoker: ['public'] },
      },
      advanceJob: {
        ...everywhere,
        entryPoint: 'advanceJob',
        availableMemoryMb: 512,
        timeoutSeconds: 300,
        concurrency: 20,
        secretEnvironmentVariables: [{ key: 'OAUTH_APPS' }],
        taskQueueTrigger: {
          rateLimits: { maxConcurrentDispatches: 50, maxDispatchesPerSecond: 100 },
          retryConfig: {
            maxAttempts: 20,
            minBackoffSeconds: 1,
            maxBackoffSeconds: 60,
            maxDoublings: 5,
          },
        },
      },
      processCall: {
        ...everywhere,
        entryPoint: 'processCall',
        availableMemoryMb: 1024,
        timeoutSeconds: 1800,
        concurrency: 20,
        secretEnvironmentVariables: [{ key: 'OAUTH_APPS' }],
        taskQueueTrigger: {
          rateLimits: { maxConcurrentDispatches: 100, maxDispatchesPerSecond: 500 },
          retryConfig: {
            maxAttempts: 20,
            minBackoffSeconds: 2,
            maxBackoffSeconds: 600,
            maxDoublings: 8,
          },
        },
      },
      onImportJobUpdate: {
        ...everywhere,
        entryPoint: 'onImportJobUpdate',
        availableMemoryMb: 256,
        timeoutSeconds: 60,
        concurrency: 80,
        secretEnvironmentVariables: [{ key: 'SLACK_BOT_TOKEN' }],
        eventTrigger: {
          eventType: 'google.cloud.firestore.document.v1.written',
          eventFilters: { database: '(default)', namespace: '(default)' },
          eventFilterPathPatterns: { document: 'importJobs/{jobId}' },
          retry: true,
        },
      },
      processImportQueue: {
        ...everywhere,
        entryPoint: 'processImportQueue',
        availableMemoryMb: 512,
        timeoutSeconds: 300,
        scheduleTrigger: {
          schedule: '0 20-23,0-7 * * *',
          timeZone: '{{ params.NIGHT_TIME_ZONE }}',
          retryConfig: { retryCount: 3 },
        },
      },
      sweepJobs: {
        ...everywhere,
        entryPoint: 'sweepJobs',
        availableMemoryMb: 512,
        timeoutSeconds: 60,
        scheduleTrigger: { schedule: '* * * * *', retryConfig: { retryCount: 0 } },
      },
    });
  });

  it('asks the operator for these settings and secrets', () => {
    expect(
      manifest.params?.map((param) => `${String(param['type'])} ${String(param['name'])}`),
    ).toEqual([
      'secret SLACK_BOT_TOKEN',
      'secret OAUTH_APPS',
      'string SLACK_CHANNEL',
      'string TASKS_SERVICE_ACCOUNT',
      'string KMS_KEY',
      'string MEDIA_BUCKET',
      'string SPEECH_LOCATION',
      'string SPEECH_MODEL',
      'string NIGHT_TIME_ZONE',
      'int NIGHTLY_CALLS',
      'string SPEECH_LANGUAGES',
      'string CALL_PRICES',
    ]);
  });

  it('has the functions that Hosting sends requests to, where Hosting looks for them', () => {
    const { hosting } = z
      .object({
        hosting: z.object({
          rewrites: z.array(
            z.object({ function: z.object({ functionId: z.string(), region: z.string() }) }),
          ),
        }),
      })
      .parse(
        JSON.parse(
          readFileSync(path.resolve(import.meta.dirname, '../../../firebase.json'), 'utf8'),
        ),
      );
    const targets = hosting.rewrites.map(({ function: { functionId, region } }) => ({
      functionId,
      isThere: manifest.endpoints[functionId]?.['region']?.toString() === region,
    }));

    expect(targets).toEqual([{ functionId: 'admin', isThere: true }]);
  });
});
