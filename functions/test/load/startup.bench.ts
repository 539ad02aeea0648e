import { below, figure, type BenchResult } from './bench-result.ts';
import { startBenchWorld } from './support/bench-runtime.ts';

/** From the POST that creates an import in a runtime that has just started to the first claim, and the first end. */
export async function runStartup({ calls }: { calls: number }): Promise<BenchResult> {
  const world = await startBenchWorld({ platform: 'grain', calls, seed: 1, mediaBytes: null });
  const { store } = world.runtime;
  try {
    const moments = new Map<unknown, number>();
    const stop = store.onDocumentWritten('importedCalls/{callKey}', ({ after }) => {
      const status: unknown = after?.data['status'];
      if (!moments.has(status)) moments.set(status, performance.now());
    });
    const startedAt = performance.now();
    const jobId = await world.start();
    const createdAt = performance.now();
    await world.ended(jobId);
    stop();
    const since = (status: string) => ((moments.get(status) ?? Infinity) - startedAt) / 1000;
    return {
      name: 'startup',
      rows: [
        figure('calls in the account', calls, 'calls'),
        figure('POST to its answer', (createdAt - startedAt) / 1000, 's'),
        below(5, { metric: 'POST to first call claimed', value: since('downloading'), unit: 's' }),
        figure('POST to first call completed', since('completed'), 's'),
      ],
    };
  } finally {
    await world.stop();
  }
}
