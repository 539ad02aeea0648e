import { asciiAt, damaged, viewOf } from './media-probe-reader.ts';
import type { BoundedReader } from './media-probe-reader.ts';

/** Far more than the largest frame that encoders make, so that the last frame's header is inside. */
const tailBytes = 256 * 1024;

interface FlacFrame {
  readonly startSample: number;
  readonly endSample: number;
}

/**
 * Seconds of sound in a FLAC file: the header's count of samples checked against the last frame,
 * or the last frame alone where a stream was saved without a count; null when neither says.
 * @throws `bad_request` when the file ends before the sound that its header declares
 * @see https://www.rfc-editor.org/rfc/rfc9639.html sections 8.2 and 9.1
 */
export async function readFlacDuration(reader: BoundedReader): Promise<number | null> {
  const marker = await findMarker(reader);
  const info = await reader.read(marker, marker + 42);
  if (info.length < 42) throw damaged('its header is cut off');
  const view = viewOf(info);
  const blockSamples = view.getUint16(8 + 2);
  const packed = view.getBigUint64(8 + 10);
  const sampleRate = Number(packed >> 44n);
  const totalSamples = Number(packed & 0xf_ffff_ffffn);
  if (sampleRate === 0) throw damaged('its header has no sample rate');

  const tailStart = Math.max(marker + 42, reader.sizeBytes - tailBytes);
  const frames = findFrames(await reader.read(tailStart, reader.sizeBytes), blockSamples);
  if (totalSamples === 0) {
    const lastSample = lastLinkedSample(frames);
    return lastSample === null ? null : lastSample / sampleRate;
  }
  const presentSamples = frames.reduce(
    (last, { endSample }) => (endSample <= totalSamples ? Math.max(last, endSample) : last),
    0,
  );
  if (presentSamples + 2 * blockSamples < totalSamples) {
    throw damaged(`it ends before the ${toSeconds(totalSamples, sampleRate)} that it declares`);
  }
  return totalSamples / sampleRate;
}

function toSeconds(samples: number, sampleRate: number): string {
  return `${(samples / sampleRate).toFixed(1)} seconds`;
}

async function findMarker(reader: BoundedReader): Promise<number> {
  let position = 0;
  for (let count = 0; count < 16; count += 1) {
    const header = await reader.read(position, position + 10);
    if (header.length < 10 || asciiAt(header, 0, 3) !== 'ID3') break;
    position += 10 + header.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 127), 0);
  }
  if (asciiAt(await reader.read(position, position + 4), 0) !== 'fLaC') {
    throw damaged('its header is missing');
  }
  return position;
}

function findFrames(bytes: Uint8Array, blockSamples: number): FlacFrame[] {
  const frames: FlacFrame[] = [];
  for (let offset = bytes.indexOf(0xff); offset !== -1; offset = bytes.indexOf(0xff, offset + 1)) {
    const frame = parseFrame(bytes.subarray(offset, offset + 16), blockSamples);
    if (frame !== null) frames.push(frame);
  }
  return frames;
}

/** Chance resemblances to a frame header link to no other frame; the first frame needs no other. */
function lastLinkedSample(frames: readonly FlacFrame[]): number | null {
  const ends = new Set(frames.map((frame) => frame.endSample));
  const linked = frames.filter((frame) => frame.startSample === 0 || ends.has(frame.startSample));
  return linked.length === 0 ? null : Math.max(...linked.map((frame) => frame.endSample));
}

/** Null unless a frame header with a right CRC-8 begins `bytes`. */
function parseFrame(bytes: Uint8Array, blockSamples: number): FlacFrame | null {
  const [, sync = 0, codes = 0, channels = 0] = bytes;
  if ((sync & 0xfe) !== 0xf8 || (channels & 1) !== 0 || (codes & 15) === 15) return null;
  const number = parseCodedNumber(bytes, 4);
  if (number === null) return null;
  const blockCode = codes >>> 4;
  const blockBytes = blockCode === 6 ? 1 : blockCode === 7 ? 2 : 0;
  const rateCode = codes & 15;
  const rateBytes = rateCode === 12 ? 1 : rateCode === 13 || rateCode === 14 ? 2 : 0;
  const crcOffset = number.end + blockBytes + rateBytes;
  if (crcOffset >= bytes.length) return null;
  if (crc8(bytes.subarray(0, crcOffset)) !== bytes[crcOffset]) return null;
  const samples = samplesOf(blockCode, bytes.subarray(number.end));
  if (samples === null) return null;
  const isVariable = (sync & 1) === 1;
  const startSample = isVariable ? number.value : number.value * blockSamples;
  return { startSample, endSample: startSample + samples };
}

function samplesOf(blockCode: number, rest: Uint8Array): number | null {
  const [high = 0, low = 0] = rest;
  if (blockCode === 0) return null;
  if (blockCode === 1) return 192;
  if (blockCode <= 5) return 576 << (blockCode - 2);
  if (blockCode === 6) return high + 1;
  if (blockCode === 7) return high * 256 + low + 1;
  return 256 << (blockCode - 8);
}

/** The frame or sample number, coded as UTF-8 codes characters, up to seven bytes. */
function parseCodedNumber(bytes: Uint8Array, start: number): { value: number; end: number } | null {
  const first = bytes[start] ?? 0xff;
  if (first < 0x80) return { value: first, end: start + 1 };
  const length = Math.clz32(~(first << 24));
  if (length < 2 || length > 7) return null;
  let value = first & (0x7f >>> length);
  for (const byte of bytes.subarray(start + 1, start + length)) {
    if ((byte & 0xc0) !== 0x80) return null;
    value = value * 64 + (byte & 0x3f);
  }
  return { value, end: start + length };
}

function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80 ? ((crc << 1) ^ 7) & 0xff : crc << 1;
  }
  return crc;
}
