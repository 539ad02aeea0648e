import { z } from 'zod';
import { defineHint } from './hint.ts';

const hint = defineHint(
  z.object({ url: z.string().nullable().default(null), times: z.number().default(0) }),
);

describe('a typed hint', () => {
  it('gives back what was noted, and defaults for the rest', () => {
    expect(hint.read({ hint: hint.write({ url: 'u', times: 2 }) })).toEqual({ url: 'u', times: 2 });
    expect(hint.read({ hint: hint.write({ times: 2 }) })).toEqual({ url: null, times: 2 });
  });

  it('changes a part of what was noted before', () => {
    const before = { hint: hint.write({ url: 'u', times: 2 }) };
    expect(hint.read({ hint: hint.write({ times: 3 }, before) })).toEqual({ url: 'u', times: 3 });
  });

  it.each([undefined, null, '', '{', '{"url":7}', '"text"'])(
    'takes the lost or broken note %p for none',
    (text) => {
      expect(hint.read(text === undefined ? {} : { hint: text })).toEqual({ url: null, times: 0 });
    },
  );
});
