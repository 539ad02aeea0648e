import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Engagement } from '../../src/core/engagements/engagement.ts';
import { parseDocuments } from '../../src/gcp/firestore/documents.ts';
import type { SandboxCall } from '../../src/kit/sandbox.ts';
import type { Runtime } from '../../local/runtime/runtime.ts';
import { atMost, below, figure, type BenchResult } from './bench-result.ts';
import { startBenchWorld } from './support/bench-runtime.ts';
import { peakMegabytes, residentMegabytes, startWatch } from './support/measure.ts';

export interface ImportBenchOptions {
  readonly calls: number;
  readonly mediaBytes: number;
}

/** What the same import takes built the usual way: BullMQ, PostgreSQL, whole-file buffers. */
const usual = { calls: 10_000, mediaBytes: 100_000, seconds: 38, megabytes: 300 };

/**
 * Imports a whole account through the admin API, the queue, the store and the disk, this process
 * being the engine's, then compares every engagement and every recording with the account.
 */
export async function runImport({ calls, mediaBytes }: ImportBenchOptions): Promise<BenchResult> {
  const world = await startBenchWorld({ platform: 'grain', calls, seed: 1, mediaBytes });
  try {
    const idleMegabytes = residentMegabytes();
    const watch = startWatch();
    const job = await world.ended(await world.start());
    const { seconds, cpuMs } = watch();
    const peak = peakMegabytes();
    const traffic = await world.sandbox.traffic();
    const found = await compare(world.runtime, await world.sandbox.truth());
    const isUsual = calls === usual.calls && mediaBytes === usual.mediaBytes;
    const time = { metric: 'POST to the end', value: seconds, unit: 's' };
    const memory = { metric: 'peak resident memory', value: peak, unit: 'MB' };
    return {
      name: 'import',
      rows: [
        figure('calls in the account', calls, 'calls'),
        figure('imported', job.counts.imported, 'calls'),
        isUsual ? atMost(usual.seconds, time) : figure(time.metric, seconds, 's'),
        figure('pace', calls / seconds, 'calls/s'),
        figure('CPU of the engine', cpuMs / calls, 'ms/call'),
        isUsual ? below(usual.megabytes, memory) : figure(memory.metric, peak, 'MB'),
        figure('resident memory before', idleMegabytes, 'MB'),
        figure('platform requests', (traffic.requests - traffic.downloads) / calls, 'per call'),
        figure('download requests', traffic.downloads / calls, 'per call'),
        atMost(0, { metric: 'refused by the limit', value: traffic.limitHits, unit: 'requests' }),
        atMost(0, { metric: 'lost', value: found.lost, unit: 'calls' }),
        atMost(0, { metric: 'twice', value: found.twice, unit: 'calls' }),
      ],
    };
  } finally {
    await world.stop();
  }
}

/** A call whose recording is missing or differs from the account's by a byte is lost, too. */
async function compare(
  { store, objects }: Runtime,
  truth: readonly SandboxCall[],
): Promise<{ readonly lost: number; readonly twice: number }> {
  const { docs } = await store.firestore.collection('engagements').get();
  const engagements = parseDocuments(docs, Engagement);
  const bySourceId = new Map(engagements.map((one) => [one.sourceCallId, one]));
  let lost = 0;
  for (const call of truth) {
    const engagement = bySourceId.get(call.sourceCallId);
    const key = engagement?.media?.key;
    const sha256 = key === undefined ? null : await hashOf(objects.pathOf(key));
    if (!engagement || sha256 !== call.mediaSha256) lost += 1;
  }
  return { lost, twice: engagements.length - bySourceId.size };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  // A stream of a file without an encoding yields buffers.
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
