import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const root = path.resolve(import.meta.dirname, '../../..');

const Report = z.object({
  summary: z.object({
    violations: z.array(
      z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) }),
    ),
  }),
});

/** Cruises a small source tree under this repository's rules: `source -> target: rule`, sorted. */
async function violationsOf(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'import-graph-'));
  try {
    await cp(path.join(root, 'tsconfig.base.json'), path.join(folder, 'tsconfig.base.json'));
    await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    for (const configuration of ['package.json', 'tsconfig.json']) {
      await mkdir(path.join(folder, 'functions'), { recursive: true });
      await cp(
        path.join(root, 'functions', configuration),
        path.join(folder, 'functions', configuration),
      );
    }
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), text);
    }
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        path.join(root, 'node_modules/.bin/depcruise'),
        '--config',
        path.join(root, '.dependency-cruiser.mjs'),
        '--output-type',
        'json',
        'functions',
      ],
      { cwd: folder, maxBuffer: 20_000_000, timeout: 30_000 },
    ).catch((error: unknown) => z.object({ stdout: z.string() }).parse(error));
    return Report.parse(JSON.parse(stdout))
      .summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`)
      .map((line) => line.replaceAll('functions/src/', '').replace(/\S*node_modules\//, ''))
      .sort();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const source = (name: string) => `functions/src/${name}`;
const exportsNothing = 'export const nothing = null;\n';

describe('the import graph', () => {
  it('accepts the layers as they are meant', async () => {
    const violations = await violationsOf({
      [source('index.ts')]: `export { sweep } from './entrypoints/sweep.ts';`,
      [source('entrypoints/sweep.ts')]:
        `import 'firebase-functions/v2'; import '../app.ts'; import '../config.ts'; export const sweep = 1;`,
      [source('app.ts')]:
        `import './core/errors.ts'; import './gcp/store.ts'; import './contexts/registry.ts'; import './notify/slack.ts';`,
      [source('config.ts')]: `import 'firebase-functions/params'; import './core/errors.ts';`,
      [source('core/errors.ts')]: `import 'zod'; import 'node:crypto';`,
      [source('core/story.ts')]: `import './errors.ts'; export interface Story { id: string }`,
      [source('kit/http.ts')]:
        `import '../core/errors.ts'; import 'undici'; import 'node:dns'; import 'node:stream/promises';`,
      [source('contexts/registry.ts')]: `import './acme/acme.context.ts';`,
      [source('contexts/acme/acme.context.ts')]:
        `import '../../kit/http.ts'; import '../../core/errors.ts'; import type { Story } from '../../core/story.ts'; export type S = Story;`,
      [source('contexts/acme/acme.test.ts')]:
        `import './acme.context.ts'; import './acme.sandbox.ts'; import 'fast-check';`,
      [source('contexts/acme/acme.sandbox.ts')]: exportsNothing,
      [source('gcp/store.ts')]: `import '../core/story.ts'; import 'firebase-admin/firestore';`,
      [source('notify/slack.ts')]: `import '../core/errors.ts'; import '@slack/web-api';`,
    });

    expect(violations).toEqual([]);
  });

  it('finds every import that a layer must not have', async () => {
    const violations = await violationsOf({
      [source('index.ts')]:
        `export * from './entrypoints/sweep.ts'; export * from './kit/http.ts'; export * from './config.ts';`,
      [source('entrypoints/sweep.ts')]:
        `import '../gcp/store.ts'; import '../app.ts'; import 'firebase-admin/firestore'; import '../contexts/acme/acme.context.ts';`,
      [source('app.ts')]: `import './core/story.ts'; import './entrypoints/status.ts';`,
      [source('entrypoints/status.ts')]: exportsNothing,
      [source('config.ts')]: `import './kit/http.ts';`,
      [source('core/story.ts')]:
        `import 'undici'; import 'node:fs'; import '../kit/http.ts'; import '../app.ts';`,
      [source('kit/http.ts')]:
        `import '../contexts/acme/acme.context.ts'; import '@google-cloud/storage'; import '../../local/queue.ts';`,
      [source('contexts/define-context.ts')]: `import './acme/acme.context.ts';`,
      [source('contexts/acme/acme.context.ts')]:
        `import '../zeta/zeta.context.ts'; import '../../core/story.ts'; import '../../gcp/store.ts'; import './acme.sandbox.ts';`,
      [source('contexts/acme/acme.sandbox.ts')]: exportsNothing,
      [source('contexts/zeta/zeta.context.ts')]: `import 'fast-check'; import './gone.ts';`,
      [source('gcp/store.ts')]: `import '../kit/http.ts'; import '../notify/slack.ts';`,
      [source('notify/slack.ts')]: `import '../contexts/define-context.ts';`,
      [source('kit/left-over.ts')]: exportsNothing,
      'functions/local/queue.ts': exportsNothing,
    });

    expect(violations).toEqual([
      'app-builds-for-entrypoints: app.ts -> entrypoints/status.ts',
      'app-is-for-entrypoints: core/story.ts -> app.ts',
      'config-stands-alone: config.ts -> kit/http.ts',
      'contexts-import-core-and-kit: contexts/acme/acme.context.ts -> gcp/store.ts',
      'contexts-import-core-and-kit: contexts/zeta/zeta.context.ts -> ./gone.ts',
      'contexts-import-types-and-errors-of-core: contexts/acme/acme.context.ts -> core/story.ts',
      'core-is-pure: core/story.ts -> app.ts',
      'core-is-pure: core/story.ts -> fs',
      'core-is-pure: core/story.ts -> kit/http.ts',
      'core-is-pure: core/story.ts -> undici/index.js',
      'deployed-code-has-its-packages: contexts/zeta/zeta.context.ts -> fast-check/lib/cjs/fast-check.d.ts',
      'deployed-code-stands-alone: contexts/acme/acme.context.ts -> contexts/acme/acme.sandbox.ts',
      'deployed-code-stands-alone: kit/http.ts -> functions/local/queue.ts',
      'entrypoints-import-core-and-app: entrypoints/sweep.ts -> contexts/acme/acme.context.ts',
      'entrypoints-import-core-and-app: entrypoints/sweep.ts -> gcp/store.ts',
      'gcp-imports-core: gcp/store.ts -> kit/http.ts',
      'gcp-imports-core: gcp/store.ts -> notify/slack.ts',
      'index-exports-entrypoints: index.ts -> config.ts',
      'index-exports-entrypoints: index.ts -> kit/http.ts',
      'kit-imports-core: kit/http.ts -> contexts/acme/acme.context.ts',
      'kit-imports-core: kit/http.ts -> functions/local/queue.ts',
      'no-cloud-in-entrypoints: entrypoints/sweep.ts -> firebase-admin/lib/firestore/index.d.ts',
      'no-cloud-in-kit-and-contexts: kit/http.ts -> @google-cloud/storage/build/esm/src/index.d.ts',
      'no-cycles: app.ts -> core/story.ts',
      'no-cycles: contexts/acme/acme.context.ts -> core/story.ts',
      'no-cycles: contexts/acme/acme.context.ts -> gcp/store.ts',
      'no-cycles: gcp/store.ts -> notify/slack.ts',
      'no-orphans: kit/left-over.ts -> kit/left-over.ts',
      'notify-imports-core: notify/slack.ts -> contexts/define-context.ts',
      'only-the-registry-knows-platforms: contexts/define-context.ts -> contexts/acme/acme.context.ts',
      'platforms-are-strangers: contexts/acme/acme.context.ts -> contexts/zeta/zeta.context.ts',
      'reachable-from-index: kit/left-over.ts -> kit/left-over.ts',
      'resolvable: contexts/zeta/zeta.context.ts -> ./gone.ts',
    ]);
  });
});
