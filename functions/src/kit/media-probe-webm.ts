import { asciiAt, damaged, viewOf } from './media-probe-reader.ts';
import type { BoundedReader } from './media-probe-reader.ts';

const segmentId = 0x18538067;
const infoId = 0x1549a966;
const tracksId = 0x1654ae6b;
const trackEntryId = 0xae;
const trackTypeId = 0x83;
const codecId = 0x86;
const audioId = 0xe1;
const channelsId = 0x9f;
const samplingFrequencyId = 0xb5;
const clusterId = 0x1f43b675;
const timestampScaleId = 0x2ad7b1;
const durationId = 0x4489;
const timestampId = 0xe7;
const simpleBlockId = 0xa3;
const blockGroupId = 0xa0;
const blockId = 0xa1;

/** Elements before the first cluster; real files have about six. */
const maxHeadElements = 64;
/** The largest of them that is read; real ones take some kilobytes. */
const maxHeadElementBytes = 256 * 1024;
/** Browsers may begin a new cluster only at a key frame, many megabytes apart. */
const tailSizes = [256 * 1024, 4 * 1024 * 1024, 16 * 1024 * 1024];
const maxClusterCandidates = 64;
const maxClusterElements = 200_000;

interface EbmlElement {
  readonly id: number;
  readonly start: number;
  /** Null where the writer did not know, as in a live stream. */
  readonly sizeBytes: number | null;
}

export interface WebmFacts {
  readonly durationSeconds: number | null;
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
  readonly channelCount: number | null;
  readonly sampleRate: number | null;
}

/**
 * Reads the head of a WebM or Matroska file, and its end when the head has no duration, as in what
 * a browser's MediaRecorder writes; `durationSeconds` is null when the end does not say either.
 * @throws `bad_request` when the file is cut off or has no cluster
 * @see https://www.rfc-editor.org/rfc/rfc9559 and https://www.rfc-editor.org/rfc/rfc8794
 */
export async function readWebm(reader: BoundedReader): Promise<WebmFacts> {
  const segment = await readSegment(reader);
  let info = { ticksPerSecond: 1000, durationTicks: 0 };
  let tracks = parseTracks(new Uint8Array(0));
  let position = segment.start;
  for (let count = 0; count < maxHeadElements; count += 1) {
    const element = await readElement(reader, position);
    if (element === null) break;
    if (element.id === clusterId) {
      const isTimed = info.durationTicks > 0;
      const ticks = isTimed ? info.durationTicks : await readEndTicks(reader);
      return { ...tracks, durationSeconds: ticks === null ? null : ticks / info.ticksPerSecond };
    }
    if (element.sizeBytes === null) break;
    const end = element.start + element.sizeBytes;
    if (element.id === infoId || element.id === tracksId) {
      if (element.sizeBytes > maxHeadElementBytes) throw damaged('its header is absurdly large');
      const content = await reader.read(element.start, end);
      if (element.id === infoId) info = parseInfo(content);
      else tracks = parseTracks(content);
    }
    position = end;
  }
  throw damaged('it contains no recording after its header');
}

async function readSegment(reader: BoundedReader): Promise<EbmlElement> {
  const header = await readElement(reader, 0);
  if (header?.sizeBytes == null) throw damaged('its header is cut off');
  const segment = await readElement(reader, header.start + header.sizeBytes);
  if (segment?.id !== segmentId) throw damaged('its header is cut off');
  const endBytes = segment.start + (segment.sizeBytes ?? 0);
  if (endBytes > reader.sizeBytes) {
    throw damaged(`it ends after ${reader.sizeBytes} of ${endBytes} bytes`);
  }
  return segment;
}

async function readElement(reader: BoundedReader, position: number): Promise<EbmlElement | null> {
  const bytes = await reader.read(position, position + 12);
  const element = parseElement(bytes, 0);
  return element === null ? null : { ...element, start: position + element.start };
}

/** Null where no element header stands at `offset`. */
function parseElement(bytes: Uint8Array, offset: number): EbmlElement | null {
  const idBytes = Math.clz32((bytes[offset] ?? 0) << 24) + 1;
  const sizeOffset = offset + idBytes;
  const sizeBytes = Math.clz32((bytes[sizeOffset] ?? 0) << 24) + 1;
  const start = sizeOffset + sizeBytes;
  if (idBytes > 4 || sizeBytes > 8 || start > bytes.length) return null;
  const id = unsigned(bytes.subarray(offset, sizeOffset));
  const size = unsigned(bytes.subarray(sizeOffset, start), 0xff >>> sizeBytes);
  // All ones; a double cannot hold that of eight bytes exactly and rounds it up.
  const isUnknown = size >= 2 ** (7 * sizeBytes) - 1;
  return { id, start, sizeBytes: isUnknown ? null : size };
}

/** Big-endian; `firstMask` takes the length marker out of the first byte before it costs precision. */
function unsigned(bytes: Uint8Array, firstMask = 0xff): number {
  return bytes.reduce(
    (value, byte, index) => value * 256 + (index === 0 ? byte & firstMask : byte),
    0,
  );
}

