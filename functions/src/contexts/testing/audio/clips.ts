import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import manifest from './manifest.json' with { type: 'json' };

/** What one of the two voices of a recording says, and when. */
export interface SpokenUtterance {
  readonly speaker: 0 | 1;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

/** A spoken recording that the sandboxes serve; `scripts/make-sandbox-audio.ts` makes them. */
export interface SandboxClip {
  readonly file: string;
  readonly contentType: string;
  readonly durationSeconds: number;
  readonly sizeBytes: number;
  /** Of the committed file, lower-case hex. */
  readonly sha256: string;
  readonly utterances: readonly SpokenUtterance[];
  /** Read from disk at the first call, then kept. */
  readonly readBytes: () => Uint8Array;
}

/** Every committed recording, in the manifest's order, which sandboxes draw from by index. */
export const sandboxClips: readonly SandboxClip[] = manifest.map((clip) => ({
  ...clip,
  utterances: clip.utterances.map((utterance) => ({
    ...utterance,
    speaker: utterance.speaker === 0 ? 0 : 1,
  })),
  readBytes: once(() => readFileSync(join(import.meta.dirname, clip.file))),
}));

/**
 * Bytes from the start of the file, after any leading tag. Clips begin alike, with headers and 0.3 s
 * of silence; this window reaches into the sound of each.
 */
const fingerprint = { start: 4096, end: 8192 } as const;

/**
 * Recognises a clip by its sound, whatever tags stand before or after it; the first 8 kB of a
 * recording (and of its leading tag) are enough. Null for any other sound.
 */
export function findClip(bytes: Uint8Array): SandboxClip | null {
  const sound = fingerprintOf(bytes.subarray(leadingTagBytes(bytes)));
  if (sound.length < fingerprint.end - fingerprint.start) return null;
  return sandboxClips.find((clip) => fingerprintOf(clip.readBytes()).equals(sound)) ?? null;
}

/** What is said in a sandbox recording; null when it is none of ours. */
export function findSpokenText(bytes: Uint8Array): readonly SpokenUtterance[] | null {
  return findClip(bytes)?.utterances ?? null;
}

function fingerprintOf(bytes: Uint8Array): Buffer {
  const window = bytes.subarray(fingerprint.start, fingerprint.end);
  return Buffer.from(window.buffer, window.byteOffset, window.length);
}

/** @see https://id3.org/id3v2.4.0-structure section 3.1: the size has 7 bits in each of 4 bytes. */
function leadingTagBytes(bytes: Uint8Array): number {
  const header = Buffer.from(bytes.subarray(0, 10));
  if (header.length < 10 || header.toString('latin1', 0, 3) !== 'ID3') return 0;
  return 10 + header.subarray(6).reduce((size, byte) => size * 128 + (byte & 0x7f), 0);
}

function once<T>(read: () => T): () => T {
  let value: { readonly read: T } | undefined;
  return () => (value ??= { read: read() }).read;
}
