import { ImportError } from '../core/errors.ts';
import { findLoaded, loadEach, loadOne } from './load-each.ts';

function failure(kind: 'not_found' | 'contract' | 'rate_limited'): ImportError {
  return new ImportError({ kind, source: 'acme', publicMessage: 'No.' });
}

describe('loadEach', () => {
  it('asks in requests of at most so many keys', async () => {
    const asked: (readonly string[])[] = [];
    const loaded = await loadEach({
      ...{ source: 'acme', keys: ['a', 'b', 'c'], maxKeys: 2 },
      load: (keys) => {
        asked.push(keys);
        return Promise.resolve(new Map(keys.map((key) => [key, key])));
      },
    });
    expect(asked).toEqual([['a', 'b'], ['c']]);
    expect([...loaded.keys()]).toEqual(['a', 'b', 'c']);
  });

  it('asks alone for what a request left out, so that it fails in its own name', async () => {
    const asked: (readonly string[])[] = [];
    const loaded = await loadEach({
      ...{ source: 'acme', keys: ['a', 'gone', 'c'], maxKeys: 5 },
      load: (keys) => {
        asked.push(keys);
        if (keys.length === 1) return Promise.reject(failure('not_found'));
        return Promise.resolve(
          new Map([
            ['a', 1],
            ['c', 3],
          ]),
        );
      },
    });
    expect(asked).toEqual([['a', 'gone', 'c'], ['gone']]);
    expect(loaded.get('gone')).toMatchObject({ kind: 'not_found' });
    expect([loaded.get('a'), loaded.get('c')]).toEqual([1, 3]);
  });

  it('halves a request that fails as a whole until the one to blame is found', async () => {
    const asked: string[] = [];
    const loaded = await loadEach({
      ...{ source: 'acme', keys: ['a', 'b', 'c', 'bad'], maxKeys: 5 },
      load: (keys) => {
        asked.push(keys.join());
        if (keys.includes('bad')) return Promise.reject(failure('contract'));
        return Promise.resolve(new Map(keys.map((key) => [key, key])));
      },
    });
    expect(asked).toEqual(['a,b,c,bad', 'a,b', 'c,bad', 'c', 'bad']);
    expect(loaded.get('bad')).toMatchObject({ kind: 'contract' });
    expect(loaded.get('c')).toBe('c');
  });

  it('blames no key for a failure that concerns them all on this platform', async () => {
    const asked: string[] = [];
    const loading = loadEach({
      ...{ source: 'acme', keys: ['a', 'b'], maxKeys: 5, wholeKinds: ['not_found'] },
      load: (keys) => {
        asked.push(keys.join());
        return Promise.reject(failure('not_found'));
      },
    });
    await expect(loading).rejects.toMatchObject({ kind: 'not_found' });
    expect(asked).toEqual(['a,b']);
  });

  it('says of a key that nothing came for that this is our fault', async () => {
    const options = { source: 'acme', keys: ['a'], maxKeys: 5 };
    const loaded = await loadEach({ ...options, load: () => Promise.resolve(new Map()) });
    expect(loaded.get('a')).toMatchObject({ kind: 'internal' });
  });

  it('gives up at once where every key would fail alike', async () => {
    const options = { source: 'acme', keys: ['a', 'b'], maxKeys: 5 };
    const load = () => Promise.reject(failure('rate_limited'));
    await expect(loadEach({ ...options, load })).rejects.toMatchObject({ kind: 'rate_limited' });
  });
});

describe('loadOne', () => {
  it('gives the value, or throws what went wrong with it', async () => {
    const load = (keys: readonly string[]) =>
      loadEach({
        ...{ source: 'acme', keys, maxKeys: 5 },
        load: ([key = '']) =>
          key === 'gone'
            ? Promise.reject(failure('not_found'))
            : Promise.resolve(new Map([[key, 1]])),
      });
    await expect(loadOne(load, 'a')).resolves.toBe(1);
    await expect(loadOne(load, 'gone')).rejects.toMatchObject({ kind: 'not_found' });
    const nothing = () => Promise.resolve(new Map<string, number>());
    await expect(loadOne(nothing, 'a')).rejects.toMatchObject({ kind: 'internal' });
  });
});

describe('findLoaded', () => {
  it('gives the value, or nothing of what failed or was not asked for', () => {
    const loaded = new Map<string, number | ImportError>([['a', 1]]);
    loaded.set('gone', failure('not_found'));
    expect(['a', 'gone', 'b'].map((key) => findLoaded(loaded, key))).toEqual([
      1,
      undefined,
      undefined,
    ]);
  });
});
