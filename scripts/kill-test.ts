/**
 * Imports calls while workers are killed, and says whether anything was lost, doubled or late:
 *
 *   npm run kill-test -- --calls 10000 --workers 4 --seed 1 --json
 */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { defaultSettings } from '../functions/src/core/settings.ts';
import { runKillTest, type KillTestReport } from '../functions/test/kill/run-kill-test.ts';
import { UsageError } from './lib/usage-error.ts';

const usage = `Usage: npm run kill-test -- [options]

Imports a sandbox account through workers that are processes of their own, with the deployed
settings, while one of them is killed every 2 to 5 seconds (once all serve again), and checks that
every call was imported exactly once. Jobs are swept every 5 seconds, in place of every minute.

Options:
  --calls <n>     calls in the account (default 10000)
  --workers <n>   processes that host the functions (default 4)
  --seed <n>      decides the account, the kills and the deliveries (default 1)
  --lease <s>     seconds that a call or job stays a dead worker's (default: as deployed)
  --json          the report as JSON on standard output
  --help          this text

Ends with 0 when every check and bound holds, else with 1.
`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        calls: { type: 'string', default: '10000' },
        workers: { type: 'string', default: '4' },
        seed: { type: 'string', default: '1' },
        lease: { type: 'string', default: String(defaultSettings.leaseMs / 1000) },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function toCount(name: string, text: string, most: number): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count <= most) return count;
  throw new UsageError(`--${name} takes a whole number up to ${most}, not "${text}".`);
}

function toTable(report: KillTestReport): string {
  const { checks, passed, calls, durationSeconds } = report;
  const table = new Table({
    head: ['Check', 'Found', ''],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, found, passed: isFine } of checks) {
    table.push([name, found, isFine ? 'ok' : 'FAILED']);
  }
  const perSecond = (calls / durationSeconds).toFixed(1);
  return [
    table.toString(),
    `${calls} calls in ${durationSeconds} s (${perSecond} calls/s) with ${report.workers} workers, ` +
      `seed ${report.seed}: ${report.kills} kills, ${report.callsHeldAtKills} calls held at a kill.`,
    `Downloaded again: ${report.redownloadedPercent} %. Longest until a call was taken up again: ` +
      `${report.longestTakeUpSeconds ?? 0} s; until the job was: ` +
      `${report.longestJobTakeUpSeconds ?? 0} s.`,
    passed ? 'Every check holds.' : 'Not every check holds.',
  ].join('\n');
}

async function main(): Promise<number> {
  const values = readOptions();
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const calls = toCount('calls', values.calls, 1_000_000);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stopping.abort());
  }
  const report = await runKillTest({
    calls,
    workers: toCount('workers', values.workers, 64),
    seed: toCount('seed', values.seed, 2 ** 31),
    killEveryMs: [2_000, 5_000],
    sweepEveryMs: 5_000,
    settings: { leaseMs: toCount('lease', values.lease, 3_600) * 1000 },
    limitMs: 300_000 + calls * 100,
    signal: stopping.signal,
    onProgress: ({ elapsedMs, engagements, kills, serving }) =>
      console.error(
        `${(elapsedMs / 1000).toFixed(0)} s: ${engagements} of ${calls} calls, ` +
          `${kills} kills, ${serving} workers serve`,
      ),
  });
  console.log(values.json ? JSON.stringify(report, null, 2) : toTable(report));
  return report.passed ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  const isUsage = error instanceof UsageError;
  const isStopped = error instanceof Error && error.name === 'AbortError';
  if (!isStopped) console.error(isUsage ? `${error.message}\n\n${usage}` : error);
  process.exit(isUsage ? 2 : isStopped ? 130 : 1);
}
