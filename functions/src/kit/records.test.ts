import { z } from 'zod';
import { mapRecords } from './records.ts';

const schema = z.object({ id: z.string(), at: z.object({ count: z.number() }) });

const map = (records: readonly unknown[]) =>
  mapRecords({
    records,
    schema,
    at: 'calls',
    toSourceCall: ({ id, at }) => ({
      sourceCallId: id,
      metadata: {
        ...{ title: null, startedAt: null, durationSeconds: at.count, participants: [] },
        ...{ sourceUrl: null, direction: null, mediaKind: null, summary: null },
      },
    }),
  });

describe('mapRecords', () => {
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
    const toSourceCall = () => {
      throw new RangeError('nothing is whole here');
    };
    const { rejected } = mapRecords({
      ...{ at: 'calls', schema: z.never(), toSourceCall, idField: 'call.id' },
      records: [{ call: { id: '7' } }, { call: null }, { call: { id: {} } }],
    });
    expect(rejected.map(({ sourceCallId }) => sourceCallId)).toEqual(['7', null, null]);
  });

  it('quotes nothing of what a record holds', () => {
    const { rejected } = map([{ id: 'a', at: 'ann@acme.test said hello' }]);
    expect(JSON.stringify(rejected)).not.toContain('ann@acme.test');
  });
});
