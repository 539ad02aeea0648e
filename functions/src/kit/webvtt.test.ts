import { parseWebVtt } from './webvtt.ts';

describe('parseWebVtt', () => {
  it('reads cues, whoever speaks, in every form of their times', () => {
    const text = [
      '\uFEFFWEBVTT - a call',
      '',
      'NOTE 00:00:00.000 --> nothing',
      '',
      'STYLE',
      '::cue { color: red }',
      '',
      '1',
      '00:01.500 --> 00:02.000 align:start',
      '<v.loud Ann Lee>Hello <b>there</b>,',
      'all &amp; &lt;everyone&gt;</v>',
      '',
      '01:00:00,000 --> 01:00:01,250',
      'Bob: hi.',
    ].join('\r\n');
    expect(parseWebVtt(text)).toEqual([
      {
        startMs: 1500,
        endMs: 2000,
        speaker: 'Ann Lee',
        text: 'Hello there,\nall & <everyone>',
      },
      { startMs: 3_600_000, endMs: 3_601_250, speaker: 'Bob', text: 'hi.' },
    ]);
  });

  it('takes what stands before a colon for a name only where every cue has one', () => {
    const text = 'WEBVTT\n\n00:01.000 --> 00:02.000\nAnn: hi\n\n00:02.000 --> 00:03.000\nOh.\n';
    expect(parseWebVtt(text)).toEqual([
      { startMs: 1000, endMs: 2000, speaker: null, text: 'Ann: hi' },
      { startMs: 2000, endMs: 3000, speaker: null, text: 'Oh.' },
    ]);
  });

  it('reads a file without cues', () => {
    expect(parseWebVtt('WEBVTT')).toEqual([]);
  });

  it.each(['', 'WEBVTTX', '[00:01] Ann: hi', '{"cues":[]}'])('takes %p for no WebVTT', (text) => {
    expect(parseWebVtt(text)).toBeNull();
  });
});
