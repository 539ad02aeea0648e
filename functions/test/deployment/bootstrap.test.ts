import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bootstrap-'));
  await mkdir(path.join(folder, 'scripts/lib'), { recursive: true });
  await mkdir(path.join(folder, 'bin'));
  await cp(
    path.join(root, 'scripts/lib/bootstrap.mjs'),
    path.join(folder, 'scripts/lib/bootstrap.mjs'),
  );
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A repository whose lockfile wants `wanted`, and an installation of `installed` (null: none). */
async function prepare(wanted: string, installed: string | null): Promise<void> {
  const lock = (version: string) =>
    JSON.stringify({
      packages: {
        '': { version: '0.1.0' },
        functions: { version: '0.1.0' },
        'node_modules/zod': { version },
        'node_modules/other-machines-only': { version: '1.0.0', optional: true },
      },
    });
  await writeFile(path.join(folder, 'package-lock.json'), lock(wanted));
  // Stands in for npm: says what it was asked, and with which PATH.
  await writeFile(
    path.join(folder, 'bin/npm'),
    `#!/bin/sh\necho "npm $*" > "${folder}/npm.log"\necho "$PATH" >> "${folder}/npm.log"\nexit "\${NPM_EXIT:-0}"\n`,
    { mode: 0o755 },
  );
  if (installed === null) return;
  await mkdir(path.join(folder, 'node_modules/node/bin'), { recursive: true });
  await symlink(process.execPath, path.join(folder, 'node_modules/node/bin/node'));
  const { packages } = JSON.parse(lock(installed));
  delete packages['node_modules/other-machines-only'];
  await writeFile(
    path.join(folder, 'node_modules/.package-lock.json'),
    JSON.stringify({ packages }),
  );
}

const binFolder = () => path.join(folder, 'bin');
const packageBins = () => path.join(folder, 'node_modules/.bin');

async function ensureInstalled(environment: Readonly<Record<string, string>> = {}) {
  await run(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `(await import('./scripts/lib/bootstrap.mjs')).ensureInstalled()`,
    ],
    {
      cwd: folder,
      env: { PATH: `${packageBins()}:${binFolder()}:/usr/bin:/bin`, ...environment },
    },
  );
  return readFile(path.join(folder, 'npm.log'), 'utf8').catch(() => 'npm was not called');
}

describe('ensureInstalled', () => {
  it('installs by the lockfile when nothing is installed, with the system’s Node', async () => {
    await prepare('4.6.7', null);

    expect(await ensureInstalled()).toBe(`npm ci\n${binFolder()}:/usr/bin:/bin\n`);
  });

  it('installs again when the lockfile wants another version', async () => {
    await prepare('4.6.7', '4.6.6');

    expect(await ensureInstalled()).toContain('npm ci\n');
  });

  it('leaves an installation alone that is what the lockfile wants', async () => {
    await prepare('4.6.7', '4.6.7');

    expect(await ensureInstalled()).toBe('npm was not called');
  });

  it('ends with npm’s exit code when npm fails', async () => {
    await prepare('4.6.7', null);

    await expect(ensureInstalled({ NPM_EXIT: '3' })).rejects.toMatchObject({ code: 3 });
  });
});

describe('runWithPinnedNode', () => {
  /** Starts `script` through the bootstrap, as npm scripts do. */
  async function start(script: string) {
    await prepare('4.6.7', '4.6.7');
    await writeFile(path.join(folder, 'script.mjs'), script);
    return spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { runWithPinnedNode } = await import('./scripts/lib/bootstrap.mjs');
         process.exitCode = await runWithPinnedNode('script.mjs', ['one', 'two']);`,
      ],
      {
        cwd: folder,
        env: { PATH: `${packageBins()}:/usr/bin:/bin` },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
  }

  it('passes arguments and PATH on and keeps the exit code', async () => {
    const child = await start(
      `console.log(process.argv.slice(2).join(), process.env.PATH); process.exitCode = 7;`,
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = await once(child, 'close');

    expect(code).toBe(7);
    expect(output).toBe(`one,two ${packageBins()}:/usr/bin:/bin\n`);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('forwards %s', async (signal) => {
    const child = await start(
      `process.on('${signal}', () => process.exit(5)); setInterval(() => {}, 1000); console.log('ready');`,
    );
    await once(child.stdout, 'data');
    child.kill(signal);

    expect(await once(child, 'close')).toEqual([5, null]);
  });

  it('reports a signal that ended the script as shells do', async () => {
    const child = await start(`process.kill(process.pid, 'SIGKILL');`);

    expect(await once(child, 'close')).toEqual([137, null]);
  });
});
