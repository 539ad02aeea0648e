import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  createFolder,
  killAll,
  startProcess,
  startScript,
  type ScriptOptions,
  type StartProcess,
} from './support/start-process.ts';

/*
 * `npm run imports` as support uses it: processes of their own, against the backend that `npm start`
 * serves. Each test goes on with what the one before left.
 */

jest.setTimeout(240_000);

let folder: Awaited<ReturnType<typeof createFolder>>;
let backend: StartProcess;
let url: string;
let token: string;

const calls = 30;
const credentials = { apiKey: 'sandbox-key' };

/** Starts the backend and waits until it serves after its own import. */
async function serve(port: string): Promise<void> {
  const args = ['--calls', String(calls), '--port', port, '--folder', folder.path];
  backend = startProcess(args, { limitMs: 900_000 });
  [, url = ''] = await backend.waitFor(/serves at (http:\S+) \(/);
}

beforeAll(async () => {
  folder = await createFolder();
  await serve('0');
  await backend.waitFor(/Ctrl-C ends it; the next start knows everything\./);
  token = await readFile(join(folder.path, 'token'), 'utf8');
});

afterAll(async () => {
  killAll();
  await folder.remove();
});

function start(args: readonly string[], options: ScriptOptions = {}): StartProcess {
  const env = { IMPORTS_API: url, IMPORTS_TOKEN: token, ...options.env };
  return startScript('scripts/imports/main.ts', args, { ...options, env });
}

async function run(args: readonly string[], options: ScriptOptions = {}) {
  const started = start(args, options);
  const code = await started.exited;
  return { code, output: started.output() };
}

const Job = z.object({ id: z.string(), status: z.string(), processedCalls: z.number() });
const Created = z.object({ jobId: z.string() });

async function getJob(jobId: string): Promise<z.infer<typeof Job>> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/admin/imports/${jobId}`, { headers });
  return Job.parse(await response.json());
}

async function createImport(customer: string, more: readonly string[] = []): Promise<string> {
  const { code, output } = await run(
    [
      'create',
      '--customer',
      customer,
      '--platform',
      'grain',
      '--credentials',
      '-',
      '--json',
      ...more,
    ],
    { input: JSON.stringify(credentials) },
  );
  expect([code, output]).toEqual([0, expect.any(String)]);
  return Created.parse(JSON.parse(output)).jobId;
}

describe('npm run imports', () => {
  it('says how it is used, and ends with 2 for what it does not know', async () => {
    const help = await run(['help']);
    expect(help.code).toBe(0);
    expect(help.output).toContain('Usage: npm run imports -- <command> [options]');
    const wrong = await Promise.all([
      run(['import']),
      run(['watch']),
      run(['pause', 'a', 'b']),
      run(['create', '--platform', 'grain']),
      run(['list', '--customers', 'acme']),
      run(['create', '--customer', 'acme', '--platform', 'grain', '--from', 'May']),
      run(['list', '--customer', 'acme', '--api', 'http://api.example.com']),
      run(['list', '--customer', 'acme', '--api', 'nowhere']),
    ]);
    expect(wrong.map(({ code, output }) => [code, output.split('\n')[0]])).toEqual([
      [2, expect.stringContaining('There is no command "import": it is one of create, preview')],
      [2, 'watch takes <import id>, not "".'],
      [2, 'pause takes <import id>, not "a b".'],
      [2, 'create needs --customer.'],
      [2, expect.stringContaining("Unknown option '--customers'")],
      [2, expect.stringContaining('--from takes a day like 2026-01-31')],
      [2, 'api.example.com must be https: anybody on the way could read the token.'],
      [2, expect.stringContaining('"nowhere" is no address of an API')],
    ]);
  });

  it.each([
    ['--credentials', ['--credentials', '{"apiKey":"canary-1"}']],
    ['--credentials', ['--credentials={"apiKey":"canary-1"}']],
    ['--api-key', ['--api-key', 'canary-1']],
    ['--token', ['--token=canary-1']],
  ])('takes no secret as an argument, and does not repeat it: %s', async (option, args) => {
    const { code, output } = await run(['create', ...args]);
    expect(code).toBe(2);
    expect(output).toContain(`${option} takes no secret: a command line is kept in the shell's`);
    expect(output).not.toContain('canary');
  });

  it('shows the platforms as a table, and as the API’s own answer', async () => {
    const table = await run(['platforms']);
    expect(table.code).toBe(0);
    expect(table.output).toMatch(/grain +│ Grain +│ beta +│ apiKey/);
    const { output } = await run(['platforms', '--json']);
    const rows = z.array(z.looseObject({ platform: z.string() })).parse(JSON.parse(output));
    expect(rows.find(({ platform }) => platform === 'grain')).toHaveProperty('instructions');
  });
});

