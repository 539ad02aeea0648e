import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testSealer } from '../../test/support/sealer.testsuite.ts';
import { createKeyFileSealer } from './key-file-sealer.ts';

const binding = ['customer', 'gong', 'credential'];
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-file-'));
  file = join(folder, 'keys', 'keys.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

testSealer('A key file', () => createKeyFileSealer({ file }));

describe('A key file', () => {
  it('is created at the first use, for its owner alone', async () => {
    const sealer = createKeyFileSealer({ file });
    expect(readdirSync(folder)).toEqual([]);
    const sealed = await sealer.seal('secret', binding);
    expect(sealed.keyVersion).toBe('key-file/1');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'keys'))).toEqual(['keys.json']);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      current: '1',
      keys: { '1': expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) },
    });
  });

  it('is shared by those who come at the same time', async () => {
    const sealers = Array.from({ length: 8 }, () => createKeyFileSealer({ file }));
    const sealed = await Promise.all(sealers.map((sealer) => sealer.seal('secret', binding)));
    const late = createKeyFileSealer({ file });
    for (const secret of sealed) expect(await late.open(secret, binding)).toBe('secret');
  });

  it('gets a version more when it is renewed, for its owner alone, and nothing is left beside it', async () => {
    const sealer = createKeyFileSealer({ file });
    await sealer.seal('old', binding);
    const { keys: before } = JSON.parse(readFileSync(file, 'utf8'));
    expect(await sealer.renewKey()).toBe('key-file/2');
    const { current, keys } = JSON.parse(readFileSync(file, 'utf8'));
    expect([current, Object.keys(keys), keys['1']]).toEqual(['2', ['1', '2'], before['1']]);
    expect(keys['2']).not.toBe(keys['1']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'keys'))).toEqual(['keys.json']);
  });

  it('loses no version to renewals at the same time', async () => {
    const sealer = createKeyFileSealer({ file });
    const sealed = await Promise.all([
      sealer.renewKey().then(() => sealer.seal('a', binding)),
      sealer.renewKey().then(() => sealer.seal('b', binding)),
    ]);
    const late = createKeyFileSealer({ file });
    expect(await Promise.all(sealed.map((one) => late.open(one, binding)))).toEqual(['a', 'b']);
  });

  it('opens by a version that another process has made since it was read', async () => {
    const here = createKeyFileSealer({ file });
    await here.seal('old', binding);
    const there = createKeyFileSealer({ file });
    await there.renewKey();
    const sealed = await there.seal('new', binding);
    expect(await here.open(sealed, binding)).toBe('new');
    expect(await here.currentKey()).toBe('key-file/2');
  });

  it('forgets the versions that are retired, and never the one that seals', async () => {
    const sealer = createKeyFileSealer({ file });
    const old = await sealer.seal('old', binding);
    await sealer.renewKey();
    const current = await sealer.seal('new', binding);
    await sealer.retireKeys([]);
    await expect(sealer.open(old, binding)).rejects.toMatchObject({ retryable: false });
    expect(await sealer.open(current, binding)).toBe('new');
  });

  it('that can not be replaced stays as it is, and the next renewal succeeds', async () => {
    const sealer = createKeyFileSealer({ file });
    await sealer.seal('old', binding);
    chmodSync(file, 0o644);
    await expect(sealer.renewKey()).rejects.toMatchObject({ kind: 'internal' });
    chmodSync(file, 0o600);
    expect(await sealer.renewKey()).toBe('key-file/2');
  });

  it('of another place opens nothing', async () => {
    const sealed = await createKeyFileSealer({ file }).seal('secret', binding);
    const other = createKeyFileSealer({ file: join(folder, 'other.json') });
    await expect(other.open(sealed, binding)).rejects.toMatchObject({ retryable: false });
  });

  it.each([0o640, 0o604, 0o660, 0o777])('that others can read (%o) is refused', async (mode) => {
    await createKeyFileSealer({ file }).seal('secret', binding);
    chmodSync(file, mode);
    const sealer = createKeyFileSealer({ file });
    await expect(sealer.seal('secret', binding)).rejects.toMatchObject({
      kind: 'internal',
      publicMessage: `Others can read the key file: run "chmod 600 ${file}".`,
    });
    chmodSync(file, 0o600);
    expect(await sealer.seal('secret', binding)).toMatchObject({ keyVersion: 'key-file/1' });
  });

  it.each([
    ['no JSON', 'bm90IGpzb24='],
    ['a key that is too short', '{"current":"1","keys":{"1":"c2hvcnQ="}}'],
    ['no current key', '{"current":"2","keys":{}}'],
    ['a current key that every object has', '{"current":"constructor","keys":{}}'],
  ])('with %s is refused without being quoted or replaced', async (_name, content) => {
    await createKeyFileSealer({ file }).seal('secret', binding);
    writeFileSync(file, content);
    const error = await createKeyFileSealer({ file })
      .seal('secret', binding)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: 'internal', cause: undefined });
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  it('that can not be created says where', async () => {
    writeFileSync(join(folder, 'keys'), 'not a folder');
    await expect(createKeyFileSealer({ file }).seal('secret', binding)).rejects.toMatchObject({
      kind: 'internal',
      publicMessage: `The key file ${file} can not be read or created.`,
    });
  });
});
