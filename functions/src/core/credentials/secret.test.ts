import { inspect } from 'node:util';
import { conceal, reveal } from './secret.ts';

const plain = { accessKey: 'CANARY-1', nested: { token: 'CANARY-2' } };
const secret = conceal(plain);
/** As anybody's code would print them by accident: the type says nothing of what they show. */
const toText = (value: unknown): string => [value].join();

describe('concealed credentials', () => {
  it.each([
    ['JSON', () => JSON.stringify({ credentials: secret }), '{"credentials":"[redacted]"}'],
    ['a text', () => `with ${toText(secret)}`, 'with [redacted]'],
    ['console.log', () => inspect(secret), '[redacted]'],
    ['console.log of what holds them', () => inspect([{ secret }]), '[ { secret: [redacted] } ]'],
    [
      'an error that has them as its cause',
      () => inspect(new Error('no', { cause: secret }).cause),
      '[redacted]',
    ],
  ])('show nothing in %s', (_name, print, shown) => {
    expect(print()).toBe(shown);
  });

  it('give their fields to whoever asks for them, and no other', () => {
    expect(secret['accessKey']).toBe('CANARY-1');
    expect({ ...secret }).toStrictEqual(plain);
    expect(Object.keys(secret)).toEqual(['accessKey', 'nested']);
  });

  it('may be concealed twice', () => {
    expect(conceal(secret)).toEqual(plain);
    expect(toText(conceal(secret))).toBe('[redacted]');
  });

  it('leave what they were made of as it was', () => {
    expect(JSON.stringify(plain)).toContain('CANARY-1');
  });
});

describe('reveal', () => {
  it('gives the JSON of what is concealed', () => {
    expect(reveal(secret)).toBe(JSON.stringify(plain));
  });
});
