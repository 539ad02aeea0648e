import { z } from 'zod';
import { toDrift, toShape } from './drift.ts';

function driftOf(schema: z.ZodType, value: unknown, place = '/v2/calls') {
  const { error } = schema.safeParse(value);
  if (error === undefined) throw new Error('The value fits its schema.');
  return toDrift({ place, error, value });
}

describe('toDrift', () => {
  it.each([
    ['a missing field', z.object({ id: z.string() }), {}, ['id', 'string', 'missing']],
    ['null', z.object({ id: z.string() }), { id: null }, ['id', 'string', 'null']],
    ['another type', z.object({ at: z.number() }), { at: 'noon' }, ['at', 'number', 'text']],
    ['a list', z.object({ id: z.string() }), { id: [] }, ['id', 'string', 'list']],
    ['a format', z.object({ at: z.iso.datetime() }), { at: 'now' }, ['at', 'datetime', 'text']],
    ['a value', z.object({ kind: z.enum(['a', 'b']) }), { kind: 'c' }, ['kind', 'a or b', 'text']],
    ['a choice', z.union([z.string(), z.number()]), true, ['(whole)', 'one of several', 'boolean']],
    ['a bound', z.object({ id: z.string().min(1) }), { id: '' }, ['id', 'too small', 'text']],
    ['a field of null', z.object({ a: z.object({}) }), null, ['(whole)', 'object', 'null']],
  ])('says of %s what was wanted and what came', (_what, schema, value, change) => {
    const [path, wanted, got] = change;
    expect(driftOf(schema, value).changes).toEqual([{ path, wanted, got }]);
  });

  it('is the same for each record of a list, each id in a path and each alias of a query', () => {
    const calls = z.object({ calls: z.array(z.object({ id: z.string() })) });
    const twice = driftOf(calls, { calls: [{ id: 1 }, { id: 2 }] }, '/v2/calls/83745/media/ab12');
    expect(twice).toMatchObject({
      place: '/v2/calls/(id)/media/(id)',
      changes: [{ path: 'calls[].id', wanted: 'string', got: 'number' }],
    });
    const alias = z.object({ data: z.object({ transcript17: z.string() }) });
    expect(driftOf(alias, { data: {} }).changes).toMatchObject([{ path: 'data.transcript' }]);
  });

  it('names a few fields where everything has changed', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const schema = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
    expect(driftOf(schema, {}).changes).toHaveLength(5);
  });
});

describe('toShape', () => {
  it('tells types, lengths and names of fields, and nothing of their content', () => {
    const value = {
      ...{ id: '0199', at: 17, isPrivate: false, none: null, empty: [], nothing: {} },
      parties: [{ email: 'ann@acme.test', 'ann@acme.test': 1 }, { email: 'bob@acme.test' }],
    };
    expect(toShape(value)).toBe(
      '{ id: text(4), at: number, isPrivate: boolean, none: null, empty: [], nothing: {}, ' +
        'parties: [2 × { email: text(13), (key): number }] }',
    );
  });

  it('ends where a value goes deep or wide', () => {
    const deep = { a: { a: { a: { a: { a: { a: 1 } } } } } };
    expect(toShape(deep)).toBe('{ a: { a: { a: { a: { a: … } } } } }');
    const wide = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}x`, 1]));
    expect(toShape(wide)).toMatch(/k29x: number, … }$/);
  });
});
