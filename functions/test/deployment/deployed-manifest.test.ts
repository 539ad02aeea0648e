import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readManifest } from './deployed-manifest.ts';

describe('readManifest', () => {
  it('reads what an ES module deploys, settings and secrets included', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'deployed-'));
    await writeFile(
      path.join(folder, 'package.json'),
      JSON.stringify({ name: 'example', type: 'module', main: 'index.js' }),
    );
    await writeFile(
      path.join(folder, 'index.js'),
      `import { defineSecret, defineString } from 'firebase-functions/params';
       import { onTaskDispatched } from 'firebase-functions/v2/tasks';
       const region = defineString('REGION', { default: 'us-central1' });
       const token = defineSecret('TOKEN');
       export const notDeployed = 1;
       export const work = onTaskDispatched(
         { region, secrets: [token], memory: '512MiB', rateLimits: { maxConcurrentDispatches: 6 } },
         async () => {},
       );`,
    );

    const manifest = await readManifest(folder).finally(() =>
      rm(folder, { recursive: true, force: true }),
    );

    expect(Object.keys(manifest.endpoints)).toEqual(['work']);
    expect(manifest.endpoints['work']).toMatchObject({
      platform: 'gcfv2',
      entryPoint: 'work',
      region: '{{ params.REGION }}',
      availableMemoryMb: 512,
      secretEnvironmentVariables: [{ key: 'TOKEN' }],
      taskQueueTrigger: { rateLimits: { maxConcurrentDispatches: 6 } },
    });
    expect(manifest.params?.map((param) => param['name'])).toEqual(['REGION', 'TOKEN']);
  });
});
