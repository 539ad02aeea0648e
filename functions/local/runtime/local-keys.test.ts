import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalKey } from './local-keys.ts';

let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'keys-'));
  folder = join(parent, 'keys');
});

afterEach(() => rm(parent, { recursive: true, force: true }));

describe('openLocalKey', () => {
  it('makes a key at first, which only its owner may read, and finds it again', async () => {
    const key = await openLocalKey(folder, 'tokens');
    expect(key).toHaveLength(32);
    expect((await stat(join(folder, 'tokens.key'))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await openLocalKey(folder, 'tokens')).toEqual(key);
    expect(await openLocalKey(folder, 'links')).not.toEqual(key);
  });

  it('makes one key, also when two ask at once', async () => {
    const keys = await Promise.all([openLocalKey(folder, 'a'), openLocalKey(folder, 'a')]);
    const stored = await readFile(join(folder, 'a.key'), 'utf8');
    expect(keys.map((key) => Buffer.from(key).toString('hex'))).toEqual([stored, stored]);
  });

  it('refuses a file that holds no key, and says what to do', async () => {
    await openLocalKey(folder, 'tokens');
    await writeFile(join(folder, 'tokens.key'), 'abc');
    await expect(openLocalKey(folder, 'tokens')).rejects.toThrow(
      `${join(folder, 'tokens.key')} does not hold a key. Remove it, and what was signed with it is void.`,
    );
  });
});
