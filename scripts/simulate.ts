/**
 * Runs whole imports on virtual time, with everything going wrong that can, from seeds:
 *
 *   npm run simulate -- --seeds 2000
 *   npm run simulate -- --seed 42 --seeds 1
 *   npm run simulate -- --break no-epoch-check --seeds 500
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { breaks, createBrokenCopy, isBreak } from '../functions/test/simulation/breaks.ts';
import { runSeeds, type SeedReport } from '../functions/test/simulation/run-seeds.ts';
import { describeFailure, summarize } from '../functions/test/simulation/summary.ts';
import { UsageError } from './lib/usage-error.ts';

const usage = `Usage: npm run simulate -- [options]

Runs whole imports on virtual time, with everything going wrong that can. What a seed does is the
same each time. Ends with 0 when nothing was violated.

Options:
  --seeds <n>      how many worlds (default 100)
  --seed <n>       the seed of the first (default 1)
  --processes <n>  worlds at a time (default: one for each core)
  --break <name>   break a copy of the code first, and stop when that is noticed:
                   ${Object.keys(breaks).join(', ')}
  --json           the sum in one line of JSON
  --help           this text
`;

const shownFailures = 5;

function readOptions() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      processes: { type: 'string', default: String(availableParallelism()) },
      break: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

function toCount(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} takes a whole number from 1, not "${text}".`);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const { break: breakName = null } = options;
  if (breakName !== null && !isBreak(breakName)) {
    throw new UsageError(`There is no break "${breakName}".`);
  }
  const copy = breakName === null ? null : await createBrokenCopy(breakName);
  const own = join(import.meta.dirname, '../functions/test/simulation');
  try {
    const startedAt = performance.now();
    const results = await runSeeds({
      from: toCount('seed', options.seed),
      count: toCount('seeds', options.seeds),
      processes: toCount('processes', options.processes),
      folder: copy?.folder ?? own,
      onResult: options.json ? () => undefined : createReporter(breakName),
      isEnough: (result) => copy !== null && result.violations.length > 0,
    });
    const seconds = (performance.now() - startedAt) / 1_000;
    const summary = { ...summarize(results), break: breakName, seconds: Math.round(seconds) };
    process.stdout.write(`${JSON.stringify(summary, null, options.json ? 0 : 2)}\n`);
    process.exitCode = summary.violations > 0 ? 1 : 0;
  } finally {
    await copy?.remove();
  }
}

function createReporter(breakName: string | null): (result: SeedReport) => void {
  let shown = 0;
  return (result) => {
    if (result.violations.length === 0 || shown >= shownFailures) return;
    shown += 1;
    process.stdout.write(`${describeFailure(result, breakName)}\n\n`);
  };
}

try {
  await main();
} catch (error) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!(error instanceof UsageError) && !code.startsWith('ERR_PARSE_ARGS')) throw error;
  process.stderr.write(`${error instanceof Error ? error.message : ''}\n\n${usage}`);
  process.exitCode = 2;
}
