/** Seals every stored credential under the newest key version: `npm run credentials:rotate`. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createApiClient, type RotationAnswer } from './start/api-client.ts';
import { UsageError } from './lib/usage-error.ts';

const usage = `Usage: npm run credentials:rotate -- [options]

Seals every stored credential anew under the newest version of the key, through the admin API and
while imports run. A key file (this machine) gets a new version first; in the cloud that is the
primary version of KMS_KEY, so make one before. Stopped half-way, the next run goes on from there.

Options:
  --url <url>           where the backend serves (default http://127.0.0.1:5001)
  --token-file <file>   the token of somebody with the role admin (default .local/token.admin)
  --json                the result as JSON on standard output
  --help                this text

Ends with 0 when every credential is sealed under the newest version, 1 when some are not or the
backend can't be reached, 2 for a wrong command line.
`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        url: { type: 'string', default: 'http://127.0.0.1:5001' },
        'token-file': { type: 'string', default: '.local/token.admin' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    throw new UsageError(`The token file ${file} can't be read: name it with --token-file.`);
  }
}

function describe({ keyVersion, rewrapped, alreadyCurrent, failed, failedIds }: RotationAnswer) {
  const counts = `${rewrapped} rewrapped, ${alreadyCurrent} already current, ${failed} failed`;
  const remedy = `They open under no key: keep them anew (POST /admin/credentials). ${failedIds.join(' ')}`;
  return `Key version ${keyVersion ?? ''}: ${counts}.${failed > 0 ? `\n${remedy}` : ''}`;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const api = createApiClient(options.url, await readToken(options['token-file']));
  let rotation: RotationAnswer;
  do {
    rotation = await api.rotateKeys();
    if (!rotation.finishedAt) console.error(`… ${describe(rotation)}`);
  } while (!rotation.finishedAt);
  console.log(options.json ? JSON.stringify(rotation, null, 2) : describe(rotation));
  return rotation.failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError;
  const message = error instanceof Error ? error.message : String(error);
  console.error(isUsage ? `${message}\n\n${usage}` : message);
  process.exitCode = isUsage ? 2 : 1;
}
