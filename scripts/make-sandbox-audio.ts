/**
 * Makes the spoken recordings of the sandboxes and their manifest. The results are committed; run it
 * again only to change them:
 *
 *   apt-get install espeak-ng sox lame ffmpeg
 *   node scripts/make-sandbox-audio.ts
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { audioScripts } from './sandbox-audio-scripts.ts';
import type { AudioScript } from './sandbox-audio-scripts.ts';

const outputFolder = resolve(import.meta.dirname, '../functions/src/contexts/testing/audio');
const gapSeconds = 0.3;
/** At most this many bytes of recordings in the repository. */
const maxTotalBytes = 1_000_000;

interface ManifestClip {
  readonly file: string;
  readonly contentType: string;
  readonly durationSeconds: number;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly utterances: readonly {
    readonly speaker: 0 | 1;
    readonly startMs: number;
    readonly endMs: number;
    readonly text: string;
  }[];
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function measureSeconds(file: string): number {
  return Number(run('soxi', ['-D', file]).trim());
}

/** Speaks one line and cuts the silence around it, so that its measured length is the utterance. */
function speakLine(script: AudioScript, index: number, folder: string): string {
  const line = script.lines[index];
  if (line === undefined) throw new Error(`${script.file} has no line ${index}`);
  const { voice, pitch, wordsPerMinute } = script.voices[line.speaker];
  const spoken = join(folder, `spoken-${index}.wav`);
  const trimmed = join(folder, `line-${index}.wav`);
  run('espeak-ng', [
    ...['-v', voice, '-p', String(pitch), '-s', String(wordsPerMinute)],
    ...['-w', spoken, line.text],
  ]);
  const trim = ['silence', '1', '0.01', '0.5%', 'reverse'];
  // -R and -D (no dither) keep the output the same from run to run.
  run('sox', ['-R', '-D', spoken, trimmed, ...trim, ...trim]);
  return trimmed;
}

/** Lays the lines end to end with a gap between, and says where each came to lie. */
function layLines(script: AudioScript, folder: string) {
  const gap = join(folder, 'gap.wav');
  run('sox', [
    ...['-R', '-D', '-n', '-r', '22050', '-c', '1', '-b', '16', gap],
    ...['trim', '0', String(gapSeconds)],
  ]);
  const parts: string[] = [gap];
  const utterances: ManifestClip['utterances'][number][] = [];
  let atSeconds = measureSeconds(gap);
  for (const [index, line] of script.lines.entries()) {
    const part = speakLine(script, index, folder);
    const endSeconds = atSeconds + measureSeconds(part);
    utterances.push({
      speaker: line.speaker,
      startMs: Math.round(atSeconds * 1000),
      endMs: Math.round(endSeconds * 1000),
      text: line.text,
    });
    parts.push(part, gap);
    atSeconds = endSeconds + measureSeconds(gap);
  }
  const whole = join(folder, 'whole.wav');
  run('sox', ['-R', '-D', ...parts, whole, 'gain', '-n', '-3']);
  return { whole, utterances };
}

/**
 * No Xing header and no ID3v2 tag in the mp3s: with a constant bit rate the file is then nothing but
 * frames of one size, which may be repeated to any length and keep a readable duration.
 */
function encode(script: AudioScript, whole: string, target: string): void {
  const rate = String(script.sampleRateHz);
  const ffmpeg = ['-v', 'error', '-y', '-i', whole, '-map_metadata', '-1', '-fflags', '+bitexact'];
  const aac = ['-c:a', 'aac', '-b:a', '24k', '-ar', rate, '-ac', '1', '-flags:a', '+bitexact'];
  const waves = 'showwaves=s=160x90:r=5:mode=cline:colors=0x66ccff,format=yuv420p';
  switch (script.contentType) {
    case 'audio/mpeg':
      run('lame', [
        ...['--quiet', '-t', '--id3v1-only', '-m', 'm', '--resample', String(+rate / 1000)],
        ...['--cbr', '-b', '24', whole, target],
      ]);
      return;
    case 'audio/wav':
      run('sox', ['-R', '-D', whole, '-b', '16', '-r', rate, target]);
      return;
    case 'audio/mp4':
      run('ffmpeg', [...ffmpeg, ...aac, '-movflags', '+faststart', '-f', 'ipod', target]);
      return;
    case 'video/mp4':
      run('ffmpeg', [
        ...[...ffmpeg, '-filter_complex', `[0:a]${waves}[v]`, '-map', '[v]', '-map', '0:a'],
        ...['-c:v', 'libx264', '-crf', '38', '-preset', 'veryslow', '-threads', '1'],
        ...['-flags:v', '+bitexact', ...aac, '-movflags', '+faststart', target],
      ]);
  }
}

/** Measures what was made, decoding it first where soxi cannot read the container. */
function measureMade(target: string, folder: string): number {
  if (!/\.(mp4|m4a)$/.test(target)) return measureSeconds(target);
  const decoded = join(folder, 'decoded.wav');
  run('ffmpeg', ['-v', 'error', '-y', '-i', target, '-vn', decoded]);
  return measureSeconds(decoded);
}

function makeClip(script: AudioScript): ManifestClip {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-audio-'));
  try {
    const { whole, utterances } = layLines(script, folder);
    const target = join(outputFolder, script.file);
    encode(script, whole, target);
    const bytes = readFileSync(target);
    return {
      file: script.file,
      contentType: script.contentType,
      durationSeconds: Math.round(measureMade(target, folder) * 1000) / 1000,
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      utterances,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const clips = audioScripts.map(makeClip);
const totalBytes = clips.reduce((total, clip) => total + clip.sizeBytes, 0);
if (totalBytes > maxTotalBytes) throw new Error(`The recordings take ${totalBytes} bytes`);
writeFileSync(join(outputFolder, 'manifest.json'), `${JSON.stringify(clips, null, 2)}\n`);
for (const clip of clips) {
  process.stdout.write(`${clip.file}: ${clip.durationSeconds} s, ${clip.sizeBytes} bytes\n`);
}
