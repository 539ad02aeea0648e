import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import prettier from 'prettier';

/** Says what to correct; nothing was written. */
export class NewPlatformError extends Error {}

export interface NewPlatform {
  /** Of the repository that is written to. */
  readonly root: string;
  /** `acme_calls`; hyphens will do. */
  readonly id: string;
  /** As people know it. Default: the id in words, `Acme Calls`. */
  readonly displayName: string | null;
}

interface Names {
  readonly id: string;
  readonly kebab: string;
  readonly camel: string;
  readonly pascal: string;
  readonly display: string;
}

const templates = join(import.meta.dirname, 'template');

/**
 * Writes the folder, the page and the lines of the registry of a new platform. Everything is made up
 * before anything is written, so that a refusal leaves no half of it behind.
 * @throws NewPlatformError for an id that is none, or is taken; returns paths below the root
 */
export async function createPlatform(platform: NewPlatform): Promise<readonly string[]> {
  const names = toNames(platform);
  const folder = `functions/src/contexts/${names.kebab}`;
  if (existsSync(join(platform.root, folder))) {
    throw new NewPlatformError(`${folder} exists: remove it first, or go on with what is there.`);
  }
  const files = [...(await fillTemplates(names, folder)), ...(await addLines(platform, names))];
  for (const { path, text } of files) {
    const target = join(platform.root, path);
    const config = (await prettier.resolveConfig(target)) ?? {};
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, await prettier.format(text, { ...config, filepath: target }));
  }
  return files.map(({ path }) => path);
}

interface WrittenFile {
  /** Below the root. */
  readonly path: string;
  readonly text: string;
}

function toNames({ id, displayName }: NewPlatform): Names {
  const words = id.replaceAll('-', '_').split('_');
  const isId = words.every((word, index) =>
    (index > 0 ? /^[a-z0-9]+$/ : /^[a-z][a-z0-9]*$/).test(word),
  );
  if (!isId || id.length > 40 || id === 'testing') {
    throw new NewPlatformError(
      `"${id}" is no id of a platform: up to 40 lower-case letters and digits in words joined by _, like acme_calls.`,
    );
  }
  const capitals = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const pascal = capitals.join('');
  const display = displayName ?? capitals.join(' ');
  if (!/^[\p{L}\p{N}][\p{L}\p{N} .&+-]{0,60}$/u.test(display)) {
    throw new NewPlatformError(
      `"${display}" is no name: letters, digits, blanks and . & + - only.`,
    );
  }
  const camel = (words[0] ?? '') + capitals.slice(1).join('');
  return { id: words.join('_'), kebab: words.join('-'), camel, pascal, display };
}

/** The template is the adapter of Acme Calls: five spellings of its name are all that changes. */
function rename(text: string, { id, kebab, camel, pascal, display }: Names): string {
  return text
    .replaceAll('acme-calls', kebab)
    .replaceAll('acme_calls', id)
    .replaceAll('acmeCalls', camel)
    .replaceAll('AcmeCalls', pascal)
    .replaceAll('Acme Calls', display);
}

async function fillTemplates(names: Names, folder: string): Promise<readonly WrittenFile[]> {
  const entries = await readdir(templates, { recursive: true, withFileTypes: true });
  const sources = entries.filter((entry) => entry.isFile());
  return Promise.all(
    sources.map(async (entry) => {
      const name = rename(entry.name.replace(/\.template$/, ''), names);
      const text = rename(await readFile(join(entry.parentPath, entry.name), 'utf8'), names);
      const inner = entry.parentPath === templates ? '' : `${basename(entry.parentPath)}/`;
      const isPage = name.endsWith('.md');
      return { path: isPage ? `docs/platforms/${name}` : `${folder}/${inner}${name}`, text };
    }),
  );
}

/** What the new platform adds to files that are there: each line goes before or after an anchor. */
async function addLines({ root }: NewPlatform, names: Names): Promise<readonly WrittenFile[]> {
  const { id, kebab, camel, pascal, display } = names;
  const inCore = 'functions/src/core/imports/import-context.ts';
  const core = await readFile(join(root, inCore), 'utf8');
  const isKnown = new RegExp(`^  ${id}:`, 'm').test(core);
  const changes = [
    ...(isKnown
      ? []
      : [
          { path: inCore, before: "  'manual',\n]", line: `  '${id}',\n` },
          { path: inCore, before: "  manual: '", line: `  ${id}: '${display}',\n` },
        ]),
    {
      path: 'functions/src/contexts/registry.ts',
      before: 'import { manualContext }',
      line: `import { ${camel}Context } from './${kebab}/${kebab}.context.ts';\n`,
    },
    {
      path: 'functions/src/contexts/registry.ts',
      before: '  manualContext,\n',
      line: `  ${camel}Context,\n`,
    },
    {
      path: 'functions/src/contexts/testing/sandboxes.ts',
      before: '\n/** What a sandbox may be asked for',
      line: `import { create${pascal}Sandbox } from '../${kebab}/${kebab}.sandbox.ts';\n`,
    },
    {
      path: 'functions/src/contexts/testing/sandboxes.ts',
      before: '};\n\n/** What sandboxes accept',
      line: `  ${id}: create${pascal}Sandbox,\n`,
    },
  ];
  const texts = new Map<string, string>();
  for (const { path, before, line } of changes) {
    const text = texts.get(path) ?? (await readFile(join(root, path), 'utf8'));
    if (!text.includes(before)) {
      throw new NewPlatformError(`${path} has changed: add this line by hand: ${line.trim()}`);
    }
    texts.set(
      path,
      text.replace(before, () => line + before),
    );
  }
  return [...texts].map(([path, text]) => ({ path, text }));
}
