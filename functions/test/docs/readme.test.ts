import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { platformRows, toPlatformTableRow } from '../../src/contexts/registry.ts';

const readme = readFileSync(join(__dirname, '../../../README.md'), 'utf8');

describe('the README', () => {
  // `npm run docs` writes the table anew.
  it('shows exactly the platforms of the registry, each as it stands there', () => {
    const rows = readme.split('\n').filter((line) => /^\| .*\(`\w+`\)/.test(line));
    const single = rows.map((row) => row.replaceAll(/ {2,}/g, ' '));
    expect(single).toEqual(platformRows().map(toPlatformTableRow));
  });

  it('has at most 120 lines', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(120);
  });
});
