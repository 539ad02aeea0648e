import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createFolder, killAll, runShell, startProcess } from './support/start-process.ts';

jest.setTimeout(60_000);

let folder: Awaited<ReturnType<typeof createFolder>>;

beforeAll(async () => {
  folder = await createFolder();
});

afterAll(async () => {
  killAll();
  await folder.remove();
});

const quote = (path: string) => `'${path.replaceAll("'", `'\\''`)}'`;
const rotate = (args: string) =>
  runShell(`${quote(process.execPath)} scripts/rotate-credentials.ts ${args}`);
const Kept = z.object({ id: z.string(), keyVersion: z.string() });

describe('npm run credentials:rotate', () => {
  it('seals what is stored anew while an import runs, which completes', async () => {
    const run = startProcess(['--once', '--calls', '8', '--port', '0', '--folder', folder.path]);
    const [, url = ''] = await run.waitFor(/serves at (http:\S+) \(/);
    await run.waitFor(/Import \w{20}: about/);
    const tokenFile = join(folder.path, 'token.admin');
    const authorization = `Bearer ${await readFile(tokenFile, 'utf8')}`;
    const body = { customerId: 'demo', platform: 'grain', credentials: { apiKey: 'sandbox-key' } };
    const kept = await fetch(`${url}/admin/credentials`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { id, keyVersion } = Kept.parse(await kept.json());
    expect(keyVersion).toBe('key-file/1');

    const rotated = await rotate(`--url ${url} --token-file ${quote(tokenFile)}`);

    expect(rotated.stdout).toMatch(
      /^Key version key-file\/2: \d rewrapped, 0 already current, 0 failed\.\n$/,
    );
    expect(rotated.code).toBe(0);
    const shown = await fetch(`${url}/admin/credentials/${id}`, { headers: { authorization } });
    expect(Kept.parse(await shown.json()).keyVersion).toBe('key-file/2');
    expect(await run.exited).toBe(0);
    expect(run.output()).toMatch(/completed: 8 new, 0 known from before, 0 failed/);
  });

  it('says what to do when nobody serves, when the role is missing, and when it is called wrongly', async () => {
    const tokenFile = quote(join(folder.path, 'token.admin'));
    const nobody = await rotate(`--url http://127.0.0.1:1 --token-file ${tokenFile} 2>&1`);
    expect([nobody.code, nobody.stdout]).toEqual([1, expect.stringMatching(/./)]);
    const noToken = await rotate('--token-file /nowhere 2>&1');
    expect([noToken.code, noToken.stdout]).toEqual([
      2,
      expect.stringContaining("The token file /nowhere can't be read: name it with --token-file."),
    ]);
    expect((await rotate('--fast 2>&1')).code).toBe(2);
    expect(await rotate('--help')).toEqual({ code: 0, stdout: expect.stringMatching(/^Usage: /) });
  });
});
