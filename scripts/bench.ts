/**
 * Runs benchmarks, each in a process of its own, and says how they stand against their targets:
 *
 *   npm run bench -- import --calls 1000
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { z } from 'zod';
import type { BenchResult, BenchRow } from '../functions/test/load/bench-result.ts';
import { benchmarks, type BenchOptions } from '../functions/test/load/benchmarks.ts';
import type { BenchSandboxOptions } from '../functions/test/load/support/bench-sandbox.ts';
import { UsageError } from './lib/usage-error.ts';

const usage = `Usage: npm run bench [-- NAME… [options]]

Runs the named benchmarks, or all, one after the other. They report and never fail by time; what
they find is also written to .local/bench/<name>.json.

Benchmarks:
${[...benchmarks].map(([name, { summary }]) => `  ${name.padEnd(20)}${summary}`).join('\n')}

Options:
  --calls <n>         calls in the sandbox's account, or in the store
  --media-bytes <n>   bytes of each recording
  --prices <file>     JSON with prices that replace those in functions/test/load/prices.ts
  --json              print JSON in place of tables
  --profile           write a CPU profile of the measured process to .local/bench/
  --help              this text
`;

const folder = join(import.meta.dirname, '../.local/bench');

/** The runtime's memory is what it is under `npm start`. */
const settings = z
  .object({ flags: z.array(z.string()), compileCacheFolder: z.string() })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'lib/node-settings.json'), 'utf8')));

interface Options extends BenchOptions {
  readonly names: readonly string[];
  readonly json: boolean;
  readonly profile: boolean;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) {
    process.stdout.write(usage);
    return;
  }
  await mkdir(folder, { recursive: true });
  const reports = [];
  for (const name of options.names) {
    if (!options.json) process.stdout.write(`${name} …\n`);
    const machine = describeMachine();
    const result = await runInProcess(name, options);
    const report = { ...result, machine, command: toCommand(name, options) };
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
    if (!options.json) process.stdout.write(`${toTable(result)}\n${toText(machine)}\n\n`);
    reports.push(report);
  }
  if (options.json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
}

function readOptions(): Options | null {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      calls: { type: 'string' },
      'media-bytes': { type: 'string' },
      prices: { type: 'string' },
      json: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const unknown = positionals.find((name) => !benchmarks.has(name));
  if (unknown !== undefined) throw new UsageError(`There is no benchmark "${unknown}".`);
  return {
    names: positionals.length > 0 ? positionals : [...benchmarks.keys()],
    calls: toCount('calls', values.calls),
    mediaBytes: toCount('media-bytes', values['media-bytes']),
    pricesFile: values.prices === undefined ? null : resolve(values.prices),
    json: values.json,
    profile: values.profile,
  };
}

function toCount(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return count;
  throw new UsageError(`--${name} takes a whole number from 1, not "${text}".`);
}

function toCommand(name: string, { calls, mediaBytes, pricesFile }: Options): string {
  const given = [
    calls === null ? '' : ` --calls ${calls}`,
    mediaBytes === null ? '' : ` --media-bytes ${mediaBytes}`,
    pricesFile === null ? '' : ` --prices ${pricesFile}`,
  ];
  return `npm run bench -- ${name}${given.join('')}`;
}

/** One benchmark in a fresh process: memory and caches of an earlier one would falsify it. */
function runInProcess(name: string, options: Options): Promise<BenchResult> {
  const { calls, mediaBytes, pricesFile, profile } = options;
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [];
  const args = ['--measure', name, JSON.stringify({ calls, mediaBytes, pricesFile })];
  // What a benchmark prints is for people, and must not mix with JSON.
  const child = fork(import.meta.filename, args, {
    execArgv: [...settings.flags, ...profiling],
    env: {
      NODE_COMPILE_CACHE: join(import.meta.dirname, '..', settings.compileCacheFolder),
      ...process.env,
    },
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  return new Promise((resolve, reject) => {
    // The child below sends one message: its result.
    child.once('message', (message) => resolve(message as BenchResult));
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code} and no result.`)));
  });
}

interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGigabytes: number;
  readonly node: string;
  /** Processes that wanted a core in the last minute, when the benchmark began. */
  readonly loadBefore: number;
}

function describeMachine(): Machine {
  const cores = cpus();
  return {
    cores: cores.length,
    model: cores[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

function toText({ cores, model, memoryGigabytes, node, loadBefore }: Machine): string {
  const shared = `load ${loadBefore} before`;
  return `${cores} cores, ${model}, ${memoryGigabytes} GB, Node ${node}, ${shared}`;
}

function toTable({ rows }: BenchResult): string {
  const table = new Table({
    head: ['', 'value', '', 'target', ''],
    style: { head: [], border: [] },
  });
  for (const { metric, value, unit, target, isMet } of rows) {
    table.push([
      metric,
      { content: toNumber(value), hAlign: 'right' },
      ...[unit, target ?? '', toVerdict(isMet)],
    ]);
  }
  return table.toString();
}

function toNumber(value: number): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 1000 ? 0 : 3;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function toVerdict(isMet: BenchRow['isMet']): string {
  if (isMet === null) return '';
  return isMet ? 'met' : 'MISSED';
}

/** The processes that this script starts are this script again, told what to be. */
async function be(role: string, args: readonly string[]): Promise<void> {
  const [first = '', second = ''] = args;
  if (role === '--sandbox') {
    const { serveBenchSandbox } = await import('../functions/test/load/support/bench-sandbox.ts');
    // Written by `startBenchSandbox` alone.
    return serveBenchSandbox(JSON.parse(first) as BenchSandboxOptions);
  }
  // Written by `runInProcess` alone.
  const result = await benchmarks.get(first)?.run(JSON.parse(second) as BenchOptions);
  process.send?.(result, () => process.exit());
}

const [role, ...args] = process.argv.slice(2);
try {
  if (role === '--sandbox' || role === '--measure') await be(role, args);
  else await main();
} catch (error) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isUsage = error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS');
  if (!(error instanceof Error) || !isUsage) throw error;
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
