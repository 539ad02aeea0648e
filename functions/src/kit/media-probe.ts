import type { CustomSource, Input, InputFormat } from 'mediabunny';

import { ImportError } from '../core/errors.ts';
import { readFlacDuration } from './media-probe-flac.ts';
import { surveyMp3 } from './media-probe-mp3.ts';
import { readMp4Duration } from './media-probe-mp4.ts';
import { readOggDuration } from './media-probe-ogg.ts';
import { createBoundedReader, damaged } from './media-probe-reader.ts';
import type { BoundedReader, MediaBytes } from './media-probe-reader.ts';
import { readWavDuration } from './media-probe-wav.ts';
import { readWebm } from './media-probe-webm.ts';

/** What a recording is, read from its bytes and never from its name. */
export interface MediaFacts {
  readonly kind: 'audio' | 'video';
  readonly contentType: string;
  /** Without the dot. */
  readonly extension: string;
  /** Null where the file does not say and finding out would mean reading all of it. */
  readonly durationSeconds: number | null;
  /** Of the first sound track; null for a picture without sound. */
  readonly channelCount: number | null;
  /** In hertz; Opus is always 48,000. */
  readonly sampleRate: number | null;
}

/** As told to people whose file was none of these. */
export const supportedMedia = 'MP3, M4A, WAV, FLAC, OGG, MP4, MOV and WebM';

/** For the whole probe; each read has its own, shorter, where it is made. */
const probeTimeoutMs = 60_000;
/** An MP3 of varying bit rate without a header says its duration only to who reads all of it. */
const maxScannedMp3Bytes = 48 * 1024 * 1024;

type Mediabunny = typeof import('mediabunny');

type Tracks = Pick<MediaFacts, 'kind' | 'channelCount' | 'sampleRate'>;

interface Examined {
  readonly durationSeconds: number | null;
  /** Null leaves them to the library. */
  readonly tracks: Tracks | null;
}

interface Container {
  readonly format: InputFormat;
  readonly audio: readonly [contentType: string, extension: string];
  readonly video: readonly [contentType: string, extension: string];
  /** Finds damage and the duration within bounds; runs before the library reads any further. */
  readonly examine: (reader: BoundedReader, library: Mediabunny) => Promise<Examined>;
}

/**
 * Says what a recording is and how long it lasts, by reading its ends and a few places in between:
 * at most 64 MiB of a file of any size, hostile or not. @throws `bad_request` for an empty, unknown,
 * damaged or incomplete file, `timeout`, and whatever `source.read` throws
 */
export async function probeMedia(source: MediaBytes, signal?: AbortSignal): Promise<MediaFacts> {
  if (source.sizeBytes === 0) {
    throw new ImportError({
      kind: 'bad_request',
      source: 'media',
      publicMessage: 'The file is empty. Upload it again.',
    });
  }
  const timeout = AbortSignal.timeout(probeTimeoutMs);
  const reader = createBoundedReader(
    source,
    signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  );
  const library = await import('mediabunny');
  // Its remarks quote the file, whose bytes have no place in our logs.
  library.Logging.level = library.LogLevel.Silent;
  try {
    return await probeContainer(reader, library);
  } catch (error) {
    // The library wraps and swallows what its source throws: the reader remembers the true cause.
    const cause = reader.failure() ?? error;
    if (cause instanceof ImportError) throw cause;
    throw reader.failure() === null ? damaged('its structure cannot be read', cause) : cause;
  }
}

async function probeContainer(reader: BoundedReader, library: Mediabunny): Promise<MediaFacts> {
  const container = await recognise(reader, library);
  const examined = await container.examine(reader, library);
  const tracks =
    examined.tracks ?? (await readTracks({ reader, formats: [container.format] }, library));
  const [contentType, extension] = container[tracks.kind];
  return { ...tracks, contentType, extension, durationSeconds: examined.durationSeconds };
}

async function recognise(reader: BoundedReader, library: Mediabunny): Promise<Container> {
  const containers = listContainers(library);
  const formats = containers.map(({ format }) => format);
  // A file of a few bytes makes the library throw where it should say no.
  const format = await withInput({ reader, formats }, library, (input) =>
    input.getFormat().catch(() => null),
  );
  if (reader.failure() !== null) throw reader.failure();
  const container = containers.find((candidate) => candidate.format === format);
  if (container !== undefined) return container;
  throw new ImportError({
    kind: 'bad_request',
    source: 'media',
    publicMessage: `The file is not a recording of a supported type, whatever its name says. Supported are ${supportedMedia}.`,
  });
}

