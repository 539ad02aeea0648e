import { sampleMetadata, samplePerson } from '../testing/sample-records.ts';
import { CallMetadata, SourceParticipant, Transcript, TranscriptSegment } from './source-call.ts';

const segment = { speakerId: 'speaker-1', startMs: 0, endMs: 900, text: 'Hello' };

describe('CallMetadata', () => {
  it('takes unknown for null and for nothing else', () => {
    const unknown = {
      title: null,
      startedAt: null,
      durationSeconds: null,
      participants: [],
      sourceUrl: null,
      direction: null,
      mediaKind: null,
      summary: null,
    };

    expect(CallMetadata.safeParse(unknown).success).toBe(true);
    expect(CallMetadata.safeParse({ ...unknown, durationSeconds: undefined }).success).toBe(false);
  });

  it.each([
    ['a negative duration', { durationSeconds: -1 }],
    ['a start that is a text', { startedAt: '2026-03-02T09:00:00Z' }],
    ['a start that is no instant', { startedAt: new Date(Number.NaN) }],
    ['a direction that we do not know', { direction: 'internal' }],
  ])('does not take %s', (_name, field) => {
    expect(CallMetadata.safeParse({ ...sampleMetadata, ...field }).success).toBe(false);
  });
});

describe('SourceParticipant', () => {
  it('does not take a role that we do not know', () => {
    expect(SourceParticipant.safeParse(samplePerson()).success).toBe(true);
    expect(SourceParticipant.safeParse({ ...samplePerson(), role: 'host' }).success).toBe(false);
  });
});

describe('Transcript', () => {
  it('is what was said, in whole milliseconds', () => {
    const transcript = {
      language: 'en-US',
      speakers: [{ id: 'speaker-1', name: null }],
      segments: [segment],
    };

    expect(Transcript.parse({ ...transcript, more: true })).toStrictEqual(transcript);
  });

  it.each([
    ['a part of a millisecond', { startMs: 0.5 }],
    ['a time before the start', { startMs: -1 }],
    ['no end', { endMs: null }],
    ['nobody who speaks', { speakerId: null }],
  ])('has no segment with %s', (_name, field) => {
    expect(TranscriptSegment.safeParse(segment).success).toBe(true);
    expect(TranscriptSegment.safeParse({ ...segment, ...field }).success).toBe(false);
  });
});
