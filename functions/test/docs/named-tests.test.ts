import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const functions = join(__dirname, '../..');

function readPage(name: string): string {
  return readFileSync(join(functions, '../docs', name), 'utf8');
}

function namedTests(text: string): string[] {
  const named = text.matchAll(/`((?:test|src|local)\/[\w./-]+\.(?:test|testsuite)\.ts)`/g);
  return [...named].flatMap(([, path]) => path ?? []);
}

describe.each(['architecture.md', 'security.md'])('docs/%s', (name) => {
  it('names only tests that exist', () => {
    const paths = namedTests(readPage(name));
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(join(functions, path)))).toEqual([]);
  });
});

describe('docs/security.md', () => {
  it('names for each line of defence the test that proves it', () => {
    const rows = readPage('security.md')
      .split('\n')
      .filter((line) => line.startsWith('| ') && line.split('|').length === 5)
      .filter((line) => !/^\| (Threat|-)/.test(line));
    expect(rows.length).toBeGreaterThan(25);
    expect(rows.filter((row) => namedTests(row).length === 0)).toEqual([]);
  });
});
