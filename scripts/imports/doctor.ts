import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { sandboxCredentials, sandboxes } from '../../functions/src/contexts/testing/sandboxes.ts';
import { platforms, type Platform } from '../../functions/src/core/imports/import-context.ts';
import { UsageError } from '../lib/usage-error.ts';
import { ApiProblem } from '../start/api-client.ts';
import { defaultFolder, openConnection, type Connection, type Environment } from './connection.ts';
import type { CommandLine } from './options.ts';
import { toTable } from './tables.ts';

/** What was looked at, how it is, and what to do where it is not well. */
interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'wrong' | 'not checked';
  readonly detail: string;
  readonly remedy: string | null;
}

const leastNode = 24;
const leastFreeBytes = 1_000_000_000;
const mostSkewMs = 5_000;
const customerId = 'doctor';

/** Looks at everything that an import needs, as far as it can be seen from here: 0 if all is well. */
export async function runDoctor(line: CommandLine, environment: Environment): Promise<number> {
  const folder = line.text('folder') ?? defaultFolder;
  const findings = [checkNode(), await checkDisk(folder)];
  const connection = await findConnection(line, environment, folder);
  findings.push(...connection.findings);
  if (connection.found) findings.push(...(await checkApi(connection.found, folder)));
  if (line.isSet('json')) console.log(JSON.stringify(findings, null, 2));
  else console.log(toReport(findings));
  return findings.some(({ status }) => status === 'wrong') ? 1 : 0;
}

function toReport(findings: readonly Finding[]): string {
  const rows = findings.map(({ check, status, detail, remedy }) => [
    ...[check, status, remedy === null ? detail : `${detail}\n${remedy}`],
  ]);
  const wrong = findings.filter(({ status }) => status === 'wrong').length;
  const end = wrong === 0 ? 'Nothing is wrong.' : `${wrong} of ${findings.length} need attention.`;
  return `${toTable(['Check', 'Result', 'What was found, and what to do'], rows)}\n${end}`;
}

const well = (check: string, detail: string): Finding => ({
  ...{ check, status: 'ok', detail, remedy: null },
});
const wrong = (check: string, detail: string, remedy: string): Finding => ({
  ...{ check, status: 'wrong', detail, remedy },
});
const unseen = (check: string, detail: string): Finding => ({
  ...{ check, status: 'not checked', detail, remedy: null },
});

function checkNode(): Finding {
  const { version } = process;
  const major = Number(/^v(\d+)/.exec(version)?.[1]);
  if (major >= leastNode) return well('Node.js', version);
  return wrong('Node.js', version, `Run it through npm, which takes the pinned Node ${leastNode}.`);
}

