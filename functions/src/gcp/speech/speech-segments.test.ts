import type { TranscriptSegment } from '../../core/imports/source-call.ts';
import {
  SpeechResults,
  toLanguage,
  toMilliseconds,
  toSegments,
  type SpeechDuration,
} from './speech-segments.ts';

type Words = NonNullable<
  NonNullable<NonNullable<SpeechResults['results']>[number]['alternatives']>[number]['words']
>;

/** `"0.5-0.9 hello @1"`: start, end, word, speaker; a start of 0 is left out, as proto3 does. */
function words(...lines: readonly string[]): Words {
  return lines.map((line) => {
    const [, start, end, word, label] = /^([\d.]+)-([\d.]+) (\S*)(?: @(\S+))?$/.exec(line) ?? [];
    return {
      ...(start === '0' ? {} : { startOffset: `${start}s` }),
      endOffset: `${end}s`,
      word,
      ...(label === undefined ? {} : { speakerLabel: label }),
    };
  });
}

describe('toSegments', () => {
  const table: readonly {
    readonly name: string;
    readonly results: NonNullable<SpeechResults['results']>;
    readonly segments: readonly TranscriptSegment[];
  }[] = [
    { name: 'has nothing to say of silence', results: [], segments: [] },
    {
      name: 'has nothing to say of results without alternatives, words or text',
      results: [{}, { alternatives: [] }, { alternatives: [{ transcript: ' ', words: [] }] }],
      segments: [],
    },
    {
      name: 'joins consecutive words of one speaker, from 0 when the start is missing',
      results: [{ alternatives: [{ words: words('0-0.4 Hello', '0.5-0.9 there') }] }],
      segments: [{ speakerId: 'Speaker 1', startMs: 0, endMs: 900, text: 'Hello there' }],
    },
    {
      name: 'begins anew where another speaks, and names speakers by their first words',
      results: [
        {
          alternatives: [
            { words: words('0-0.4 Hi @7', '0.5-0.9 Hello @2', '1-1.2 you @2', '1.3-1.5 Bye @7') },
          ],
        },
      ],
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 400, text: 'Hi' },
        { speakerId: 'Speaker 2', startMs: 500, endMs: 1200, text: 'Hello you' },
        { speakerId: 'Speaker 1', startMs: 1300, endMs: 1500, text: 'Bye' },
      ],
    },
    {
      name: 'takes only the last result of a diarised answer, which repeats every word',
      results: [
        { alternatives: [{ transcript: 'Hi Hello', words: words('0-0.4 Hi', '0.5-0.9 Hello') }] },
        { alternatives: [{ transcript: 'Bye', words: words('1-1.4 Bye') }] },
        { alternatives: [{ words: words('0-0.4 Hi @1', '0.5-0.9 Hello @2', '1-1.4 Bye @1') }] },
      ],
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 400, text: 'Hi' },
        { speakerId: 'Speaker 2', startMs: 500, endMs: 900, text: 'Hello' },
        { speakerId: 'Speaker 1', startMs: 1000, endMs: 1400, text: 'Bye' },
      ],
    },
    {
      name: 'takes every labelled result where the last does not repeat the others',
      results: [
        { alternatives: [{ words: words('0-0.4 Hi @1') }] },
        { alternatives: [{ words: words('0.5-0.9 Hello @2') }] },
      ],
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 400, text: 'Hi' },
        { speakerId: 'Speaker 2', startMs: 500, endMs: 900, text: 'Hello' },
      ],
    },
    {
      name: 'counts a repeated word once, with its speaker',
      results: [
        { alternatives: [{ words: words('0-0.4 Hi', '0.5-0.9 Hello') }] },
        { alternatives: [{ words: words('0.5-0.9 Hello @2') }] },
      ],
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 400, text: 'Hi' },
        { speakerId: 'Speaker 2', startMs: 500, endMs: 900, text: 'Hello' },
      ],
    },
    {
      name: 'takes each channel as a speaker, in the order of time and not of results',
      results: [
        { channelTag: 1, alternatives: [{ words: words('0-0.4 Hi', '2-2.4 Bye') }] },
        { channelTag: 2, alternatives: [{ words: words('0.6-0.9 Hello') }] },
      ],
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 400, text: 'Hi' },
        { speakerId: 'Speaker 2', startMs: 600, endMs: 900, text: 'Hello' },
        { speakerId: 'Speaker 1', startMs: 2000, endMs: 2400, text: 'Bye' },
      ],
    },
    {
      name: 'begins anew after a pause of more than 1.5 s',
      results: [{ alternatives: [{ words: words('0-1 one', '2.5-3 two', '4.501-5 three') }] }],
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 3000, text: 'one two' },
        { speakerId: 'Speaker 1', startMs: 4501, endMs: 5000, text: 'three' },
      ],
    },
    {
      name: 'begins anew at the end of a sentence past 30 s, and not before',
      results: [
        {
          alternatives: [
            { words: words('0-29 Short.', '29-31 then', '31-32 done.', '32-33 And', '33-34 on') },
          ],
        },
      ],
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 32_000, text: 'Short. then done.' },
        { speakerId: 'Speaker 1', startMs: 32_000, endMs: 34_000, text: 'And on' },
      ],
    },
    {
      name: 'ends a word no sooner than it begins, and a segment with its last end',
      results: [{ alternatives: [{ words: words('1-3 long', '1.5-2 inner', '2.5-0 odd') }] }],
      segments: [{ speakerId: 'Speaker 1', startMs: 1000, endMs: 3000, text: 'long inner odd' }],
    },
    {
      name: 'leaves blank words out',
      results: [{ alternatives: [{ words: [{ word: ' ' }, {}, { word: 'a', endOffset: '1s' }] }] }],
      segments: [{ speakerId: 'Speaker 1', startMs: 0, endMs: 1000, text: 'a' }],
    },
    {
      name: 'places a result without word times after the one before it on its channel',
      results: [
        { channelTag: 1, resultEndOffset: '4s', alternatives: [{ transcript: 'First part' }] },
        { channelTag: 2, resultEndOffset: '2s', alternatives: [{ transcript: 'Other side' }] },
        { channelTag: 1, resultEndOffset: '9s', alternatives: [{ transcript: 'Second part' }] },
      ],
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 4000, text: 'First part' },
        { speakerId: 'Speaker 2', startMs: 0, endMs: 2000, text: 'Other side' },
        { speakerId: 'Speaker 1', startMs: 4000, endMs: 9000, text: 'Second part' },
      ],
    },
    {
      name: 'writes Japanese without spaces and keeps them around Latin words',
      results: [{ alternatives: [{ words: words('0-1 今日', '1-2 は', '2-3 OK', '3-4 です') }] }],
      segments: [{ speakerId: 'Speaker 1', startMs: 0, endMs: 4000, text: '今日は OK です' }],
    },
  ];

  it.each(table)('$name', ({ results, segments }) => {
    expect(toSegments(SpeechResults.parse({ results }))).toEqual(segments);
  });

  it('has nothing to say of an answer without results', () => {
    expect(toSegments(SpeechResults.parse({}))).toEqual([]);
  });
});

