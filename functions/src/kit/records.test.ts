import { z } from 'zod';
import { toListedCall } from './listed-call.ts';
import { recordMapper } from './records.ts';

const schema = z.object({ id: z.string(), at: z.object({ count: z.number() }) });

const map = recordMapper({
  schema,
  at: 'calls',
  toCall: ({ id, at }) => toListedCall({ id, durationSeconds: at.count }),
});

describe('recordMapper', () => {
  it('maps what is whole and says of the rest where it is broken', () => {
    const { calls, rejected } = map([
      { id: 'a', at: { count: 1 } },
      { id: 'b', at: { count: 'one' } },
      { id: 17, at: { count: 1 } },
      null,
      { id: 'c', at: { count: 3 } },
    ]);
    expect(calls.map((call) => call.sourceCallId)).toEqual(['a', 'c']);
    expect(rejected).toEqual([
      {
        sourceCallId: 'b',
        reason: 'calls[1].at.count: Invalid input: expected number, received string',
      },
      {
        sourceCallId: '17',
        reason: 'calls[2].id: Invalid input: expected string, received number',
      },
      { sourceCallId: null, reason: 'calls[3]: Invalid input: expected object, received null' },
    ]);
  });

  it('reads the id of a broken record from within another', () => {
    const toCall = () => {
      throw new RangeError('nothing is whole here');
    };
    const mapBroken = recordMapper({ at: 'calls', schema: z.never(), toCall, idField: 'call.id' });
    const { rejected } = mapBroken([{ call: { id: '7' } }, { call: null }, { call: { id: {} } }]);
    expect(rejected.map(({ sourceCallId }) => sourceCallId)).toEqual(['7', null, null]);
  });

  it('quotes nothing of what a record holds', () => {
    const { rejected } = map([{ id: 'a', at: 'ann@acme.test said hello' }]);
    expect(JSON.stringify(rejected)).not.toContain('ann@acme.test');
  });

  it('tells of the shape of what broke, a few records of a page', () => {
    const { drifts } = map([
      { id: 'a', at: { count: 'one' }, name: 'Ann Lee' },
      ...Array.from({ length: 9 }, () => ({ id: 'b', at: null })),
    ]);
    expect(drifts).toHaveLength(5);
    expect(drifts[0]).toEqual({
      place: 'calls',
      changes: [{ path: 'at.count', wanted: 'number', got: 'text' }],
      sample: '{ id: text(1), at: { count: text(3) }, name: text(7) }',
    });
    expect(drifts[1]).toMatchObject({ changes: [{ path: 'at', wanted: 'object', got: 'null' }] });
  });

  it('tells of an optional field that no record of many has', () => {
    const optional = z.object({ id: z.string(), people: z.array(z.unknown()).nullish() });
    const mapOptional = recordMapper({
      ...{ at: 'calls', schema: optional },
      toCall: ({ id }) => toListedCall({ id }),
    });
    const absent = (records: readonly unknown[]) => mapOptional(records).drifts;
    const poor = Array.from({ length: 20 }, (_, index) => ({ id: String(index), persons: [1] }));
    expect(absent(poor)).toEqual([
      {
        place: 'calls',
        changes: [{ path: 'people', wanted: 'in some record', got: 'missing' }],
        sample: '{ id: text(1), persons: [1 × number] }',
      },
    ]);
    expect(absent(poor.slice(1))).toEqual([]);
    expect(absent([...poor, { id: 'x', people: null }])).toEqual([]);
  });
});
