/** Writes what the README says of the platforms anew, from the registry: `npm run docs`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import prettier from 'prettier';
import { platformRows, toPlatformTableRow } from '../functions/src/contexts/registry.ts';

const head = [
  '| Platform | Status | Proven by | Credentials | Brings over | Limits |',
  '| --- | --- | --- | --- | --- | --- |',
];
const marked = /(<!-- platforms: [^\n]* -->\n)[\s\S]*?(<!-- \/platforms -->)/;

const path = join(import.meta.dirname, '../README.md');
const text = await readFile(path, 'utf8');
const table = [...head, ...platformRows().map(toPlatformTableRow)].join('\n');
const replaced = text.replace(marked, (_all, open, close) => `${open}\n${table}\n\n${close}`);
const written = await prettier.format(replaced, { filepath: path, singleQuote: true });
await writeFile(path, written);
console.log(written === text ? 'README.md was up to date.' : 'README.md was written anew.');
