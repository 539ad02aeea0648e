/** What is said in one sandbox recording, and the file that it becomes. */
export interface AudioScript {
  readonly file: string;
  readonly contentType: 'audio/mpeg' | 'audio/wav' | 'audio/mp4' | 'video/mp4';
  readonly sampleRateHz: number;
  /** espeak-ng voices of speaker 0 and speaker 1. */
  readonly voices: readonly [SpokenVoice, SpokenVoice];
  readonly lines: readonly { readonly speaker: 0 | 1; readonly text: string }[];
}

interface SpokenVoice {
  readonly voice: string;
  /** 0 to 99, espeak-ng's own scale. */
  readonly pitch: number;
  readonly wordsPerMinute: number;
}

const lowVoice: SpokenVoice = { voice: 'en-us+m3', pitch: 28, wordsPerMinute: 175 };
const highVoice: SpokenVoice = { voice: 'en-gb+f2', pitch: 68, wordsPerMinute: 185 };
const deepVoice: SpokenVoice = { voice: 'en-gb-scotland+m7', pitch: 18, wordsPerMinute: 170 };
const brightVoice: SpokenVoice = { voice: 'en-us+f4', pitch: 82, wordsPerMinute: 180 };

/** The conversations; no names are spoken, so that any generated participants fit them. */
export const audioScripts: readonly AudioScript[] = [
  {
    file: 'sales-demo.mp4',
    contentType: 'video/mp4',
    sampleRateHz: 16_000,
    voices: [lowVoice, brightVoice],
    lines: [
      { speaker: 0, text: 'Thanks for joining. Today I will show you the new dashboard.' },
      {
        speaker: 1,
        text: 'Great. We have twelve sales people, and they all live in spreadsheets.',
      },
      { speaker: 0, text: 'Then let us start with the forecast page.' },
    ],
  },
  {
    file: 'support-call.wav',
    contentType: 'audio/wav',
    sampleRateHz: 8_000,
    voices: [highVoice, deepVoice],
    lines: [
      { speaker: 0, text: 'Customer support, how can I help you?' },
      { speaker: 1, text: 'Our invoices have been missing the tax number since Monday.' },
      { speaker: 0, text: 'I see the problem. I will open a ticket right now.' },
    ],
  },
  {
    file: 'renewal.mp3',
    contentType: 'audio/mpeg',
    sampleRateHz: 24_000,
    voices: [deepVoice, brightVoice],
    lines: [
      { speaker: 0, text: 'Your contract renews at the end of March.' },
      { speaker: 1, text: 'We would like to add twenty seats, but we need a better price.' },
      { speaker: 0, text: 'For two years I can offer ten percent off.' },
      { speaker: 1, text: 'Send me the quote and I will ask finance.' },
    ],
  },
  {
    file: 'onboarding.m4a',
    contentType: 'audio/mp4',
    sampleRateHz: 16_000,
    voices: [brightVoice, lowVoice],
    lines: [
      { speaker: 0, text: 'Welcome aboard. First we connect your calendar.' },
      { speaker: 1, text: 'I am logged in. Should I invite the whole team today?' },
      { speaker: 0, text: 'Begin with two people, then invite the others on Friday.' },
    ],
  },
  {
    file: 'discovery.mp3',
    contentType: 'audio/mpeg',
    sampleRateHz: 16_000,
    voices: [highVoice, lowVoice],
    lines: [
      { speaker: 0, text: 'What made you look for a new phone system?' },
      { speaker: 1, text: 'Calls drop every afternoon, and nobody can tell us why.' },
      { speaker: 0, text: 'How many calls do you take in a day?' },
      { speaker: 1, text: 'About four hundred, most of them before noon.' },
    ],
  },
  {
    file: 'pricing.mp3',
    contentType: 'audio/mpeg',
    sampleRateHz: 16_000,
    voices: [lowVoice, highVoice],
    lines: [
      { speaker: 0, text: 'The starter plan is forty dollars a month.' },
      { speaker: 1, text: 'Does that include the integration with our warehouse?' },
      { speaker: 0, text: 'Yes, it does.' },
    ],
  },
  {
    file: 'quarterly-review.mp4',
    contentType: 'video/mp4',
    sampleRateHz: 16_000,
    voices: [brightVoice, deepVoice],
    lines: [
      { speaker: 0, text: 'Let us look at the last quarter. Adoption went up by a third.' },
      { speaker: 1, text: 'That is good news. What is still open from our list?' },
      { speaker: 0, text: 'Single sign on is done. The audit export ships next week.' },
      { speaker: 1, text: 'Perfect, our security team is waiting for it.' },
    ],
  },
];