describe('imports create', () => {
  const acme = ['create', '--customer', 'acme', '--platform', 'grain'];

  it('takes the key from a file, alone or as JSON, and starts nothing for a dry run', async () => {
    const file = join(folder.path, 'key.txt');
    for (const text of ['sandbox-key\n', JSON.stringify(credentials)]) {
      await writeFile(file, text, { mode: 0o600 });
      const { code, output } = await run([...acme, '--credentials-file', file, '--dry-run']);
      expect([code, output]).toEqual([0, expect.stringContaining('Nothing was started: about 30')]);
    }
    expect((await run(['list', '--customer', 'acme'])).output).toContain('There are no such');
  });

  it('says what the API refuses and what to do, in words or as its problem', async () => {
    const rejected = await run([...acme, '--credentials', '-'], { input: 'canary-wrong-key' });
    expect(rejected.code).toBe(1);
    expect(rejected.output).toContain('Ask the customer for new credentials');
    expect(rejected.output).not.toContain('canary');
    const nowhere = await run(['create', '--customer', 'acme', '--platform', 'nope', '--json']);
    expect(nowhere.code).toBe(2);
    expect(JSON.parse(nowhere.output)).toMatchObject({ code: 'bad_request', status: 400 });
    const gong = await run(
      ['create', '--customer', 'acme', '--platform', 'gong', '--credentials', '-'],
      {
        input: 'one-key',
      },
    );
    expect(gong.code).toBe(2);
    expect(gong.output).toContain(
      'Gong takes its credentials as a JSON object of accessKey, accessKeySecret',
    );
  });

  it('takes a credential that was stored before, by its id', async () => {
    const admin = await readFile(join(folder.path, 'token.admin'), 'utf8');
    const kept = await fetch(`${url}/admin/credentials`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: JSON.stringify({ customerId: 'acme', platform: 'grain', credentials }),
    });
    const { id } = z.object({ id: z.string() }).parse(await kept.json());
    const { code, output } = await run([...acme, '--credential-id', id, '--dry-run']);
    expect([code, output]).toEqual([0, expect.stringContaining('Nothing was started: about 30')]);
  });

  it('is previewed: what it would take, in one sentence and in numbers', async () => {
    const { code, output } = await run(
      ['preview', ...acme.slice(1), '--credentials', '-', '--schedule', 'nightly'],
      { input: 'sandbox-key' },
    );
    expect(code).toBe(0);
    expect(output).toMatch(/^30 calls, \d+ requests, 1 night/);
    expect(output).toMatch(/\nprice:\n {2}free calls: 30\n/);
  });

  it('draws a bar until the import has ended, and ends with 0 when all is there', async () => {
    const { code, output } = await run(
      [...acme, '--credentials', '-', '--schedule', 'now', '--watch'],
      { input: 'sandbox-key' },
    );
    expect(output).toMatch(/Importing \[.+\] \d+\/30 calls \| .+ \| .+ \| \w+/);
    expect(output).toMatch(
      /Import \w{20} completed: 30 new, 0 known from before, 0 failed, 0 gone/,
    );
    expect(code).toBe(0);
    const list = await run(['list', '--customer', 'acme', '--status', 'completed']);
    expect(list.output).toMatch(/\w{20} │ grain +│ completed │ 30\/30/);
  });
});

