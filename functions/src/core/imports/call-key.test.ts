import { fc } from '../../../test/support/properties.ts';
import { platforms } from './import-context.ts';
import { toCallKey } from './call-key.ts';

describe('toCallKey', () => {
  // Computed with Python: base64.b32encode(hashlib.sha256(b'5:cus_1' + b'4:gong' + …)).
  it.each([
    [
      'cus_1',
      'gong',
      '7782342274025937895',
      'gi62xuycnzc245foi7tvnubvhsmjhbldycz5xzi2a6ih4idik7hq',
    ],
    [
      'cus_1',
      'grain',
      '7782342274025937895',
      '3ihzkflt5asnmgy5j3js7wttsikz32ofo7v5l4tijnxndrxzvqma',
    ],
    ['cust-ü', 'zoom_phone', '日本/1 😀', 'gpzvw3kar32kc2f4g5bp6btuwe22zmfbzl7xg6wtt53kx7t2v5ca'],
    ['', 'manual', '', 'yrtscfyvazzfxr6v5dfbkeikmtkcmsxbpqj6jgbc3g775kiplf5a'],
    ['ab', 'gong', 'c', 'gqqnqlfaq4otmfxviyjetlz3cq57ojwk7mblmlx5uqwoxqi3czjq'],
    ['a', 'gong', 'bc', 'ntlix6c7sh5fdvnziigboxfkurkx2ck56o34horpauu4jmdhmdnq'],
  ] as const)('of (%s, %s, %s) is %s', (customerId, platform, sourceCallId, expected) => {
    expect(toCallKey({ customerId, platform, sourceCallId })).toBe(expected);
  });

  it('differs when a character moves from one part to the next', () => {
    const first = toCallKey({ customerId: 'ab', platform: 'gong', sourceCallId: 'c' });
    const second = toCallKey({ customerId: 'a', platform: 'gong', sourceCallId: 'bc' });

    expect(first).not.toBe(second);
  });

  it('differs when a part imitates the length prefix of its neighbour', () => {
    const first = toCallKey({ customerId: 'a4:gong1:b', platform: 'gong', sourceCallId: 'c' });
    const second = toCallKey({ customerId: 'a', platform: 'gong', sourceCallId: 'b4:gong1:c' });

    expect(first).not.toBe(second);
  });

  const triple = fc.record({
    // Few characters and digits with colons: what collides, if anything does.
    customerId: fc.string({ unit: fc.constantFrom('a', 'b', '1', ':'), maxLength: 4 }),
    platform: fc.constantFrom(...platforms),
    sourceCallId: fc.string({ unit: fc.constantFrom('a', 'b', '1', ':'), maxLength: 4 }),
  });

  it('is the same exactly for the same customer, platform and call', () => {
    fc.assert(
      fc.property(triple, triple, (first, second) => {
        const isSame =
          first.customerId === second.customerId &&
          first.platform === second.platform &&
          first.sourceCallId === second.sourceCallId;
        expect(toCallKey(first) === toCallKey(second)).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });

  it('has no collision among all short pairs of parts', () => {
    const parts = ['', 'a', 'b', '1', ':'].flatMap((one) =>
      ['', 'a', 'b', '1', ':'].map((two) => one + two),
    );
    const distinct = [...new Set(parts)];
    const keys = distinct.flatMap((customerId) =>
      distinct.map((sourceCallId) => toCallKey({ customerId, platform: 'gong', sourceCallId })),
    );

    expect(distinct).toHaveLength(21);
    expect(new Set(keys).size).toBe(441);
  });

  it('is safe in a document path, an object key and a task name, whatever the platform calls its calls', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (sourceCallId) => {
        const key = toCallKey({ customerId: 'customer-1', platform: 'dialpad', sourceCallId });
        expect(key).toMatch(/^[a-z2-7]{52}$/);
      }),
    );
  });
});
