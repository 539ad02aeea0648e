import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolder, killAll, readStored, startProcess } from './support/start-process.ts';

jest.setTimeout(60_000);

/** Stands for another program on a port. */
let server: Server | null = null;
let folder: Awaited<ReturnType<typeof createFolder>>;

beforeAll(async () => {
  folder = await createFolder();
});

afterAll(async () => {
  killAll();
  server?.close();
  await folder.remove();
});

const calls = ['--calls', '2'];

describe('a second start', () => {
  it('on a port that is taken says so and takes the next free one', async () => {
    server = createServer();
    const listening = server;
    const taken = await new Promise<number>((resolve) => {
      listening.listen(0, '127.0.0.1', () => {
        // A TCP server that listens has an address with a port.
        resolve((listening.address() as AddressInfo).port);
      });
    });
    const run = startProcess([
      '--once',
      ...calls,
      '--port',
      String(taken),
      '--folder',
      folder.path,
    ]);
    const [, next] = await run.waitFor(/serves at http:\/\/127\.0\.0\.1:(\d+) \(/);
    expect(run.output()).toContain(
      `Port ${taken} is taken by another program; trying ${taken + 1}.`,
    );
    expect(Number(next)).toBeGreaterThan(taken);
    expect(await run.exited).toBe(0);
  });

  it('on a folder that is in use is refused, with --fresh too, and harms nothing', async () => {
    const first = startProcess([...calls, '--port', '0', '--folder', folder.path]);
    await first.waitFor(/Ctrl-C ends it/);
    for (const more of [[], ['--fresh']]) {
      const second = startProcess([...calls, '--port', '0', '--folder', folder.path, ...more]);
      expect(await second.exited).toBe(1);
      expect(second.output().trim()).toBe(
        `The folder ${join(folder.path, 'firestore')} is in use by the process ${first.child.pid ?? 0}: stop it, or choose another folder.`,
      );
    }
    first.child.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect((await readStored(folder.path)).engagements).toHaveLength(2);
  });

  it('with --fresh forgets the earlier imports, and removes nothing that is not its own', async () => {
    const mine = join(folder.path, 'notes.txt');
    await writeFile(mine, 'mine');
    const run = startProcess([
      '--once',
      '--fresh',
      ...calls,
      '--port',
      '0',
      '--folder',
      folder.path,
    ]);
    expect(await run.exited).toBe(0);
    expect(run.output()).toContain('completed: 2 new, 0 known from before');
    expect((await readStored(folder.path)).jobs).toHaveLength(1);
    await expect(writeFile(mine, 'again', { flag: 'wx' })).rejects.toThrow('EEXIST');
  });
});

describe('a wrong command line', () => {
  it('exits with 2, says what to correct and shows how it goes', async () => {
    const run = startProcess(['--platform', 'zoom']);
    expect(await run.exited).toBe(2);
    expect(run.output()).toMatch(/^There is no sandbox for "zoom"\.\n\nUsage: npm start/);
  });

  it('--help exits with 0 and starts nothing', async () => {
    const run = startProcess(['--help']);
    expect(await run.exited).toBe(0);
    expect(run.output()).toMatch(/^Usage: npm start/);
  });

  it('a fault that the sandbox does not know exits with 1 and names those that it does', async () => {
    const other = await createFolder();
    const run = startProcess(['--faults', 'gremlins', '--port', '0', '--folder', other.path]);
    expect(await run.exited).toBe(1);
    expect(run.output()).toMatch(/no fault "gremlins"; known: late-transcripts/);
    await other.remove();
  });
});