describe('toMilliseconds', () => {
  const table: readonly (readonly [SpeechDuration, number])[] = [
    ['0s', 0],
    ['1.3s', 1300],
    ['1.300s', 1300],
    ['0.040500s', 40],
    ['1.005s', 1005],
    ['4.999999999s', 4999],
    ['28800s', 28_800_000],
    [{}, 0],
    [{ seconds: '1', nanos: 300_000_000 }, 1300],
    [{ seconds: 62 }, 62_000],
    [{ nanos: 1_005_999_999 }, 1005],
  ];

  it.each(table)('reads %j as %i', (duration, ms) => {
    expect(toMilliseconds(duration)).toBe(ms);
  });

  it.each(['1.3', '-1s', 'soon', '1e3s'])('is never asked about %j', (text) => {
    expect(SpeechResults.safeParse({ results: [{ resultEndOffset: text }] }).success).toBe(false);
  });
});

describe('toLanguage', () => {
  it.each([
    ['en-us', 'en-US'],
    ['cmn-hans-cn', 'zh-Hans-CN'],
    ['not_a_language!', 'not_a_language!'],
  ])('writes %s as %s', (languageCode, language) => {
    expect(toLanguage({ results: [{}, { languageCode }] })).toBe(language);
  });

  it('is null when no result names one', () => {
    expect(toLanguage({ results: [{ languageCode: '' }] })).toBeNull();
    expect(toLanguage({})).toBeNull();
  });
});
