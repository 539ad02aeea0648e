/**
 * Begins the adapter of another platform:
 *
 *   npm run new-platform -- acme_calls --name "Acme Calls"
 *
 * What it writes passes lint and types at once; its contract suite fails check by check until it is
 * filled in. `docs/adding-a-platform.md` walks through it.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createPlatform, NewPlatformError } from './new-platform/create-platform.ts';

const usage = 'Usage: npm run new-platform -- <id> [--name "Name as people know it"]\n';
const root = join(import.meta.dirname, '..');

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { name: { type: 'string' } },
  });
  const [id, ...others] = positionals;
  if (id === undefined || others.length > 0) throw new NewPlatformError('Which platform?');
  const paths = await createPlatform({ root, id, displayName: values.name ?? null });
  // A process of its own: this one may have loaded the registry as it was.
  execFileSync(process.execPath, [join(root, 'scripts/write-docs.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.stdout.write(
    `${paths.map((path) => `wrote ${path}\n`).join('')}\n` +
      'What is left to do are the failing checks of the contract suite:\n' +
      `  npm run test:unit -- --coverage=false ${paths.find((path) => path.endsWith('.test.ts')) ?? ''}\n` +
      'docs/adding-a-platform.md walks through them.\n',
  );
} catch (error) {
  const isOption =
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (!(error instanceof NewPlatformError) && !isOption) throw error;
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
