import { readMedia } from './sandbox-media.ts';
import type { SandboxMedia } from './sandbox-media.ts';

interface DownloadOptions {
  readonly media: SandboxMedia;
  /** A strong validator of these very bytes, quotes included. */
  readonly etag: string;
  readonly headers: Headers;
  /** Between pieces of 4 kB; null sends as fast as the client reads. */
  readonly pauseMs: number | null;
}

/** Bodies up to this size are sent in one piece; longer ones stream, so that memory stays flat. */
const wholeBodyBytes = 1_048_576;
const slowPieceBytes = 4096;

/** Answers a GET of a recording: whole, or the one range that was asked for. */
export function answerDownload(options: DownloadOptions): Response {
  const { media, etag } = options;
  const range = readRange(options);
  const headers = new Headers({
    'content-type': media.clip.contentType,
    'accept-ranges': 'bytes',
    etag,
  });
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${String(media.sizeBytes)}`);
    return new Response(null, { status: 416, headers });
  }
  const { start, end } = range ?? { start: 0, end: media.sizeBytes };
  headers.set('content-length', String(end - start));
  if (range !== null) {
    const last = String(end - 1);
    headers.set('content-range', `bytes ${String(start)}-${last}/${String(media.sizeBytes)}`);
  }
  const status = range === null ? 200 : 206;
  if (options.pauseMs === null && end - start <= wholeBodyBytes) {
    return new Response(Buffer.concat([...readMedia(media, start, end)]), { status, headers });
  }
  const pieces =
    options.pauseMs === null
      ? readMedia(media, start, end)
      : slowly(readMedia(media, start, end), options.pauseMs);
  return new Response(ReadableStream.from(pieces), { status, headers });
}

interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Null: the whole. Several ranges and unknown units are ignored, as the standard allows.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
function readRange({ headers, media, etag }: DownloadOptions): ByteRange | 'unsatisfiable' | null {
  const condition = headers.get('if-range');
  if (condition !== null && condition !== etag) return null;
  const match = /^bytes=(\d*)-(\d*)$/.exec(headers.get('range') ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return null;
  const { sizeBytes } = media;
  if (first === '') {
    const start = Math.max(0, sizeBytes - Number(last));
    return start === sizeBytes ? 'unsatisfiable' : { start, end: sizeBytes };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return null;
  if (start >= sizeBytes) return 'unsatisfiable';
  return { start, end: last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1) };
}

async function* slowly(
  pieces: Iterable<Uint8Array>,
  pauseMs: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += slowPieceBytes) {
      yield piece.subarray(at, at + slowPieceBytes);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
