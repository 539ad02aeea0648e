import { z } from 'zod';
import { describeField, plainField, secretField } from './fields.ts';

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
