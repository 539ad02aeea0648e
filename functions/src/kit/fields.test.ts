import { z } from 'zod';
import { describeField, plainField, secretField, textFilter, texts } from './fields.ts';

const text = { title: 'API key', description: 'Under Settings.' };

describe('fields of credentials', () => {
  it('are trimmed, and never empty', () => {
    expect(secretField(text).parse(' key ')).toBe('key');
    expect(plainField(text).safeParse('  ').success).toBe(false);
  });

  it('say of themselves whether they are secret', () => {
    expect(secretField(text).meta()).toEqual({ ...text, secret: true });
    expect(plainField(text).meta()).toEqual({ ...text, secret: false });
    expect(describeField(secretField(text).optional())).toEqual({ ...text, secret: true });
    expect(describeField(z.string().optional().meta({ title: 'Key' }))).toEqual({ title: 'Key' });
    expect(describeField(z.string())).toEqual({});
  });
});

describe('a filter that is a text', () => {
  it('may be left out, and is never empty', () => {
    const filter = textFilter('Words in the title.');
    expect(filter.parse(undefined)).toBeUndefined();
    expect(filter.safeParse('').success).toBe(false);
    expect(describeField(filter)).toEqual({ description: 'Words in the title.' });
  });
});

describe('texts of an answer', () => {
  it('may be missing or null, and are texts otherwise', () => {
    const Record = z.object(texts('title', 'url'));
    expect(Record.parse({ title: null, more: 1 })).toEqual({ title: null });
    expect(Record.parse({ title: '', url: 'u' })).toEqual({ title: '', url: 'u' });
    expect(Record.safeParse({ url: 17 }).error?.issues).toMatchObject([{ path: ['url'] }]);
  });
});
