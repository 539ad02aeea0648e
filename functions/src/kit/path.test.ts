import { path } from './path.ts';

describe('path', () => {
  it('makes one segment of each value', () => {
    expect(path`/v2/recordings/${'a/b?c#d é'}/transcript`).toBe(
      '/v2/recordings/a%2Fb%3Fc%23d%20%C3%A9/transcript',
    );
  });

  it('leaves ordinary ids as they are', () => {
    expect(path`/calls/${'b5185ccb-9a08_1.mp3'}`).toBe('/calls/b5185ccb-9a08_1.mp3');
  });

  it.each(['.', '..', ''])('refuses %p, which would name another endpoint', (id) => {
    expect(() => path`/v2/recordings/${id}/download`).toThrow(
      expect.objectContaining({ kind: 'contract' }),
    );
  });
});
