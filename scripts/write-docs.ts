/** Writes what the documentation repeats from the code anew: `npm run docs`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import prettier from 'prettier';
import { platformRows, toPlatformTableRow } from '../functions/src/contexts/registry.ts';
import { errorTables } from '../functions/test/docs/error-tables.ts';

const platforms = [
  '| Platform | Status | Proven by | Credentials | Brings over | Limits |',
  '| --- | --- | --- | --- | --- | --- |',
  ...platformRows().map(toPlatformTableRow),
];

await writeTables('README.md', { platforms });
await writeTables('docs/errors.md', errorTables);

/** Puts each table between the markers of its name. */
async function writeTables(
  name: string,
  tables: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const path = join(import.meta.dirname, '..', name);
  const text = await readFile(path, 'utf8');
  let replaced = text;
  for (const [marker, lines] of Object.entries(tables)) {
    const marked = new RegExp(`(<!-- ${marker}: [^\\n]* -->\\n)[\\s\\S]*?(<!-- /${marker} -->)`);
    if (!marked.test(text)) throw new Error(`${name} has no place for the table "${marker}".`);
    const table = lines.join('\n');
    replaced = replaced.replace(marked, (_all, open, close) => `${open}\n${table}\n\n${close}`);
  }
  const written = await prettier.format(replaced, { filepath: path, singleQuote: true });
  await writeFile(path, written);
  console.log(written === text ? `${name} was up to date.` : `${name} was written anew.`);
}
