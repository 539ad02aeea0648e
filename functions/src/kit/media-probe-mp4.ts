import { boxesIn } from './media-probe-mp4-boxes.ts';
import type { Mp4Box, Mp4Movie } from './media-probe-mp4-boxes.ts';
import { readLastFragmentEnd } from './media-probe-mp4-fragments.ts';
import { damaged, viewOf } from './media-probe-reader.ts';
import type { BoundedReader } from './media-probe-reader.ts';

/**
 * Seconds of an MP4, M4A or QuickTime file, from its movie header, or from the last fragment of a
 * fragmented one; null when neither says. @throws `bad_request` when the movie header is missing
 * or the file ends before a part that it declares
 * @see https://www.iso.org/standard/83102.html (ISO/IEC 14496-12) sections 4.2 and 8
 */
export async function readMp4Duration(reader: BoundedReader): Promise<number | null> {
  let movie: Mp4Movie | null = null;
  for await (const box of boxesIn(reader, { start: 0, end: reader.sizeBytes })) {
    if (box.end > reader.sizeBytes) {
      throw damaged(`it ends after ${reader.sizeBytes} of ${box.end} bytes`);
    }
    if (box.type === 'moov') movie = await readMovie(reader, box);
    // Thousands of fragments may follow, each a read: the last one is looked for from the end.
    if (movie?.isFragmented) break;
  }
  if (movie === null) {
    throw damaged('its table of contents (moov) is missing, as when a recorder was not stopped');
  }
  if (!movie.isFragmented) return movie.seconds > 0 ? movie.seconds : null;
  const seconds =
    movie.fragmentedSeconds ?? Math.max(movie.seconds, await readLastFragmentEnd(reader, movie));
  return seconds > 0 ? seconds : null;
}

async function readMovie(reader: BoundedReader, moov: Mp4Box): Promise<Mp4Movie> {
  const ticksPerSecond = new Map<number, number>();
  const defaultSampleTicks = new Map<number, number>();
  let movieHeader = { ticksPerSecond: 0, ticks: 0 };
  let trackSeconds = 0;
  let fragmentedTicks: number | null = null;
  let isFragmented = false;
  for await (const box of boxesIn(reader, moov)) {
    if (box.type === 'mvhd') movieHeader = await readTimes(reader, box);
    if (box.type === 'trak') {
      const track = await readTrack(reader, box);
      ticksPerSecond.set(track.id, track.ticksPerSecond);
      if (track.ticksPerSecond > 0) {
        trackSeconds = Math.max(trackSeconds, track.ticks / track.ticksPerSecond);
      }
    }
    if (box.type !== 'mvex') continue;
    isFragmented = true;
    for await (const child of boxesIn(reader, box)) {
      const view = viewOf(await reader.read(child.start, child.start + 24));
      if (child.type === 'trex') defaultSampleTicks.set(view.getUint32(4), view.getUint32(12));
      if (child.type === 'mehd') fragmentedTicks = readTicks(view, 4);
    }
  }
  const { ticksPerSecond: scale, ticks } = movieHeader;
  return {
    seconds: scale > 0 && ticks > 0 ? ticks / scale : trackSeconds,
    fragmentedSeconds: fragmentedTicks && scale > 0 ? fragmentedTicks / scale : null,
    isFragmented,
    ticksPerSecond,
    defaultSampleTicks,
  };
}

async function readTrack(reader: BoundedReader, trak: Mp4Box) {
  let id = 0;
  let times = { ticksPerSecond: 0, ticks: 0 };
  for await (const box of boxesIn(reader, trak)) {
    if (box.type === 'tkhd') {
      const view = viewOf(await reader.read(box.start, box.start + 24));
      id = view.getUint32(view.getUint8(0) === 1 ? 20 : 12);
    }
    if (box.type !== 'mdia') continue;
    for await (const child of boxesIn(reader, box)) {
      if (child.type === 'mdhd') times = await readTimes(reader, child);
    }
  }
  return { id, ...times };
}

/** `mvhd` and `mdhd` begin alike: version, two dates, time scale, duration. */
async function readTimes(reader: BoundedReader, box: Mp4Box) {
  const view = viewOf(await reader.read(box.start, box.start + 32));
  const offset = view.getUint8(0) === 1 ? 20 : 12;
  return { ticksPerSecond: view.getUint32(offset), ticks: readTicks(view, offset + 4) };
}

/** All ones says that the writer did not know, which is 0 here. */
function readTicks(view: DataView, offset: number): number {
  if (view.getUint8(0) === 1) {
    const ticks = view.getBigUint64(offset);
    return ticks === 0xffff_ffff_ffff_ffffn ? 0 : Number(ticks);
  }
  const ticks = view.getUint32(offset);
  return ticks === 0xffff_ffff ? 0 : ticks;
}