describe('imports why', () => {
  it('tells the story of a call by its title, and what to do', async () => {
    const list = await run(['list', '--customer', 'acme', '--json']);
    const [job] = z.array(Job).parse(JSON.parse(list.output));
    const answer = await fetch(`${url}/admin/imports/${job?.id ?? ''}/calls?limit=1`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const Calls = z.tuple([z.object({ id: z.string(), sourceCallId: z.string() })]);
    const [call] = Calls.parse(await answer.json());
    const told = await run(['why', call.sourceCallId, '--customer', 'acme']);
    expect(told.code).toBe(0);
    expect(told.output).toMatch(/^Imported from Grain on .+\nWhat to do: Nothing\./);
    expect(told.output).toContain(`- id: ${call.id}`);
  });

  it('tells also of a call that nobody has seen', async () => {
    const { code, output } = await run(['why', 'nobody@example.com', '--customer', 'acme']);
    expect(code).toBe(0);
    expect(output).toMatch(/^Grain did not list it .+\nWhat to do: .+\n\nlistings:\n/s);
  });
});

describe('an import', () => {
  let jobId: string;

  it('is watched over a restart of the backend', async () => {
    jobId = await createImport('globex');
    const watching = start(['watch', jobId]);
    await watching.waitFor(/Importing/);
    backend.child.kill('SIGKILL');
    await backend.exited;
    await watching.waitFor(/the API does not answer, trying again/);
    await serve(new URL(url).port);
    expect(await watching.exited).toBe(0);
    expect(watching.output()).toMatch(/completed: 30 new/);
    expect((await run(['report', jobId])).output).toMatch(/imported +│ 30/);
  });

  it('goes on when Ctrl-C ends its watch, and can be paused and resumed', async () => {
    jobId = await createImport('initech');
    const watching = start(['watch', jobId]);
    await watching.waitFor(/Importing/);
    watching.child.kill('SIGINT');
    expect(await watching.exited).toBe(130);
    expect(watching.output()).toContain(
      `The import goes on. To watch it again: npm run imports -- watch ${jobId}`,
    );
    while ((await getJob(jobId)).status !== 'in_progress') await sleep(20);
    const paused = await run(['pause', jobId]);
    expect([paused.code, paused.output]).toEqual([0, expect.stringContaining('is paused')]);
    expect((await getJob(jobId)).status).toBe('paused');
    const resumed = await run(['resume', jobId, '--json']);
    expect([resumed.code, Job.parse(JSON.parse(resumed.output)).id]).toEqual([0, jobId]);
    expect((await run(['watch', jobId])).code).toBe(0);
    const retried = await run(['retry', jobId]);
    expect([retried.code, retried.output]).toEqual([0, '0 failed calls start again.\n']);
  });

  it('is cancelled, and what is cancelled can be neither paused nor watched with success', async () => {
    const nightly = await createImport('initech', ['--schedule', 'nightly']);
    expect((await run(['cancel', nightly])).output).toBe(`Import ${nightly} is cancelled.\n`);
    expect((await getJob(nightly)).status).toBe('cancelled');
    expect((await run(['watch', nightly])).code).toBe(1);
    const late = await run(['pause', nightly]);
    expect([late.code, late.output]).toEqual([1, expect.stringContaining('cancelled')]);
  });

  it('is not found by a wrong id, which is said', async () => {
    const { code, output } = await run(['report', 'z'.repeat(20)]);
    expect(code).toBe(1);
    expect(output).toContain(`There is no import "${'z'.repeat(20)}".`);
  });
});

describe('imports doctor', () => {
  const Findings = z.array(
    z.object({ check: z.string(), status: z.string(), remedy: z.string().nullable() }),
  );

  async function examine(args: readonly string[], options: ScriptOptions = {}) {
    const { code, output } = await run(
      ['doctor', '--json', '--folder', folder.path, ...args],
      options,
    );
    const findings = Findings.parse(JSON.parse(output));
    return { code, findings, wrong: findings.filter(({ status }) => status === 'wrong') };
  }

  it('finds nothing wrong with a backend that serves', async () => {
    const { code, findings, wrong } = await examine([]);
    expect(wrong).toEqual([]);
    expect(code).toBe(0);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        ...['Node.js', 'disk space', 'settings', 'port', 'clock', 'store', 'queue', 'keys'],
        ...['grain sandbox', 'gong sandbox', 'fireflies sandbox'],
      ]),
    );
    expect((await run(['doctor', '--folder', folder.path])).output).toContain('Nothing is wrong.');
  });

  it('says of each thing that is wrong what to do', async () => {
    const closed = await examine(['--api', 'http://127.0.0.1:1']);
    expect(closed.code).toBe(1);
    expect(closed.wrong).toEqual([
      expect.objectContaining({ check: 'port', remedy: expect.stringContaining('npm start') }),
    ]);
    const stranger = await examine([], { env: { IMPORTS_TOKEN: 'nobody' } });
    expect(stranger.wrong.map(({ check }) => check)).toContain('token');
    await chmod(join(folder.path, 'keys', 'tokens.key'), 0o644);
    const open = await examine([]);
    await chmod(join(folder.path, 'keys', 'tokens.key'), 0o600);
    expect(open.wrong).toEqual([
      expect.objectContaining({ check: 'keys', remedy: expect.stringMatching(/^chmod 600 /) }),
    ]);
  });
});
