/** The admin API for support staff at a terminal: `npm run imports -- help`. */
import { UsageError } from '../lib/usage-error.ts';
import { ApiProblem } from '../start/api-client.ts';
import { commands } from './commands.ts';
import { openConnection } from './connection.ts';
import { readCommandLine, usage } from './options.ts';

async function main(args: readonly string[]): Promise<number> {
  const line = readCommandLine(args);
  if (!line) {
    console.log(usage);
    return 0;
  }
  if (line.name === 'doctor') {
    // It knows the sandboxes, which take a second to load.
    const { runDoctor } = await import('./doctor.ts');
    return runDoctor(line, process.env);
  }
  return commands[line.name](line, await openConnection(line.text('api'), process.env));
}

/** What was asked for wrongly ends with 2, whoever noticed it. */
function fail(error: unknown, isJson: boolean): number {
  if (error instanceof ApiProblem) {
    console.error(isJson ? JSON.stringify(error.body, null, 2) : error.message);
    return error.status === 400 ? 2 : 1;
  }
  console.error(error instanceof Error ? error.message : String(error));
  if (!(error instanceof UsageError)) return 1;
  console.error('npm run imports -- help shows how each command is used.');
  return 2;
}

const args = process.argv.slice(2);
try {
  process.exitCode = await main(args);
} catch (error) {
  process.exitCode = fail(error, args.includes('--json'));
}
