/** Writes what the documentation repeats from the code anew: `npm run docs`. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import prettier from 'prettier';
import {
  platformRows,
  platformTableHead,
  toPlatformTableRow,
} from '../functions/src/contexts/registry.ts';
import { errorTables } from '../functions/test/docs/error-tables.ts';

const root = join(import.meta.dirname, '..');
/** The first table of a page is that of its platform. */
const firstTable = /(?:^\|.*\n)+/m;

const rows = platformRows();
const platforms = [...platformTableHead, ...rows.map(toPlatformTableRow)];
await rewrite('README.md', (text) => withTable(text, 'platforms', platforms));
await rewrite('docs/errors.md', (text) =>
  Object.entries(errorTables).reduce(
    (written, [marker, table]) => withTable(written, marker, table),
    text,
  ),
);
for (const row of rows) {
  const page = `docs/platforms/${row.platform.replaceAll('_', '-')}.md`;
  if (!existsSync(join(root, page))) continue;
  const own = `${[...platformTableHead, toPlatformTableRow(row)].join('\n')}\n`;
  await rewrite(page, (text) => text.replace(firstTable, () => own));
}

async function rewrite(name: string, change: (text: string) => string): Promise<void> {
  const path = join(root, name);
  const text = await readFile(path, 'utf8');
  const config = (await prettier.resolveConfig(path)) ?? {};
  const written = await prettier.format(change(text), { ...config, filepath: path });
  if (written === text) return;
  await writeFile(path, written);
  console.log(`${name} was written anew.`);
}

/** Puts a table between the markers of its name. @throws Error where there is no place for it */
function withTable(text: string, marker: string, table: readonly string[]): string {
  const marked = new RegExp(`(<!-- ${marker}: [^\\n]* -->\\n)[\\s\\S]*?(<!-- /${marker} -->)`);
  if (!marked.test(text)) throw new Error(`There is no place for the table "${marker}".`);
  return text.replace(marked, (_all, open, close) => `${open}\n${table.join('\n')}\n\n${close}`);
}