async function checkDisk(folder: string): Promise<Finding> {
  const place = await stat(folder).then(
    () => folder,
    () => '.',
  );
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB free`;
  if (free >= leastFreeBytes) return well('disk space', detail);
  return wrong('disk space', detail, 'Recordings need room: free at least 1 GB.');
}

async function findConnection(line: CommandLine, environment: Environment, folder: string) {
  const given = line.text('api');
  const from = given ? '--api' : environment.IMPORTS_API ? 'IMPORTS_API' : 'the default';
  try {
    const found = await openConnection(given, environment, folder);
    const token = environment.IMPORTS_TOKEN ? 'IMPORTS_TOKEN' : join(folder, 'token');
    const detail = `the API at ${found.url} (${from}), the token from ${token}`;
    return { found, findings: [well('settings', detail)] };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const remedy = 'Correct it, or start the backend here: npm start.';
    return { found: null, findings: [wrong('settings', error.message, remedy)] };
  }
}

async function checkApi(connection: Connection, folder: string): Promise<Finding[]> {
  const { found, finding } = await checkPort(connection);
  if (!found) return [finding];
  const store = await checkStore(connection);
  const local = connection.isLocal
    ? [await checkQueue(folder), await checkKeys(folder)]
    : [
        unseen('queue', 'only the machine that serves can see it'),
        unseen('keys', 'only the machine that serves can see them'),
      ];
  return [finding, checkClock(found), store, ...local, ...(await checkSandboxes(connection))];
}

interface Reached {
  readonly date: string | null;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

async function checkPort({ url }: Connection) {
  const askedAtMs = Date.now();
  try {
    const response = await fetch(`${url}/admin/openapi.json`, {
      signal: AbortSignal.timeout(10_000),
    });
    const answeredAtMs = Date.now();
    const isOurs = response.ok && (await response.text()).includes('"openapi":"3.1');
    if (!isOurs) {
      const detail = `${url} answers ${response.status}, but not as our API`;
      const remedy = 'Another program may have the port: npm start says which one it took.';
      return { found: null, finding: wrong('port', detail, remedy) };
    }
    const found: Reached = { date: response.headers.get('date'), askedAtMs, answeredAtMs };
    return { found, finding: well('port', `answered within ${answeredAtMs - askedAtMs} ms`) };
  } catch {
    const remedy = 'Start the backend (npm start), or name where it is by --api or IMPORTS_API.';
    return { found: null, finding: wrong('port', `nobody answers at ${url}`, remedy) };
  }
}

/** Tokens and signed links live by both clocks. The header counts whole seconds. */
function checkClock({ date, askedAtMs, answeredAtMs }: Reached): Finding {
  if (date === null) return unseen('clock', 'the answer has no Date');
  const skewMs = Date.parse(date) + 500 - (askedAtMs + answeredAtMs) / 2;
  const seconds = (skewMs / 1000).toFixed(1);
  if (Math.abs(skewMs) <= mostSkewMs + (answeredAtMs - askedAtMs) / 2) {
    return well('clock', `within ${Math.ceil(mostSkewMs / 1000)} s of the server's`);
  }
  return wrong('clock', `the server's is ${seconds} s ahead of this one`, 'Set the clock by NTP.');
}

async function checkStore({ request }: Connection): Promise<Finding> {
  try {
    await request('GET', `/imports?customerId=${customerId}&limit=1`);
    return well('store', 'the API reads it, and the token is good');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isToken = error instanceof ApiProblem && [401, 403].includes(error.status);
    return isToken
      ? wrong('token', message, 'Take a fresh token.')
      : wrong('store', message, 'Look into the log of the backend (.local/runtime.log).');
  }
}

async function checkQueue(folder: string): Promise<Finding> {
  const path = join(folder, 'queues');
  try {
    await access(path, constants.R_OK | constants.W_OK);
    const names = await readdir(path);
    return well('queue', `kept in ${path}: ${names.length} files`);
  } catch {
    return wrong(
      'queue',
      `${path} can't be written`,
      'Start the backend as the owner of the folder.',
    );
  }
}

async function checkKeys(folder: string): Promise<Finding> {
  const path = join(folder, 'keys');
  const names = await readdir(path).catch(() => []);
  if (names.length === 0) {
    return wrong(
      'keys',
      `there are none in ${path}`,
      'Start the backend here, or name its --folder.',
    );
  }
  const open: string[] = [];
  for (const name of names) {
    const { mode } = await stat(join(path, name));
    if ((mode & 0o077) !== 0) open.push(name);
  }
  if (open.length === 0) return well('keys', `${names.length} keys, for their owner only`);
  const files = open.map((name) => join(path, name)).join(' ');
  return wrong('keys', `others may read ${open.join(', ')}`, `chmod 600 ${files}`);
}

/** A dry run goes all the way to the platform and creates nothing. */
async function checkSandboxes({ isLocal, request }: Connection): Promise<Finding[]> {
  if (!isLocal) return [unseen('platforms', 'a deployment has no sandboxes')];
  const served = platforms.filter((platform) => sandboxes[platform] !== undefined);
  const findings: Finding[] = [];
  for (const platform of served) findings.push(await checkSandbox(platform, request));
  return findings;
}

async function checkSandbox(platform: Platform, request: Connection['request']): Promise<Finding> {
  const check = `${platform} sandbox`;
  const credentials = sandboxCredentials(platform);
  try {
    const options = { dryRun: true };
    await request('POST', '/imports', { customerId, platform, credentials, options });
    return well(check, 'reached, and it takes our key');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return wrong(check, message, 'Stop the backend and start it again: it serves the sandboxes.');
  }
}
