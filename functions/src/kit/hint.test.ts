import { z } from 'zod';
import { readHint } from './hint.ts';

const Note = z.object({ at: z.coerce.date() });

describe('readHint', () => {
  it('reads a note', () => {
    expect(readHint('{"at":"2026-01-02T00:00:00Z"}', Note)).toEqual({
      at: new Date('2026-01-02T00:00:00Z'),
    });
  });

  it.each([null, undefined, '', '{', '{"at":"soon"}'])('takes %p for none', (hint) => {
    expect(readHint(hint, Note)).toBeNull();
  });
});
