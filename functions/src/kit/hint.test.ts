import { z } from 'zod';
import { defineHint } from './hint.ts';

const hint = defineHint(z.object({ url: z.string().nullable(), times: z.number() }));

describe('a typed hint', () => {
  it('gives back what was noted', () => {
    const note = { url: null, times: 2 };
    expect(hint.read({ hint: hint.write(note) })).toEqual({ url: null, times: 2 });
  });

  it.each([undefined, null, '', '{', '{"url":7}', '"text"'])(
    'takes the lost or broken note %p for none',
    (text) => {
      expect(hint.read(text === undefined ? {} : { hint: text })).toBeNull();
    },
  );
});
