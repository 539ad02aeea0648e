import { z } from 'zod';
import { ImportError } from '../../core/errors.ts';
import type { CallMetadata, MediaSource } from '../../core/imports/source-call.ts';
import { readHint as parseHint } from '../../kit/hint.ts';
import type { FirefliesLinks } from './fireflies.schema.ts';

/** A recording, or that there is none, for as long as its link lasts; it fits a call's hint. */
const Recording = z.object({
  kind: z.enum(['video', 'audio', 'none']),
  url: z.string().nullable(),
  /** Epoch milliseconds. */
  untilMs: z.number(),
});
export type Recording = z.output<typeof Recording>;

const Note = z.object({ recording: Recording.nullable(), isUntranscribed: z.boolean() });
export type Note = z.output<typeof Note>;

/** As documented; links that say when they expire were seen to last 60 hours. */
const linkLifetimeMs = 24 * 3_600_000;
/** A link that is about to expire may do so before its download begins. */
const marginMs = 10 * 60_000;
const contentTypes = { audio: 'audio/mpeg', video: 'video/mp4' } as const;

/** The recording that links lead to; null where Fireflies may not have finished it. */
export function toRecording(links: FirefliesLinks, now: Date): Recording | null {
  const { video_url: video, audio_url: audio } = links;
  const url = video ?? audio ?? null;
  if (url === null) {
    const isFinished = links.meeting_info?.summary_status !== 'processing';
    return isFinished ? { kind: 'none', url, untilMs: now.getTime() + linkLifetimeMs } : null;
  }
  const seconds = URL.parse(url)?.searchParams.get('Expires') ?? '';
  const untilMs = /^\d{9,11}$/.test(seconds)
    ? Number(seconds) * 1000
    : now.getTime() + linkLifetimeMs;
  return { kind: typeof video === 'string' ? 'video' : 'audio', url, untilMs };
}

/** @throws `contract` for a link that had expired when it was given: Fireflies says that it renews them */
export function requireFresh(recording: Recording, now: Date): Recording {
  if (recording.untilMs > now.getTime()) return recording;
  throw new ImportError({
    kind: 'contract',
    source: 'fireflies',
    retryable: true,
    publicMessage:
      'Fireflies.ai answered /graphql with a link to the recording that had expired (data.transcript.audio_url).',
  });
}

/** What a recording adds to a call: where it is, and its kind. */
export function toFetched(metadata: CallMetadata, { kind, url }: Recording) {
  const contentType = kind === 'none' ? null : contentTypes[kind];
  const media: MediaSource | null = url === null ? null : { kind: 'url', url, contentType };
  return { metadata: { ...metadata, mediaKind: kind }, media };
}

/** Writes a note into a call's hint. */
export function toHint(note: Note): string {
  return JSON.stringify(note);
}

/** Reads a hint as far as it still holds: nothing is lost where it does not. */
export function readHint(hint: string | null | undefined, now: Date): Note {
  const nothing = { recording: null, isUntranscribed: false };
  const { recording, isUntranscribed } = parseHint(hint, Note) ?? nothing;
  const holds = recording !== null && recording.untilMs - marginMs > now.getTime();
  return { recording: holds ? recording : null, isUntranscribed };
}
