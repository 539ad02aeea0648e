import { setTimeout as sleep } from 'node:timers/promises';
import { createApiRequest } from '../../../scripts/start/api-client.ts';
import { below, figure, type BenchResult } from './bench-result.ts';
import { startBenchWorld } from './support/bench-runtime.ts';

/** The first import is well under way when so many of its calls have ended. */
const endedBefore = 500;
const pollMs = 100;

/** How long another customer's first call waits while one imports a whole account of `calls`. */
export async function runFairness({ calls }: { calls: number }): Promise<BenchResult> {
  const world = await startBenchWorld({ platform: 'grain', calls, seed: 1, mediaBytes: null });
  const { store } = world.runtime;
  const claimedAt = new Map<unknown, number>();
  const stop = store.onDocumentWritten('importedCalls/{callKey}', ({ after }) => {
    const { customerId, status } = after?.data ?? {};
    if (status === 'downloading' && !claimedAt.has(customerId)) {
      claimedAt.set(customerId, performance.now());
    }
  });
  try {
    const large = await world.start('large');
    for (;;) {
      const { processedCalls } = await world.api.getImport(large);
      if (processedCalls >= Math.min(endedBefore, calls / 2)) break;
      await sleep(pollMs);
    }
    const askedAt = performance.now();
    const small = await world.start('small');
    while (!claimedAt.has('small')) await sleep(pollMs);
    const waitedMs = (claimedAt.get('small') ?? Infinity) - askedAt;
    const { counts } = await world.api.getImport(large);
    const request = createApiRequest(
      world.runtime.url,
      await world.runtime.tokens.issue('support'),
    );
    await Promise.all([large, small].map((jobId) => request('DELETE', `/imports/${jobId}`)));
    return {
      name: 'fairness',
      rows: [
        figure("calls in the first customer's account", calls, 'calls'),
        figure('of them listed by then', counts.listed, 'calls'),
        figure('of them open by then', counts.open, 'calls'),
        below(60, {
          metric: "another customer's POST to first call claimed",
          ...{ value: waitedMs / 1000, unit: 's' },
        }),
      ],
    };
  } finally {
    stop();
    await world.stop();
  }
}
