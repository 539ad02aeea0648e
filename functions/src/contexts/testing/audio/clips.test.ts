import { createHash } from 'node:crypto';
import { ALL_FORMATS, BufferSource, Input } from 'mediabunny';
import { findClip, findSpokenText, sandboxClips } from './clips.ts';

const clipNamed = (file: string) => {
  const clip = sandboxClips.find((each) => each.file === file);
  if (clip === undefined) throw new Error(`no clip ${file}`);
  return clip;
};

describe('the committed recordings', () => {
  it('are the ones that the manifest describes', () => {
    for (const clip of sandboxClips) {
      const bytes = clip.readBytes();
      expect(bytes.length).toBe(clip.sizeBytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(clip.sha256);
    }
  });

  it.each([
    ['sales-demo.mp4', 'video/mp4', 10.56],
    ['support-call.wav', 'audio/wav', 8.85],
    ['renewal.mp3', 'audio/mpeg', 11.4],
    ['onboarding.m4a', 'audio/mp4', 10.11],
    ['discovery.mp3', 'audio/mpeg', 11.02],
    ['pricing.mp3', 'audio/mpeg', 6.77],
    ['quarterly-review.mp4', 'video/mp4', 14.21],
  ])('%s reads as %s of %d seconds', async (file, contentType, seconds) => {
    const clip = clipNamed(file);
    using input = new Input({ formats: ALL_FORMATS, source: new BufferSource(clip.readBytes()) });
    const mimeType = await input.getMimeType();
    const duration = await input.computeDuration();
    expect(mimeType.split(';')[0]).toBe(contentType);
    expect(clip.contentType).toBe(contentType);
    expect(Math.abs(duration - seconds)).toBeLessThan(0.06);
    expect(Math.abs(clip.durationSeconds - seconds)).toBeLessThan(0.06);
  });

  it('have two voices that never overlap and end before the recording does', () => {
    for (const clip of sandboxClips) {
      expect(new Set(clip.utterances.map((utterance) => utterance.speaker)).size).toBe(2);
      let lastEndMs = 0;
      for (const utterance of clip.utterances) {
        expect(utterance.startMs).toBeGreaterThanOrEqual(lastEndMs);
        expect(utterance.endMs).toBeGreaterThan(utterance.startMs);
        lastEndMs = utterance.endMs;
      }
      expect(lastEndMs).toBeLessThanOrEqual(clip.durationSeconds * 1000);
    }
  });
});

describe('findSpokenText', () => {
  it('recognises every clip', () => {
    for (const clip of sandboxClips) expect(findClip(clip.readBytes())?.file).toBe(clip.file);
  });

  it('recognises a clip behind a leading ID3v2 tag and before appended bytes', () => {
    const tag = Buffer.alloc(10 + 300);
    tag.write('ID3\u0004', 'latin1');
    tag.set([0, 0, 2, 44], 6);
    const tagged = Buffer.concat([tag, clipNamed('pricing.mp3').readBytes(), Buffer.alloc(128)]);
    expect(findSpokenText(tagged)?.map((utterance) => utterance.text)).toEqual([
      'The starter plan is forty dollars a month.',
      'Does that include the integration with our warehouse?',
      'Yes, it does.',
    ]);
  });

  it('recognises a clip by its first 8 kB', () => {
    const start = clipNamed('renewal.mp3').readBytes().subarray(0, 8192);
    expect(findClip(start)?.file).toBe('renewal.mp3');
  });

  it.each([
    ['another sound', Buffer.alloc(20_000, 7)],
    ['nothing', Buffer.alloc(0)],
    ['a clip that is cut off', clipNamed('renewal.mp3').readBytes().subarray(0, 8191)],
  ])('answers null for %s', (_name, bytes) => {
    expect(findSpokenText(bytes)).toBeNull();
  });
});
