import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { sandboxClips } from './audio/clips.ts';
import type { SandboxClip } from './audio/clips.ts';

/** The recording of one call: a clip, perhaps repeated, and a tag that makes it this call's own. */
export interface SandboxMedia {
  readonly clip: SandboxClip;
  readonly repeats: number;
  readonly tag: Uint8Array;
  readonly sizeBytes: number;
}

/** The clips that calls are given: all of them, or the mp3s alone where a size is asked for. */
export function usableClips(mediaBytes: number | null): readonly SandboxClip[] {
  if (mediaBytes === null) return sandboxClips;
  return sandboxClips.filter((clip) => clip.contentType === 'audio/mpeg');
}

/** How often a clip is repeated to make about `mediaBytes`. */
export function repeatsOf(clip: SandboxClip, mediaBytes: number | null): number {
  return mediaBytes === null ? 1 : Math.max(1, Math.round(mediaBytes / clip.sizeBytes));
}

/** Makes each call's bytes different from every other's, legally for the file's format. */
export function createMedia(options: {
  clip: SandboxClip;
  mediaBytes: number | null;
  callId: string;
}): SandboxMedia {
  const { clip } = options;
  const tag = toTag(clip.contentType, toMark(options.callId));
  const repeats = repeatsOf(clip, options.mediaBytes);
  return { clip, repeats, tag, sizeBytes: clip.sizeBytes * repeats + tag.length };
}

/** The bytes `start` to `end` (exclusive), in pieces no longer than the clip. */
export function* readMedia(media: SandboxMedia, start: number, end: number): Generator<Uint8Array> {
  const clipBytes = readClipFor(media);
  const tagStart = clipBytes.length * media.repeats;
  for (let at = start; at < Math.min(end, tagStart);) {
    const from = at % clipBytes.length;
    const piece = clipBytes.subarray(from, from + Math.min(end, tagStart) - at);
    yield piece;
    at += piece.length;
  }
  if (end > tagStart) yield media.tag.subarray(Math.max(0, start - tagStart), end - tagStart);
}

/** Hashes the common part once for each clip, so that the truth of 100,000 calls is cheap to say. */
export function createMediaHasher(): (media: SandboxMedia) => string {
  const untagged = new Map<string, Hash>();
  return (media) => {
    const key = `${media.clip.file} ${media.repeats}`;
    let hash = untagged.get(key);
    if (hash === undefined) {
      hash = createHash('sha256');
      const end = media.sizeBytes - media.tag.length;
      for (const piece of readMedia(media, 0, end)) hash.update(piece);
      untagged.set(key, hash);
    }
    return hash.copy().update(media.tag).digest('hex');
  };
}

const markBytes = 64;

/** The call's id where it fits into the tag, else the id's hash. */
function toMark(callId: string): Buffer {
  const fits = callId.length <= markBytes && /^[\x20-\x7e]+$/.test(callId);
  const mark = Buffer.alloc(markBytes);
  mark.write(fits ? callId : createHash('sha256').update(callId).digest('hex'), 'latin1');
  return mark;
}

function toTag(contentType: string, mark: Buffer): Buffer {
  switch (contentType) {
    case 'audio/mpeg':
      return toId3v1(mark);
    case 'audio/wav':
      return toListChunk(mark);
    default:
      return toFreeBox(mark);
  }
}

/** Title and artist hold 30 bytes each, the comment the rest. @see https://id3.org/ID3v1 */
function toId3v1(mark: Buffer): Buffer {
  const tag = Buffer.alloc(128);
  tag.write('TAG', 'latin1');
  mark.copy(tag, 3, 0, 60);
  mark.copy(tag, 97, 60);
  return tag;
}

const listChunkBytes = 20 + markBytes;

/** A RIFF LIST chunk of type INFO with one comment, which players show and decoders skip. */
function toListChunk(mark: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.write('LIST', 0, 'latin1');
  header.writeUInt32LE(listChunkBytes - 8, 4);
  header.write('INFOICMT', 8, 'latin1');
  header.writeUInt32LE(markBytes, 16);
  return Buffer.concat([header, mark]);
}

/** A top-level `free` box, whose content readers skip. @see ISO/IEC 14496-12, section 8.1.2 */
function toFreeBox(mark: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + markBytes, 0);
  header.write('free', 4, 'latin1');
  return Buffer.concat([header, mark]);
}

const patchedWavs = new WeakMap<SandboxClip, Uint8Array>();

/** A WAV file's first size field counts the appended chunk too; every other format stays as it is. */
function readClipFor({ clip }: SandboxMedia): Uint8Array {
  if (clip.contentType !== 'audio/wav') return clip.readBytes();
  let patched = patchedWavs.get(clip);
  if (patched === undefined) {
    const bytes = Buffer.from(clip.readBytes());
    bytes.writeUInt32LE(bytes.length - 8 + listChunkBytes, 4);
    patched = bytes;
    patchedWavs.set(clip, patched);
  }
  return patched;
}
