import { asciiAt, damaged, viewOf } from './media-probe-reader.ts';
import type { BoundedReader } from './media-probe-reader.ts';

/** One for each stream stands at the start of the file; a recording has one or two. */
const maxStreams = 8;
/** Two of the largest pages, so that the last page's header is inside. */
const tailBytes = 2 * (27 + 255 + 255 * 255);

interface OggStream {
  readonly serialNumber: number;
  readonly samplesPerSecond: number;
  /** Samples that a decoder throws away at the start. */
  readonly preSkipSamples: number;
}

/**
 * Seconds of sound in an Ogg file with Vorbis or Opus, from the last page's position; null when the
 * end of the file has no page of that stream. @throws `bad_request` when no such stream begins it
 * @see https://www.rfc-editor.org/rfc/rfc3533 section 6, https://www.rfc-editor.org/rfc/rfc7845
 */
export async function readOggDuration(reader: BoundedReader): Promise<number | null> {
  const stream = await findAudioStream(reader);
  const tailStart = Math.max(0, reader.sizeBytes - tailBytes);
  const tail = Buffer.from(await reader.read(tailStart, reader.sizeBytes));
  for (
    let offset = tail.lastIndexOf('OggS');
    offset !== -1;
    offset = offset === 0 ? -1 : tail.lastIndexOf('OggS', offset - 1)
  ) {
    if (offset + 27 > tail.length) continue;
    const granule = tail.readBigInt64LE(offset + 6);
    // -1: no packet ends on this page.
    if (tail.readUInt32LE(offset + 14) !== stream.serialNumber || granule < 0n) continue;
    const samples = Math.max(0, Number(granule) - stream.preSkipSamples);
    if (samples === 0) throw damaged('it contains no sound');
    return samples / stream.samplesPerSecond;
  }
  return null;
}

async function findAudioStream(reader: BoundedReader): Promise<OggStream> {
  let position = 0;
  for (let count = 0; count < maxStreams; count += 1) {
    const page = await reader.read(position, position + 27 + 255 + 64);
    const isFirstOfStream = page.length >= 28 && (viewOf(page).getUint8(5) & 2) !== 0;
    if (asciiAt(page, 0) !== 'OggS' || !isFirstOfStream) break;
    const segments = viewOf(page).getUint8(26);
    const stream = parseStream(page.subarray(27 + segments), viewOf(page).getUint32(14, true));
    if (stream !== null) return stream;
    const dataBytes = page.subarray(27, 27 + segments).reduce((sum, byte) => sum + byte, 0);
    position += 27 + segments + dataBytes;
  }
  throw damaged('it contains neither Vorbis nor Opus sound');
}

function parseStream(packet: Uint8Array, serialNumber: number): OggStream | null {
  const view = viewOf(packet);
  if (asciiAt(packet, 0, 7) === '\u0001vorbis') {
    const samplesPerSecond = view.getUint32(12, true);
    if (samplesPerSecond === 0) throw damaged('its header has no sample rate');
    return { serialNumber, samplesPerSecond, preSkipSamples: 0 };
  }
  if (asciiAt(packet, 0, 8) === 'OpusHead') {
    // Opus counts 48,000 a second whatever the rate of what was recorded.
    return { serialNumber, samplesPerSecond: 48_000, preSkipSamples: view.getUint16(10, true) };
  }
  return null;
}
