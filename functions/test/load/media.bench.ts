import { atMost, figure, type BenchResult } from './bench-result.ts';
import { startBenchWorld } from './support/bench-runtime.ts';
import { startWatch, watchMemory } from './support/measure.ts';

const megabyte = 1_000_000;

/** Imports one recording of `mediaBytes` and watches this process's memory meanwhile. */
export async function runMedia({ mediaBytes }: { mediaBytes: number }): Promise<BenchResult> {
  const world = await startBenchWorld({ platform: 'grain', calls: 1, seed: 1, mediaBytes });
  try {
    // What is idle is a runtime that has answered before: the code is loaded, the store is open.
    await world.api.findOpenImports({ customerId: 'nobody', platform: 'grain' });
    const idle = watchMemory()();
    const most = watchMemory();
    const watch = startWatch();
    const job = await world.ended(await world.start());
    const { seconds, cpuMs } = watch();
    const above = most() - idle;
    return {
      name: 'media',
      rows: [
        figure('recording', mediaBytes / megabyte, 'MB'),
        figure('imported', job.counts.imported, 'calls'),
        figure('POST to the end', seconds, 's'),
        figure('pace', mediaBytes / megabyte / seconds, 'MB/s'),
        figure('CPU of the engine', cpuMs / (mediaBytes / megabyte), 'ms/MB'),
        figure('resident memory before', idle, 'MB'),
        atMost(64, { metric: 'memory above idle', value: above, unit: 'MB' }),
      ],
    };
  } finally {
    await world.stop();
  }
}