function listContainers(library: Mediabunny): readonly Container[] {
  const timed =
    (readDuration: (reader: BoundedReader) => Promise<number | null>) =>
    async (reader: BoundedReader): Promise<Examined> => ({
      durationSeconds: await readDuration(reader),
      tracks: null,
    });
  const same = (contentType: string, extension: string) => {
    const type = [contentType, extension] as const;
    return { audio: type, video: type };
  };
  return [
    {
      format: library.MP4,
      audio: ['audio/mp4', 'm4a'],
      video: ['video/mp4', 'mp4'],
      examine: timed(readMp4Duration),
    },
    { format: library.QTFF, ...same('video/quicktime', 'mov'), examine: timed(readMp4Duration) },
    {
      format: library.WEBM,
      audio: ['audio/webm', 'webm'],
      video: ['video/webm', 'webm'],
      examine: examineWebm,
    },
    {
      format: library.MATROSKA,
      audio: ['audio/x-matroska', 'mka'],
      video: ['video/x-matroska', 'mkv'],
      examine: examineWebm,
    },
    { format: library.WAVE, ...same('audio/wav', 'wav'), examine: timed(readWavDuration) },
    { format: library.OGG, ...same('audio/ogg', 'ogg'), examine: timed(readOggDuration) },
    { format: library.FLAC, ...same('audio/flac', 'flac'), examine: timed(readFlacDuration) },
    { format: library.MP3, ...same('audio/mpeg', 'mp3'), examine: examineMp3 },
  ];
}

/**
 * All by ourselves: where a head is followed by junk, the library's search for the next element
 * does not end (mediabunny 1.61.0, `resync` with exactly eight bytes left), and it compares the
 * entries of an index each with each.
 */
async function examineWebm(reader: BoundedReader): Promise<Examined> {
  const { hasVideo, hasAudio, durationSeconds, ...sound } = await readWebm(reader);
  if (!hasVideo && !hasAudio) throw damaged(noTracks);
  return { durationSeconds, tracks: { kind: hasVideo ? 'video' : 'audio', ...sound } };
}

async function examineMp3(reader: BoundedReader, library: Mediabunny): Promise<Examined> {
  const survey = await surveyMp3(reader);
  if (survey.declaredSeconds !== null && survey.declaredSeconds > 0) {
    return { durationSeconds: survey.declaredSeconds, tracks: null };
  }
  if (survey.isConstantBitRate) return { durationSeconds: survey.estimatedSeconds, tracks: null };
  if (reader.sizeBytes > maxScannedMp3Bytes) return { durationSeconds: null, tracks: null };
  const durationSeconds = await withInput({ reader, formats: [library.MP3] }, library, (input) =>
    input.computeDuration(),
  );
  return { durationSeconds, tracks: null };
}

const noTracks = 'it contains neither sound nor picture of a known kind';

interface View {
  readonly reader: BoundedReader;
  readonly formats: InputFormat[];
}

async function readTracks(view: View, library: Mediabunny): Promise<Tracks> {
  return withInput(view, library, async (input) => {
    const [video] = await input.getVideoTracks();
    const [audio] = await input.getAudioTracks();
    if (video === undefined && audio === undefined) {
      throw damaged(noTracks);
    }
    return {
      kind: video === undefined ? 'audio' : 'video',
      channelCount: (await audio?.getNumberOfChannels()) ?? null,
      sampleRate: (await audio?.getSampleRate()) ?? null,
    };
  });
}

async function withInput<T>(
  view: View,
  library: Mediabunny,
  use: (input: Input<CustomSource>) => Promise<T>,
): Promise<T> {
  const source = new library.CustomSource({
    getSize: () => view.reader.sizeBytes,
    read: (start, end) => view.reader.read(start, end),
    // The reader keeps pages already; the library's own look-ahead spares it calls of a few bytes.
    maxCacheSize: 1024 * 1024,
    prefetchProfile: 'fileSystem',
    // The reader remembers the failure of a look-ahead that nobody waits for.
    handleUnhandledError: () => undefined,
  });
  const input = new library.Input({ source, formats: view.formats });
  try {
    return await use(input);
  } finally {
    input.dispose();
  }
}
