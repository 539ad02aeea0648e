import { asciiAt, damaged, viewOf } from './media-probe-reader.ts';
import type { BoundedReader } from './media-probe-reader.ts';

/** Headers, broadcast metadata and markers before the sound; real files have fewer than ten. */
const maxChunks = 200;

/**
 * Writers that could not know the size (a pipe, a recorder that was still running) leave one of
 * these as the size of `data`: 0, all ones (ffmpeg), 0x7FFFF000 and a little below 2^31 (sox).
 */
function isUnknownSize(sizeBytes: number): boolean {
  return sizeBytes === 0 || sizeBytes === 0xffffffff || sizeBytes >>> 12 === 0x7ffff;
}

/**
 * Seconds of sound in a RIFF or RF64 WAVE file, from its headers. @throws `bad_request` when the
 * file ends before the sound that its header declares
 * @see https://learn.microsoft.com/windows/win32/xaudio2/resource-interchange-file-format--riff-
 */
export async function readWavDuration(reader: BoundedReader): Promise<number> {
  const littleEndian = asciiAt(await reader.read(0, 4), 0) !== 'RIFX';
  let bytesPerSecond: number | null = null;
  let longDataBytes: number | null = null;
  let position = 12;
  for (let count = 0; count < maxChunks && position + 8 <= reader.sizeBytes; count += 1) {
    const header = await reader.read(position, position + 8);
    const id = asciiAt(header, 0);
    const sizeBytes = viewOf(header).getUint32(4, littleEndian);
    const start = position + 8;
    if (id === 'fmt ') {
      const format = viewOf(await reader.read(start, start + 16));
      bytesPerSecond = format.getUint32(4, littleEndian) * format.getUint16(12, littleEndian);
    } else if (id === 'ds64') {
      const sizes = viewOf(await reader.read(start, start + 16));
      longDataBytes = Number(sizes.getBigUint64(8, littleEndian));
    } else if (id === 'data') {
      const availableBytes = reader.sizeBytes - start;
      const dataBytes = declaredBytes({ sizeBytes, longDataBytes, availableBytes });
      if (bytesPerSecond === null || bytesPerSecond === 0) throw damaged('its format is missing');
      if (dataBytes === 0) throw damaged('it contains no sound');
      if (dataBytes > availableBytes) {
        throw damaged(`it ends after ${availableBytes} of ${dataBytes} bytes of sound`);
      }
      return dataBytes / bytesPerSecond;
    }
    position = start + sizeBytes + (sizeBytes % 2);
  }
  throw damaged('it contains no sound');
}

function declaredBytes(sizes: {
  sizeBytes: number;
  longDataBytes: number | null;
  availableBytes: number;
}): number {
  // RF64 keeps the real size in `ds64`, where 0 again means that the writer did not come to fill it.
  const declared = sizes.longDataBytes ?? sizes.sizeBytes;
  return isUnknownSize(declared) ? sizes.availableBytes : declared;
}
