import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const functions = join(__dirname, '../..');
const page = readFileSync(join(functions, '../docs/architecture.md'), 'utf8');

describe('docs/architecture.md', () => {
  it('names only tests that exist', () => {
    const named = [...page.matchAll(/`((?:test|src|local)\/[\w./-]+\.(?:test|testsuite)\.ts)`/g)];
    const paths = named.flatMap(([, path]) => path ?? []);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(join(functions, path)))).toEqual([]);
  });
});
