import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const root = path.resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);
const folder = 'functions/src/contexts/acme-dialer';

let copy: string;

/** What the command needs of the repository, the installed packages by a link. */
const parts = [
  ...['functions/src', 'functions/test/docs', 'functions/package.json', 'functions/tsconfig.json'],
  ...['scripts', 'docs', 'README.md', 'package.json', 'tsconfig.base.json', '.prettierrc.json'],
  ...['eslint.config.mjs', 'jest.config.mjs'],
];

beforeAll(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'new-platform-'));
  for (const part of parts) {
    await cp(path.join(root, part), path.join(copy, part), { recursive: true });
  }
  await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
});

afterAll(async () => {
  await rm(copy, { recursive: true, force: true });
});

async function create(...options: readonly string[]) {
  const script = path.join(copy, 'scripts/new-platform.ts');
  const succeeded = run(process.execPath, [script, ...options]).then(({ stdout }) => ({
    ...{ code: 0, stdout, stderr: '' },
  }));
  return succeeded.catch((error: unknown) => Failed.parse(error));
}

const Failed = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

/** Throws with what the program, of an installed package, printed when it does not end well. */
async function check(program: string, options: readonly string[]): Promise<void> {
  const file = path.join(root, 'node_modules', program);
  await run(process.execPath, [file, ...options], { cwd: copy });
}

const Results = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()),
        }),
      ),
    }),
  ),
});

const read = (name: string) => readFile(path.join(copy, name), 'utf8');

describe('npm run new-platform', () => {
  it.each([
    [[], 'Which platform?'],
    [['acme', 'dialer'], 'Which platform?'],
    [['Acme'], '"Acme" is no id of a platform'],
    [['../acme'], '"../acme" is no id of a platform'],
    [['acme__dialer'], '"acme__dialer" is no id of a platform'],
    [['acme', '--name', "Acme'; drop"], 'is no name'],
    [['acme', '--undo'], "Unknown option '--undo'"],
    [['grain'], 'functions/src/contexts/grain exists'],
  ])('refuses %p and says why', async (options, reason) => {
    const before = await read('functions/src/contexts/registry.ts');
    const refused = await create(...options);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(reason);
    expect(refused.stderr).toContain('Usage: npm run new-platform');
    expect(await read('functions/src/contexts/registry.ts')).toBe(before);
  });

  describe('acme_dialer --name "Acme Dialer"', () => {
    beforeAll(async () => {
      const { code, stdout } = await create('acme_dialer', '--name', 'Acme Dialer');
      expect(code).toBe(0);
      expect(stdout).toContain(`wrote ${folder}/acme-dialer.context.ts\n`);
      // Types and lint of what was written, and of what it changed, are enough.
      const lists = ['contexts/registry.ts', 'contexts/testing/sandboxes.ts'];
      const include = ['contexts/acme-dialer', ...lists];
      const config = JSON.parse(await read('functions/tsconfig.json'));
      const narrowed = { ...config, include: include.map((name) => `src/${name}`) };
      await writeFile(path.join(copy, 'functions/tsconfig.json'), JSON.stringify(narrowed));
    });

    it('writes the adapter, its page, and a line wherever platforms are listed', async () => {
      expect(await read('functions/src/core/imports/import-context.ts')).toContain(
        "  'acme_dialer',\n  'manual',\n]",
      );
      expect(await read('functions/src/contexts/registry.ts')).toContain('  acmeDialerContext,\n');
      expect(await read('functions/src/contexts/testing/sandboxes.ts')).toContain(
        '  acme_dialer: createAcmeDialerSandbox,\n',
      );
      expect(await read('docs/platforms/acme-dialer.md')).toContain('# Acme Dialer\n');
      expect(await read('README.md')).toContain('| Acme Dialer (`acme_dialer`)');
    });

    it('passes types, lint and format as it is', async () => {
      await check('typescript7/bin/tsc', ['-p', 'functions/tsconfig.json']);
      await check('.bin/eslint', ['--max-warnings', '0', folder]);
      await check('.bin/prettier', ['--check', folder, 'docs', 'README.md']);
    });

    it('fails the contract suite by the names of what is not filled in', async () => {
      const output = path.join(copy, 'results.json');
      const suite = `${folder}/acme-dialer.test.ts`;
      const options = ['--coverage=false', '--maxWorkers=1', '--json', `--outputFile=${output}`];
      await expect(check('.bin/jest', [...options, suite])).rejects.toMatchObject({ code: 1 });
      const failures = Results.parse(JSON.parse(await readFile(output, 'utf8')))
        .testResults.flatMap(({ assertionResults }) => assertionResults)
        .filter(({ status }) => status === 'failed');
      expect(failures.length).toBeGreaterThan(60);
      const unnamed = failures
        // Real sockets and their timers, which the adapter has no part in.
        .filter(({ ancestorTitles }) => !ancestorTitles.includes('transport'))
        .filter(({ failureMessages: [text = ''] }) => !/is not filled in\.|has no /.test(text))
        .map(({ title }) => title);
      expect(unnamed).toEqual([
        'tells a customer how to get credentials, what the limits are, and what it costs',
      ]);
      const named = failures.flatMap(
        ({ failureMessages: [text = ''] }) => /[\w-]+\.\w+\.ts: [\w.]+/.exec(text)?.[0] ?? [],
      );
      expect(new Set(named)).toEqual(
        new Set([
          'acme-dialer.client.ts: me',
          'acme-dialer.client.ts: recordings',
          'acme-dialer.sandbox.ts: account.startMsOf',
          'acme-dialer.test.ts: fixtures',
          'acme-dialer.test.ts: records.sparse',
          'acme-dialer.test.ts: records.whole',
        ]),
      );
    });
  });
});
