import { asciiAt, viewOf } from './media-probe-reader.ts';
import type { BoundedReader } from './media-probe-reader.ts';

/** Boxes side by side that are looked at; real files have about five, and a track for each stream. */
const maxBoxes = 64;

export interface Mp4Box {
  readonly type: string;
  readonly start: number;
  /** Where it says that it ends, which may lie after the end of the file. */
  readonly end: number;
}

/** What `moov` says of the parts of a fragmented recording. */
export interface Mp4Movie {
  readonly seconds: number;
  /** The whole length of a fragmented recording, where the writer went back to say it. */
  readonly fragmentedSeconds: number | null;
  readonly isFragmented: boolean;
  readonly ticksPerSecond: ReadonlyMap<number, number>;
  readonly defaultSampleTicks: ReadonlyMap<number, number>;
}

/** The boxes between two positions, at most `maxBoxes`; ends where something else than a box begins. */
export async function* boxesIn(
  reader: BoundedReader,
  range: { readonly start: number; readonly end: number },
): AsyncGenerator<Mp4Box> {
  let position = range.start;
  for (let count = 0; count < maxBoxes && position + 8 <= range.end; count += 1) {
    const header = await reader.read(position, position + 16);
    const box = parseBox(header, { offset: 0, position, parentEnd: range.end });
    if (box === null) return;
    yield box;
    position = box.end;
  }
}

/** The box at `offset` of `bytes`, which lies at `position` in the file; null where there is none. */
export function parseBox(
  bytes: Uint8Array,
  at: { readonly offset: number; readonly position: number; readonly parentEnd: number },
): Mp4Box | null {
  if (at.offset + 8 > bytes.length) return null;
  const view = viewOf(bytes);
  const type = asciiAt(bytes, at.offset + 4);
  const shortSize = view.getUint32(at.offset);
  if (shortSize === 0) return { type, start: at.position + 8, end: at.parentEnd };
  if (shortSize >= 8) return { type, start: at.position + 8, end: at.position + shortSize };
  if (shortSize !== 1 || at.offset + 16 > bytes.length) return null;
  const longSize = Number(view.getBigUint64(at.offset + 8));
  if (longSize < 16) return null;
  return { type, start: at.position + 16, end: at.position + longSize };
}
