import { addNotes, knownRecording, languageOf, noteOf, withNote } from './known-call.ts';
import { toListedCall } from './listed-call.ts';

const now = new Date('2026-03-02T12:00:00Z');

describe('notes of a call', () => {
  it('are nothing but what there is to note', () => {
    expect(toListedCall({ id: 'a' }).hint).toBeUndefined();
    expect(toListedCall({ id: 'a', language: '', note: null }).hint).toBeUndefined();
    expect(toListedCall({ id: 'a', language: 'de', note: 'x' }).hint).toBe(
      '{"language":"de","note":"x"}',
    );
  });

  it.each([null, undefined, '', '{', '[]', '{"note":17}', 'unfinished'])(
    'are nothing where the hint is %p',
    (hint) => {
      const call = { ...toListedCall({ id: 'a' }), ...(hint !== undefined && { hint }) };
      expect([noteOf(call), languageOf(call), knownRecording(call, now)]).toEqual([
        ...[null, null, null],
      ]);
      expect(addNotes(call, { transcript: 'none' })).toBe('{"transcript":"none"}');
    },
  );

  it('keep the others when one is replaced or taken away', () => {
    const call = toListedCall({ id: 'a', language: 'de' });
    const noted = { ...call, hint: withNote(call, 'download 1') };
    expect([noteOf(noted), languageOf(noted)]).toEqual(['download 1', 'de']);
    const without = { ...call, hint: withNote(noted, null) };
    expect([noteOf(without), languageOf(without)]).toEqual([null, 'de']);
    expect(withNote(toListedCall({ id: 'a' }), null)).toBe('{}');
  });
});
