import { readFileSync } from 'node:fs';
import path from 'node:path';
import { errorKinds, errorRules } from '../../src/core/errors.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/errors.md'), 'utf8');

/** The rows of the table with that first heading, as trimmed cells. */
function rowsUnder(heading: string): string[][] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} `));
  const rest = lines.slice(start + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('docs/errors.md', () => {
  it('lists the kinds in their order, each with its retry, reaction and status', () => {
    const documented = rowsUnder('Kind').map(([kind, , retry, reaction, status]) => [
      kind,
      retry,
      reaction,
      status,
    ]);

    expect(documented).toEqual(
      errorKinds.map((kind) => [
        `\`${kind}\``,
        errorRules[kind].retryable ? 'yes' : 'no',
        `\`${errorRules[kind].inTask}\``,
        String(errorRules[kind].httpStatus),
      ]),
    );
  });

  it('says of every kind what it means and what support does', () => {
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
