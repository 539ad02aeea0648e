import { asciiAt, damaged, viewOf } from './media-probe-reader.ts';
import type { BoundedReader } from './media-probe-reader.ts';

/** Kilobits per second of MPEG layer III by the header's index: version 1, then versions 2 and 2.5. */
const bitRates = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
const sampleRates = [44_100, 48_000, 32_000] as const;

/** Evenly spread places that are looked at; a few frames each. */
const windowCount = 24;
const windowBytes = 4096;

interface Mp3Frame {
  readonly bitRate: number;
  readonly sampleRate: number;
  readonly samples: number;
  readonly sizeBytes: number;
  readonly isMono: boolean;
  readonly isVersion1: boolean;
}

export interface Mp3Survey {
  /** Every frame looked at has the same bit rate, so that size and rate give the duration. */
  readonly isConstantBitRate: boolean;
  /** Size over mean bit rate: exact for a constant one, else an estimate. */
  readonly estimatedSeconds: number;
  /** From the Xing or Info header, null without one. */
  readonly declaredSeconds: number | null;
}

/**
 * Looks at the first frame and at frames all over an MP3 file, without reading all of it.
 * @throws `bad_request` when the file has lost its end, or is not MP3 throughout
 * @see http://www.mp3-tech.org/programmer/frame_header.html and the Xing header that LAME writes
 */
export async function surveyMp3(reader: BoundedReader): Promise<Mp3Survey> {
  const audioStart = await skipId3(reader);
  const first = await findFrame(reader, audioStart);
  if (first === null) throw damaged('it contains no MP3 frame');
  const declaredSeconds = await readXingSeconds(reader, first);
  const bytes = reader.sizeBytes - first.position;
  const rates: number[] = [];
  let readableWindows = 0;
  for (let index = 0; index < windowCount; index += 1) {
    const start = first.position + Math.floor((bytes * index) / windowCount);
    const window = await reader.read(start, start + windowBytes);
    const found = frameRates(window);
    if (found.length > 0 || window.length < windowBytes) readableWindows += 1;
    rates.push(...found);
  }
  if (readableWindows * 2 < windowCount || rates.length === 0) {
    throw damaged('most of it is not MP3 sound');
  }
  const meanRate = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  return {
    isConstantBitRate: rates.every((rate) => rate === rates[0]),
    estimatedSeconds: (bytes * 8) / meanRate,
    declaredSeconds,
  };
}

/** Tags before the sound can be megabytes of cover art; there may be several. */
async function skipId3(reader: BoundedReader): Promise<number> {
  let position = 0;
  for (let count = 0; count < 16; count += 1) {
    const header = await reader.read(position, position + 10);
    if (header.length < 10 || asciiAt(header, 0, 3) !== 'ID3') break;
    const sizeBytes = header.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 127), 0);
    position += 10 + sizeBytes;
  }
  return position;
}

async function findFrame(reader: BoundedReader, start: number) {
  const bytes = await reader.read(start, start + 2 * windowBytes);
  for (let offset = 0; offset + 4 <= bytes.length; offset += 1) {
    const frame = parseFrame(bytes, offset);
    if (frame !== null) return { ...frame, position: start + offset };
  }
  return null;
}

/** Bit rates of the frames in a window that begins anywhere; a frame counts once another follows it. */
function frameRates(bytes: Uint8Array): number[] {
  const rates: number[] = [];
  let offset = 0;
  while (offset + 4 <= bytes.length) {
    const frame = parseFrame(bytes, offset);
    const next = frame === null ? null : parseFrame(bytes, offset + frame.sizeBytes);
    if (frame === null || next === null || next.sampleRate !== frame.sampleRate) {
      offset += 1;
    } else {
      rates.push(frame.bitRate);
      offset += frame.sizeBytes;
    }
  }
  return rates;
}

/** Null where no layer III frame header stands at `offset`. */
function parseFrame(bytes: Uint8Array, offset: number): Mp3Frame | null {
  if (offset + 4 > bytes.length) return null;
  const word = viewOf(bytes).getUint32(offset);
  const version = (word >>> 19) & 3;
  const isLayer3 = ((word >>> 17) & 3) === 1;
  if (word >>> 21 !== 0x7ff || version === 1 || !isLayer3) return null;
  const isVersion1 = version === 3;
  const bitRate = (bitRates[isVersion1 ? 0 : 1][(word >>> 12) & 15] ?? 0) * 1000;
  const fullRate = sampleRates[(word >>> 10) & 3];
  if (bitRate === 0 || fullRate === undefined) return null;
  const sampleRate = version === 3 ? fullRate : version === 2 ? fullRate / 2 : fullRate / 4;
  const samples = isVersion1 ? 1152 : 576;
  const padding = (word >>> 9) & 1;
  const sizeBytes = Math.floor(((samples / 8) * bitRate) / sampleRate) + padding;
  return { bitRate, sampleRate, samples, sizeBytes, isVersion1, isMono: ((word >>> 6) & 3) === 3 };
}

async function readXingSeconds(
  reader: BoundedReader,
  first: Mp3Frame & { readonly position: number },
): Promise<number | null> {
  const sideInfoBytes = first.isVersion1 ? (first.isMono ? 17 : 32) : first.isMono ? 9 : 17;
  const start = first.position + 4 + sideInfoBytes;
  const header = await reader.read(start, start + 16);
  if (header.length < 16 || !['Xing', 'Info'].includes(asciiAt(header, 0))) return null;
  const view = viewOf(header);
  const flags = view.getUint32(4);
  const hasFrames = (flags & 1) !== 0;
  const hasBytes = (flags & 2) !== 0;
  if (hasBytes) requireBytes(view.getUint32(hasFrames ? 12 : 8), reader.sizeBytes - first.position);
  return hasFrames ? (view.getUint32(8) * first.samples) / first.sampleRate : null;
}

/** Editors cut and add a few frames or tags and leave the header; a lost end is more than that. */
function requireBytes(declaredBytes: number, availableBytes: number): void {
  if (availableBytes < declaredBytes * 0.98 - 1024) {
    throw damaged(`it ends after ${availableBytes} of ${declaredBytes} bytes of sound`);
  }
}
