import { forEachOf } from './for-each-of.ts';

describe('forEachOf', () => {
  it('does the work for every item, in order', async () => {
    const done: string[] = [];
    await forEachOf(['a', 'b'], async (item) => void done.push(item));
    expect(done).toEqual(['a', 'b']);
  });

  it('goes on after a failure, and throws the first of them at the end', async () => {
    const done: string[] = [];
    const work = async (item: string) => {
      done.push(item);
      if (item !== 'c') throw new Error(`${item} failed`);
    };
    await expect(forEachOf(['a', 'b', 'c'], work)).rejects.toThrow('a failed');
    expect(done).toEqual(['a', 'b', 'c']);
  });
});
