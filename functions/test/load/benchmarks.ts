import type { BenchResult } from './bench-result.ts';

/** What a benchmark can be told by `--calls` and its like; null: its own default. */
export interface BenchOptions {
  readonly calls: number | null;
  readonly mediaBytes: number | null;
  readonly pricesFile: string | null;
}

export interface Benchmark {
  readonly summary: string;
  /** Loaded when it runs: a benchmark of memory carries no other's code. */
  run(options: BenchOptions): Promise<BenchResult>;
}

/** Every benchmark by its name, in the order in which all are run. */
export const benchmarks: ReadonlyMap<string, Benchmark> = new Map<string, Benchmark>([
  [
    'import',
    {
      summary: '10,000 calls of 100 kB through the whole engine; --calls, --media-bytes',
      async run({ calls, mediaBytes }) {
        const { runImport } = await import('./import.bench.ts');
        return runImport({ calls: calls ?? 10_000, mediaBytes: mediaBytes ?? 100_000 });
      },
    },
  ],
  [
    'media',
    {
      summary: 'one recording of 2 GB: memory and pace; --media-bytes',
      async run({ mediaBytes }) {
        const { runMedia } = await import('./media.bench.ts');
        return runMedia({ mediaBytes: mediaBytes ?? 2_000_000_000 });
      },
    },
  ],
  [
    'status',
    {
      summary: 'reading jobs through the admin API at 100,000 calls; --calls',
      async run({ calls }) {
        const { runStatus } = await import('./status.bench.ts');
        return runStatus({ calls: calls ?? 100_000 });
      },
    },
  ],
  [
    'startup',
    {
      summary: 'from the POST of an import to its first call; --calls',
      async run({ calls }) {
        const { runStartup } = await import('./startup.bench.ts');
        return runStartup({ calls: calls ?? 1_000 });
      },
    },
  ],
  [
    'fairness',
    {
      summary: "another customer's first call beside an import of 100,000; --calls",
      async run({ calls }) {
        const { runFairness } = await import('./fairness.bench.ts');
        return runFairness({ calls: calls ?? 100_000 });
      },
    },
  ],
  [
    'cold',
    {
      summary: 'loading each deployed function alone, compiled',
      async run() {
        const { runCold } = await import('./cold.bench.ts');
        return runCold();
      },
    },
  ],
  [
    'cost',
    {
      summary: 'what a job of 1,000 calls is charged for; --calls, --media-bytes, --prices',
      async run({ calls, mediaBytes, pricesFile }) {
        const { runCost } = await import('./cost.bench.ts');
        return runCost({ calls: calls ?? 1_000, mediaBytes, pricesFile });
      },
    },
  ],
  [
    'budgets',
    {
      summary: '20 instances on one platform account: its limit kept, used, and a refusal heard',
      async run() {
        const { runBudgets } = await import('./budgets/budgets.bench.ts');
        return runBudgets({});
      },
    },
  ],
]);
