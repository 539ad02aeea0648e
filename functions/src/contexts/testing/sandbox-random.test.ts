import { digitsAt, indexOfDigits } from './sandbox-random.ts';

const space = { seed: 7, kind: 1 };

describe('digitsAt', () => {
  it('makes ids of 19 digits that differ, from which the index can be read back', () => {
    const ids = Array.from({ length: 1000 }, (_, index) => digitsAt(space, index));
    expect(new Set(ids).size).toBe(1000);
    expect(ids.filter((id) => !/^[1-9]\d{18}$/.test(id))).toEqual([]);
    expect(ids.map((id) => indexOfDigits(space, id))).toEqual([...ids.keys()]);
  });

  it('knows no id of another space, and no other text', () => {
    const other = digitsAt({ seed: 7, kind: 2 }, 5);
    for (const text of [other, '', '123', '9'.repeat(19), '../../etc']) {
      expect(indexOfDigits(space, text)).toBeNull();
    }
  });
});
