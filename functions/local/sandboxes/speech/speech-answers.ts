export interface Utterance {
  readonly speaker: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

/** What is to be heard in a recording; empty is silence, null is unknown. */
export interface Recognition {
  readonly durationSeconds: number;
  readonly utterances: readonly Utterance[] | null;
}

export interface BatchRequest {
  readonly config: {
    readonly languageCodes: readonly string[];
    readonly features?:
      | {
          readonly diarizationConfig?: object | null | undefined;
          readonly multiChannelMode?: number | string | null | undefined;
        }
      | null
      | undefined;
  };
  readonly recognitionOutputConfig: {
    readonly gcsOutputConfig?: { readonly uri: string } | null | undefined;
  };
}

type Word = Readonly<Record<string, string>>;

/** Never invented words: whoever reads the transcript must see that there is none. */
const unknownText =
  '[sandbox] speech was not recognised: the sandbox only knows its own recordings';

/**
 * The service's answer about one file. As the real one it repeats all words in the last result
 * when it tells speakers apart, tags channels from 1, leaves zeros out and lowers language codes.
 */
export function toFileResult(
  request: BatchRequest,
  recognition: Recognition,
): { transcript: Readonly<Record<string, unknown>>; billedDuration: string } {
  const durationMs = Math.round(recognition.durationSeconds * 1000);
  const utterances = recognition.utterances ?? [
    { speaker: 'sandbox', startMs: 0, endMs: durationMs, text: unknownText },
  ];
  const { languageCodes, features } = request.config;
  const mode = features?.multiChannelMode ?? 0;
  const isSplit = mode === 1 || mode === 'SEPARATE_RECOGNITION_PER_CHANNEL';
  const speakers = [...new Set(utterances.map((utterance) => utterance.speaker))];
  const languageCode = languageCodes[0]?.toLowerCase();
  const results: Readonly<Record<string, unknown>>[] = utterances.map((utterance) => ({
    alternatives: [{ transcript: utterance.text, confidence: 0.9, words: toWords(utterance) }],
    ...(isSplit ? { channelTag: toChannel(speakers.indexOf(utterance.speaker)) } : {}),
    resultEndOffset: toDuration(utterance.endMs),
    languageCode,
  }));
  if (features?.diarizationConfig && !isSplit && utterances.length > 0) {
    const words = utterances.flatMap((utterance) => {
      const speakerLabel = String(speakers.indexOf(utterance.speaker) + 1);
      return toWords(utterance).map((word) => ({ ...word, speakerLabel }));
    });
    const resultEndOffset = toDuration(utterances.at(-1)?.endMs ?? 0);
    results.push({ alternatives: [{ words }], resultEndOffset, languageCode });
  }
  // Every recognised channel is billed, in whole seconds.
  const billedSeconds = Math.ceil(recognition.durationSeconds) * (isSplit ? 2 : 1);
  return {
    transcript: results.length === 0 ? {} : { results },
    billedDuration: `${billedSeconds}s`,
  };
}

/** Two channels: whoever is not the first speaker is on the other side of the line. */
function toChannel(speakerIndex: number): number {
  return speakerIndex === 0 ? 1 : 2;
}

/** An utterance has no word times, so its words share its time evenly. */
function toWords(utterance: Utterance): Word[] {
  const texts = utterance.text.split(/\s+/).filter((text) => text !== '');
  const stepMs = (utterance.endMs - utterance.startMs) / texts.length;
  return texts.map((word, index) => {
    const startMs = Math.round(utterance.startMs + index * stepMs);
    const endMs = Math.round(utterance.startMs + (index + 1) * stepMs);
    return {
      ...(startMs === 0 ? {} : { startOffset: toDuration(startMs) }),
      endOffset: toDuration(endMs),
      word,
    };
  });
}

function toDuration(ms: number): string {
  return `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}s`;
}
