import type { SourceCall } from '../core/imports/source-call.ts';
import { toSourceTranscript } from './transcript.ts';

const listed: SourceCall = {
  sourceCallId: 'c',
  metadata: {
    ...{ title: null, startedAt: null, durationSeconds: null, sourceUrl: null },
    ...{ direction: null, mediaKind: null, summary: null },
    participants: [
      { id: 's1', name: 'Ann Lee', email: null, phone: null, role: 'unknown', attended: null },
    ],
  },
};

describe('toSourceTranscript', () => {
  it('puts what was said in order and joins speakers to participants', () => {
    const original = [{ any: 'thing' }];
    const spoken = [
      { speakerId: 's2', startMs: 900.4, endMs: 1500.6, text: 'Hi.' },
      { speakerId: 's1', startMs: -3, endMs: 800, text: 'Hello.' },
      { speakerId: null, startMs: 2000, endMs: 1900, text: '?' },
      { speakerId: 's1', startMs: 2100, endMs: 2200, text: 'So…' },
    ];
    expect(toSourceTranscript(spoken, { language: 'en', listed, original })).toEqual({
      transcript: {
        language: 'en',
        speakers: [
          { id: 's1', name: 'Ann Lee' },
          { id: 's2', name: null },
          { id: 'Unknown speaker', name: null },
        ],
        segments: [
          { speakerId: 's1', startMs: 0, endMs: 800, text: 'Hello.' },
          { speakerId: 's2', startMs: 900, endMs: 1501, text: 'Hi.' },
          { speakerId: 'Unknown speaker', startMs: 2000, endMs: 2000, text: '?' },
          { speakerId: 's1', startMs: 2100, endMs: 2200, text: 'So…' },
        ],
      },
      original,
    });
  });

  it('names a speaker who is no participant as the platform does', () => {
    const spoken = [
      { speakerId: 's1', speakerName: 'Ann', startMs: 0, endMs: 1, text: 'Hello.' },
      { speakerId: 'guest', speakerName: 'Guest', startMs: 1, endMs: 2, text: 'Hi.' },
    ];
    const { transcript } = toSourceTranscript(spoken, { language: null, listed, original: [] });
    expect(transcript.speakers).toEqual([
      { id: 's1', name: 'Ann Lee' },
      { id: 'guest', name: 'Guest' },
    ]);
  });
});
