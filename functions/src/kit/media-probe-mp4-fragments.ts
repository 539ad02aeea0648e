import { parseBox } from './media-probe-mp4-boxes.ts';
import type { Mp4Box, Mp4Movie } from './media-probe-mp4-boxes.ts';
import { damaged, viewOf } from './media-probe-reader.ts';
import type { BoundedReader } from './media-probe-reader.ts';

const tailSizes = [1024 * 1024, 16 * 1024 * 1024];

interface Tail {
  readonly bytes: Buffer;
  readonly position: number;
  readonly sizeBytes: number;
}

/**
 * Where the last fragments of a fragmented MP4 end, in seconds; 0 when the end of the file has none.
 * @throws `bad_request` when the last fragment is cut off
 */
export async function readLastFragmentEnd(reader: BoundedReader, movie: Mp4Movie): Promise<number> {
  for (const tailBytes of tailSizes) {
    const position = Math.max(0, reader.sizeBytes - tailBytes);
    const bytes = Buffer.from(await reader.read(position, reader.sizeBytes));
    const seconds = lastEndIn({ bytes, position, sizeBytes: reader.sizeBytes }, movie);
    if (seconds > 0 || position === 0) return seconds;
  }
  return 0;
}

/** Tracks may take turns, a fragment for each, so that every fragment of the tail counts. */
function lastEndIn(tail: Tail, movie: Mp4Movie): number {
  let seconds = 0;
  let next = 0;
  for (;;) {
    const found = tail.bytes.indexOf('moof', next);
    if (found === -1) return seconds;
    next = found + 4;
    const moof = boxAt(tail, found - 4, tail.sizeBytes);
    // Every fragment begins with its number: four equal letters in the sound do not.
    if (moof === null || tail.bytes.toString('latin1', found + 8, found + 12) !== 'mfhd') continue;
    const data = boxAt(tail, moof.end - tail.position, tail.sizeBytes);
    if (moof.end > tail.sizeBytes || (data !== null && data.end > tail.sizeBytes)) {
      throw damaged('its last fragment is cut off');
    }
    // On from its end: fragments inside fragments would cost the square of their number.
    next = Math.max(next, moof.end - tail.position);
    for (const traf of childrenOf(tail, moof)) {
      if (traf.type === 'traf') seconds = Math.max(seconds, trackEnd(tail, traf, movie));
    }
  }
}

function boxAt(tail: Tail, offset: number, parentEnd: number): Mp4Box | null {
  if (offset < 0) return null;
  return parseBox(tail.bytes, { offset, position: tail.position + offset, parentEnd });
}

function* childrenOf(tail: Tail, parent: Mp4Box): Generator<Mp4Box> {
  for (let position = parent.start; position + 8 <= parent.end;) {
    const box = boxAt(tail, position - tail.position, parent.end);
    if (box === null || box.end > parent.end) return;
    yield box;
    position = box.end;
  }
}

function trackEnd(tail: Tail, traf: Mp4Box, movie: Mp4Movie): number {
  let trackId = 0;
  let defaultTicks = 0;
  let ticks = 0;
  for (const box of childrenOf(tail, traf)) {
    const view = viewOf(tail.bytes.subarray(box.start - tail.position, box.end - tail.position));
    if (box.type === 'tfhd') {
      trackId = view.getUint32(4);
      defaultTicks = ownSampleTicks(view) ?? movie.defaultSampleTicks.get(trackId) ?? 0;
    }
    if (box.type === 'tfdt') {
      ticks = view.getUint8(0) === 1 ? Number(view.getBigUint64(4)) : view.getUint32(4);
    }
    if (box.type === 'trun') ticks += runTicks(view, defaultTicks);
  }
  const ticksPerSecond = movie.ticksPerSecond.get(trackId) ?? 0;
  return ticksPerSecond > 0 ? ticks / ticksPerSecond : 0;
}

/** The optional fields of `tfhd` stand in the order of their flags: offset, description, duration. */
function ownSampleTicks(view: DataView): number | null {
  const flags = view.getUint32(0) & 0xffffff;
  if ((flags & 8) === 0) return null;
  return view.getUint32(8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0));
}

/** A run without durations of its own is a product, so that a huge count costs nothing. */
function runTicks(view: DataView, defaultTicks: number): number {
  const flags = view.getUint32(0) & 0xffffff;
  const count = view.getUint32(4);
  if ((flags & 0x100) === 0) return count * defaultTicks;
  const start = 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
  const fieldBytes =
    4 + (flags & 0x200 ? 4 : 0) + (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0);
  let ticks = 0;
  // Reading past the box throws, which ends a count that lies.
  for (let index = 0; index < count; index += 1)
    ticks += view.getUint32(start + index * fieldBytes);
  return ticks;
}
