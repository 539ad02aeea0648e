import { readFileSync } from 'node:fs';
import path from 'node:path';
import { errorRules } from '../../src/core/errors.ts';
import { errorTables } from './error-tables.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/errors.md'), 'utf8');

/** The rows of the table with that first heading, as trimmed cells. */
function rowsUnder(heading: string, text = page): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} `));
  const rest = lines.slice(start + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What lies between the markers of that name. */
function marked(name: string): string {
  const [, rest = ''] = page.split(`<!-- ${name}: `);
  return rest.split(`<!-- /${name} -->`)[0] ?? '';
}

describe('docs/errors.md', () => {
  // `npm run docs` writes the tables anew.
  it.each([
    ['kinds', 'Kind', 12],
    ['refusals', 'Code', 9],
    ['customers', 'Code', 10],
  ] as const)('has the table of %s as the code has it', (name, heading, length) => {
    const documented = rowsUnder(heading, marked(name));
    expect(documented).toEqual(rowsUnder(heading, errorTables[name].join('\n')));
    expect(documented).toHaveLength(length);
  });

  it('says of every kind, in whole sentences, what it means and what support does', () => {
    const silent = rowsUnder('Kind').filter(
      ([, meaning, , , , remedy]) => !meaning?.endsWith('.') || !remedy?.endsWith('.'),
    );

    expect(silent).toEqual([]);
  });

  it('explains exactly the reactions that kinds have', () => {
    const documented = rowsUnder('Reaction').map(([reaction]) => reaction);
    const reactions = new Set(Object.values(errorRules).map(({ inTask }) => `\`${inTask}\``));

    expect(new Set(documented)).toEqual(reactions);
    expect(documented).toHaveLength(reactions.size);
  });
});