function parseInfo(bytes: Uint8Array) {
  let ticksPerSecond = 1000;
  let durationTicks = 0;
  for (const { id, content } of elementsIn(bytes)) {
    if (id === timestampScaleId) ticksPerSecond = 1e9 / Math.max(1, unsigned(content));
    if (id === durationId) durationTicks = float(content);
  }
  return { ticksPerSecond, durationTicks };
}

function parseTracks(bytes: Uint8Array) {
  let hasVideo = false;
  let audio: { channelCount: number; sampleRate: number } | null = null;
  for (const entry of elementsIn(bytes)) {
    if (entry.id !== trackEntryId) continue;
    let type = 0;
    let isOpus = false;
    // What the format says holds where the writer said nothing.
    let sound = { channelCount: 1, sampleRate: 8000 };
    for (const { id, content } of elementsIn(entry.content)) {
      if (id === trackTypeId) type = unsigned(content);
      if (id === codecId) isOpus = asciiAt(content, 0, 6) === 'A_OPUS';
      if (id === audioId) sound = parseSound(content);
    }
    if (type === 1) hasVideo = true;
    // Opus decodes to 48,000 a second; the header has the rate of what was recorded.
    if (type === 2) audio ??= isOpus ? { ...sound, sampleRate: 48_000 } : sound;
  }
  const { channelCount, sampleRate } = audio ?? { channelCount: null, sampleRate: null };
  return { hasVideo, hasAudio: audio !== null, channelCount, sampleRate };
}

function parseSound(bytes: Uint8Array) {
  const sound = { channelCount: 1, sampleRate: 8000 };
  for (const { id, content } of elementsIn(bytes)) {
    if (id === channelsId) sound.channelCount = unsigned(content);
    if (id === samplingFrequencyId) sound.sampleRate = float(content);
  }
  return sound;
}

function* elementsIn(bytes: Uint8Array): Generator<{ id: number; content: Uint8Array }> {
  for (let offset = 0; ;) {
    const element = parseElement(bytes, offset);
    if (element?.sizeBytes == null) return;
    const end = element.start + element.sizeBytes;
    yield { id: element.id, content: bytes.subarray(element.start, end) };
    offset = end;
  }
}

/** Of 4 or 8 bytes; 0 for what is no finite number. */
function float(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  const value = bytes.length === 8 ? view.getFloat64(0) : view.getFloat32(0);
  return Number.isFinite(value) && value > 0 ? value : 0;
}

async function readEndTicks(reader: BoundedReader): Promise<number | null> {
  for (const tailBytes of tailSizes) {
    const start = Math.max(0, reader.sizeBytes - tailBytes);
    const endTicks = findEndTicks(Buffer.from(await reader.read(start, reader.sizeBytes)));
    if (endTicks !== null || start === 0) return endTicks;
  }
  return null;
}

/** Where the last cluster with sound or picture ends; null when no such cluster begins in `bytes`. */
function findEndTicks(bytes: Buffer): number | null {
  const pattern = Buffer.from([0x1f, 0x43, 0xb6, 0x75]);
  let offset = bytes.lastIndexOf(pattern);
  for (let count = 0; count < maxClusterCandidates && offset !== -1; count += 1) {
    const endTicks = clusterEndTicks(bytes, offset);
    if (endTicks !== null) return endTicks;
    offset = offset === 0 ? -1 : bytes.lastIndexOf(pattern, offset - 1);
  }
  return null;
}

function clusterEndTicks(bytes: Uint8Array, clusterOffset: number): number | null {
  const cluster = parseElement(bytes, clusterOffset);
  let clusterTicks: number | null = null;
  let endTicks: number | null = null;
  const lastTicks = new Map<number, number>();
  let offset = cluster?.start ?? bytes.length;
  for (let count = 0; count < maxClusterElements; count += 1) {
    const element = parseElement(bytes, offset);
    if (element?.sizeBytes == null || element.id === clusterId) break;
    const end = element.start + element.sizeBytes;
    if (element.id === timestampId) clusterTicks = unsigned(bytes.subarray(element.start, end));
    const block = findBlock(bytes, element);
    if (block !== null && clusterTicks !== null) {
      const ticks = clusterTicks + block.ticks;
      // The last block lasts as long as the one before it in its track did.
      const step = Math.max(0, ticks - (lastTicks.get(block.track) ?? ticks));
      lastTicks.set(block.track, ticks);
      endTicks = Math.max(endTicks ?? 0, ticks + step);
    }
    // A block group is entered by `findBlock`; everything else is stepped over.
    offset = end;
  }
  return endTicks;
}

function findBlock(bytes: Uint8Array, element: EbmlElement) {
  let content = element.start;
  if (element.id === blockGroupId) {
    const first = parseElement(bytes, element.start);
    if (first?.id !== blockId) return null;
    content = first.start;
  } else if (element.id !== simpleBlockId) {
    return null;
  }
  const trackBytes = Math.clz32((bytes[content] ?? 0) << 24) + 1;
  if (content + trackBytes + 2 > bytes.length) return null;
  const track = unsigned(bytes.subarray(content, content + trackBytes), 0xff >>> trackBytes);
  return { track, ticks: viewOf(bytes).getInt16(content + trackBytes) };
}
