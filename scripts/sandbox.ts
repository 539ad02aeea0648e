/**
 * Serves a sandbox platform as a server of its own:
 *
 *   npm run sandbox -- grain --calls 5000 --seed 7 --faults late-transcripts,server-errors:50
 */
import { parseArgs } from 'node:util';
import { sandboxCredentials, sandboxes } from '../functions/src/contexts/testing/sandboxes.ts';
import { platforms } from '../functions/src/core/imports/import-context.ts';
import { serveSandbox } from '../functions/src/kit/sandbox.ts';
import { UsageError } from './lib/usage-error.ts';

const available = platforms.filter((platform) => sandboxes[platform] !== undefined);

const usage = `Usage: npm run sandbox -- <platform> [options]

Serves an imitation of a call platform's API on 127.0.0.1, with an account made from a seed.

Platforms: ${available.join(', ')}

Options:
  --calls <n>                how many calls the account has (default 500)
  --seed <n>                 the same seed makes the same account (default 1)
  --faults <a,b:n>           what to break, each with an optional number; a wrong name lists them
  --port <n>                 where to listen; 0 takes a free port (default 4100)
  --key <text>               the API key that it accepts (default sandbox-key)
  --requests-per-minute <n>  the rate limit (default: the platform's own)
  --page-size <n>            calls in a page of the listing (default: the platform's own)
  --media-bytes <n>          about this many bytes in each recording (default: short spoken clips)
  --help                     this text
`;

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      calls: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      faults: { type: 'string', default: '' },
      port: { type: 'string', default: '4100' },
      key: { type: 'string', default: 'sandbox-key' },
      'requests-per-minute': { type: 'string' },
      'page-size': { type: 'string' },
      'media-bytes': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return { ...values, positionals };
}

function toCount(name: string, text: string, least: number): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= least) return count;
  throw new UsageError(`--${name} takes a whole number from ${String(least)}, not "${text}".`);
}

function createSandbox(options: ReturnType<typeof readOptions>, origin: () => string) {
  const [name, ...others] = options.positionals;
  if (name === undefined) throw new UsageError('Which platform?');
  if (others.length > 0)
    throw new UsageError(`One platform at a time: drop "${others.join(' ')}".`);
  const platform = available.find((each) => each === name);
  const create = platform === undefined ? undefined : sandboxes[platform];
  if (create === undefined) throw new UsageError(`There is no sandbox of "${name}".`);
  const limit = options['requests-per-minute'];
  const size = options['page-size'];
  const bytes = options['media-bytes'];
  return create({
    calls: toCount('calls', options.calls, 0),
    seed: toCount('seed', options.seed, 0),
    now: () => new Date(),
    faults: options.faults.split(',').filter((fault) => fault !== ''),
    credentials: { apiKey: options.key },
    origin,
    ...(limit === undefined ? {} : { requestsPerMinute: toCount('requests-per-minute', limit, 1) }),
    ...(size === undefined ? {} : { pageSize: toCount('page-size', size, 1) }),
    ...(bytes === undefined ? {} : { mediaBytes: toCount('media-bytes', bytes, 1) }),
  });
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  let origin = '';
  const sandbox = createSandbox(options, () => origin);
  const served = await serveSandbox(sandbox, { port: toCount('port', options.port, 0) });
  origin = served.origin;
  const credentials = JSON.stringify(sandboxCredentials(sandbox.platform));
  const accepted = credentials.replaceAll('sandbox-key', options.key);
  process.stdout.write(
    `The ${sandbox.platform} sandbox has ${options.calls} calls and listens on ${origin}\n` +
      `It accepts the credentials ${accepted}. Ctrl+C ends it.\n`,
  );
  const stop = (): void => {
    const { length } = sandbox.requests;
    process.stdout.write(
      `\n${String(length)} requests, ${String(sandbox.limitHits)} over the limit.\n`,
    );
    void served.close();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

function isMistaken(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  if (code.startsWith('ERR_PARSE_ARGS') || code === 'EADDRINUSE') return true;
  // A RangeError is a sandbox's own refusal of an option: an unknown fault, too many calls.
  return error instanceof UsageError || error instanceof RangeError;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Error) || !isMistaken(error)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
