import { toListedCall, toPerson } from './listed-call.ts';
import { toSourceTranscript } from './transcript.ts';

const ann = toPerson({ id: 's1', name: 'Ann Lee' });
const listed = toListedCall({ id: 'c', participants: [ann] });

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

  it('joins speakers who have names alone to the participants whom these mean', () => {
    const twins = ['t1', 't2'].map((id) => toPerson({ id, name: 'Kim Day' }));
    const words = { startMs: 0, endMs: 1, text: null };
    const spoken = ['ann  LEE', 'Guest', 'Kim Day', ''].map((speakerName, index) => ({
      ...{ ...words, startMs: index, speakerName },
    }));
    const { transcript } = toSourceTranscript(spoken, {
      ...{ language: null, original: [] },
      listed: toListedCall({ id: 'c', participants: [ann, ...twins] }),
    });
    expect(transcript.speakers).toEqual([
      { id: 's1', name: 'Ann Lee' },
      { id: 'Guest', name: 'Guest' },
      { id: 'Kim Day', name: 'Kim Day' },
      { id: 'Unknown speaker', name: null },
    ]);
    expect(transcript.segments.map(({ text }) => text)).toEqual(['', '', '', '']);
  });
});
