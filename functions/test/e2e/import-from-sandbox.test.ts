import {
  createFolder,
  killAll,
  readStored,
  runShell,
  startProcess,
} from './support/start-process.ts';

/*
 * `npm start` as its users run it: real processes, real sockets, a folder on the disk. Each test
 * goes on with the folder of the one before.
 */

jest.setTimeout(60_000);

let folder: Awaited<ReturnType<typeof createFolder>>;

beforeAll(async () => {
  folder = await createFolder();
});

afterAll(async () => {
  killAll();
  await folder.remove();
});

const options = ['--calls', '6', '--port', '0'];

describe('npm start -- --once', () => {
  it('imports every call of the sandbox, shows them and exits with 0', async () => {
    const run = startProcess(['--once', ...options, '--folder', folder.path]);
    expect(await run.exited).toBe(0);
    const [, jobId] = await run.waitFor(/Import (\w{20}): about 6 calls\./);
    expect(run.output()).toContain(
      `Import ${jobId ?? ''} completed: 6 new, 0 known from before, 0 failed, 0 gone.`,
    );
    expect(run.output()).toMatch(
      /Slack #imports posted: .*Grain import completed for demo: 6 of 6/,
    );
    const stored = await readStored(folder.path);
    expect(stored.jobs).toEqual([expect.objectContaining({ id: jobId, status: 'completed' })]);
    expect(stored.engagements).toHaveLength(6);
    expect(new Set(stored.engagements.map(({ sourceCallId }) => sourceCallId)).size).toBe(6);
    expect(stored.credentials).toBe(0);
  });

  it('imports nothing twice at the second run, and exits with 0', async () => {
    const before = await readStored(folder.path);
    const run = startProcess(['--once', ...options, '--folder', folder.path]);
    expect(await run.exited).toBe(0);
    expect(run.output()).toContain('completed: 0 new, 6 known from before, 0 failed, 0 gone.');
    expect(run.output()).toContain('Nothing was imported twice.');
    const after = await readStored(folder.path);
    expect(after.jobs).toHaveLength(2);
    expect(after.engagements).toEqual(before.engagements);
  });

  it('keeps every secret in files that only their owner may read', async () => {
    const { stdout } = await runShell(
      `cd ${quote(folder.path)} && stat -c '%a %n' . token token.admin token.viewer keys keys/*`,
    );
    const modes = stdout.trim().split('\n');
    expect(modes.length).toBeGreaterThanOrEqual(6);
    for (const line of modes) expect(line).toMatch(/^(600 (token|keys\/)|700 (\.|keys)$)/);
    const { code } = await runShell(
      `grep -rl -e sandbox-key -e "$(cat ${quote(folder.path)}/token)" ${quote(folder.path)} | grep -v /token$`,
    );
    expect(code).toBe(1);
  });
});

describe('npm start', () => {
  it('serves after the import, every command that it prints works, and Ctrl-C ends it with 0', async () => {
    const run = startProcess([...options, '--folder', folder.path]);
    await run.waitFor(/Ctrl-C ends it; the next start knows everything\./);
    const printed = run.output();
    const lines = printed.split('\n').map((line) => line.trim());
    const token = lines.find((line) => line.startsWith('TOKEN='));
    const curls = lines.filter((line) => line.startsWith('curl '));
    expect(curls).toHaveLength(3);
    for (const curl of curls) {
      const { code, stdout } = await runShell(
        `${token ?? ''}\n${curl.replace('curl ', 'curl -sS --fail-with-body ')}`,
      );
      expect([curl, code, stdout]).toEqual([curl, 0, expect.stringMatching(/^[[{]/)]);
    }
    const [, url = ''] = await run.waitFor(/In a browser: (http:\S+)\//);
    for (const page of ['/', '/slack', '/admin/openapi.json']) {
      expect([page, (await fetch(`${url}${page}`)).status]).toEqual([page, 200]);
    }
    expect((await fetch(`${url}/admin/platforms`)).status).toBe(401);
    const viewer = await runShell(
      `curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(cat ${quote(folder.path)}/token.viewer)" ${url}/admin/platforms`,
    );
    expect(viewer.stdout).toBe('403');
    run.child.kill('SIGINT');
    expect(await run.exited).toBe(0);
    await readStored(folder.path);
  });
});

function quote(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
