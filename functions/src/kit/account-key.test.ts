import { toAccountKey } from './account-key.ts';

describe('toAccountKey', () => {
  it('is the same for the same credentials in any order', () => {
    const key = toAccountKey('acme', { apiKey: 'k', secret: 's' });
    expect(toAccountKey('acme', { secret: 's', apiKey: 'k', note: undefined })).toBe(key);
    expect(key).toMatch(/^acme-[0-9a-f]{32}$/);
  });

  it('differs between credentials and platforms', () => {
    const keys = [
      toAccountKey('acme', { apiKey: 'k', secret: 's' }),
      toAccountKey('acme', { apiKey: 's', secret: 'k' }),
      toAccountKey('other', { apiKey: 'k', secret: 's' }),
    ];
    expect(new Set(keys).size).toBe(3);
  });
});
