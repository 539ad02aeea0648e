import { toLanguage } from './language.ts';

describe('toLanguage', () => {
  it.each([
    ['ger', 'de'],
    ['eng', 'en'],
    ['en', 'en'],
    ['en_us', 'en-US'],
    ['PT-br', 'pt-BR'],
  ])('makes of %p the tag %p', (code, tag) => {
    expect(toLanguage(code)).toBe(tag);
  });

  it.each(['und', 'und-Latn', 'zxx', 'x', 'English', 'en-', '', null, undefined])(
    'knows no language by %p',
    (code) => {
      expect(toLanguage(code)).toBeNull();
    },
  );
});
