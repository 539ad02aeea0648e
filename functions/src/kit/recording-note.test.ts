import { freshNote, toMediaSource } from './recording-note.ts';

const untilMs = Date.parse('2026-03-02T12:00:00Z');

describe('freshNote', () => {
  it.each([
    ['2026-03-02T11:49:59Z', true],
    ['2026-03-02T11:50:00Z', false],
    ['2026-03-03T00:00:00Z', false],
  ])('at %s of a link that ends at noon is kept: %p', (now, isKept) => {
    const note = { url: 'https://cdn.example.com/a', untilMs };
    expect(freshNote(note, new Date(now))).toEqual(isKept ? note : null);
  });

  it('keeps "there is none" as long, and makes nothing of nothing', () => {
    const now = new Date('2026-03-02T08:00:00Z');
    expect(freshNote({ url: null, untilMs }, now)).toEqual({ url: null, untilMs });
    expect(freshNote(null, now)).toBeNull();
    expect(freshNote(undefined, now)).toBeNull();
  });
});

describe('toMediaSource', () => {
  it('is a URL with the type that is known of it, or nothing', () => {
    expect(toMediaSource('https://cdn.example.com/a', 'audio/mpeg')).toEqual({
      ...{ kind: 'url', url: 'https://cdn.example.com/a', contentType: 'audio/mpeg' },
    });
    expect(toMediaSource('https://cdn.example.com/a')).toEqual({
      ...{ kind: 'url', url: 'https://cdn.example.com/a' },
    });
    expect(toMediaSource(null)).toBeNull();
  });
});
