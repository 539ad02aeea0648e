import { oneOf } from './one-of.ts';

describe('oneOf', () => {
  it.each([
    ['Inbound', 'inbound'],
    ['outbound', 'outbound'],
    ['Conference', null],
    ['', null],
    [null, null],
    [undefined, null],
  ])('takes %p for %p', (value, known) => {
    expect(oneOf(value, ['inbound', 'outbound'])).toBe(known);
  });
});
