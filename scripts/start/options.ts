import { parseArgs } from 'node:util';
import type { Platform } from '../../functions/src/core/imports/import-context.ts';
import { resolvePlatform } from '../../functions/src/contexts/registry.ts';
import { sandboxes } from '../../functions/src/contexts/testing/sandboxes.ts';
import { UsageError } from '../lib/usage-error.ts';

export interface StartOptions {
  readonly platform: Platform;
  readonly calls: number;
  readonly seed: number;
  readonly faults: readonly string[];
  /** The folder of recordings to upload; null for a platform with a sandbox. */
  readonly files: string | null;
  readonly once: boolean;
  /** Forgets everything from earlier runs first. */
  readonly fresh: boolean;
  readonly port: number;
  /** Where everything is kept between runs. */
  readonly folder: string;
}

export const usage = `Usage: npm start -- [options]

Boots the whole backend on this machine and runs an import through its HTTP endpoint.

Options:
  --platform <name>   ${['manual', ...Object.keys(sandboxes)].join(', ')} (default grain)
  --calls <n>         calls in the sandbox account (default 25)
  --seed <n>          the same seed makes the same account (default 1)
  --faults <a,b:n>    what the sandbox breaks on purpose, e.g. server-errors:5,late-transcripts
  --files <folder>    with --platform manual: the recordings to upload and import
  --once              end after the import: 0 if every call was imported, else 1
  --fresh             forget what earlier runs imported
  --port <n>          where to serve (default 5001; taken: the next free one)
  --folder <path>     where everything is kept between runs (default .local)
  --help              this text
`;

/** Reads the command line; null when help was asked for. @throws UsageError */
export function readOptions(args: readonly string[]): StartOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const platform = resolvePlatform(values.platform);
  const isKnown = platform === 'manual' || (platform !== null && platform in sandboxes);
  if (!isKnown) throw new UsageError(`There is no sandbox for "${values.platform}".`);
  if (platform === 'manual' && values.files === undefined) {
    throw new UsageError('--platform manual needs --files <folder with recordings>.');
  }
  if (platform !== 'manual' && values.files !== undefined) {
    throw new UsageError('--files goes with --platform manual.');
  }
  return {
    platform,
    calls: toCount('calls', values.calls, 100_000),
    seed: toCount('seed', values.seed, 2 ** 31),
    faults: values.faults.split(',').filter(Boolean),
    files: values.files ?? null,
    once: values.once,
    fresh: values.fresh,
    port: toCount('port', values.port, 65_535),
    folder: values.folder,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        platform: { type: 'string', default: 'grain' },
        calls: { type: 'string', default: '25' },
        seed: { type: 'string', default: '1' },
        faults: { type: 'string', default: '' },
        files: { type: 'string' },
        once: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        port: { type: 'string', default: '5001' },
        folder: { type: 'string', default: '.local' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function toCount(name: string, text: string, most: number): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count <= most) return count;
  throw new UsageError(`--${name} takes a whole number up to ${most}, not "${text}".`);
}
