import { grainContext } from './grain/grain.context.ts';

describe('a context', () => {
  it('refuses a key with a line break before the network quotes it, and asks nobody', async () => {
    const requests: string[] = [];
    const context = grainContext.create({
      clock: { now: () => new Date('2026-03-02T12:00:00Z') },
      sleep: async () => undefined,
      random: () => 0.5,
      fetch: async (url) => {
        requests.push(url);
        throw new Error('Nobody is there.');
      },
    });
    const credentials = context.parseCredentials({ apiKey: 'first-line\nsecond-line' });
    expect(await context.validateCredentials(credentials)).toEqual({
      valid: false,
      error:
        'The credentials for Grain contain a line break or a letter that no key has: copy them again.',
    });
    expect(requests).toEqual([]);
  });
});
