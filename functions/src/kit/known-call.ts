import { z } from 'zod';
import type { FetchedCall, HydratedCall } from '../core/imports/import-context.ts';
import type { CallMetadata, SourceCall, SourceTranscript } from '../core/imports/source-call.ts';

/** Where a recording is, at the platform or with us, and what it turned out to be. */
export type Recording = ({ readonly url: string } | { readonly key: string }) & {
  readonly kind?: 'audio' | 'video' | null;
  readonly contentType?: string | null;
  readonly durationSeconds?: number | null;
};

/** Null: there is none, or none yet, and the call's age decides; `none`: there never will be one. */
export type Finding<T> = T | 'none' | null;

/** A call with what else an answer said of it; what was not asked for is left out, or undefined. */
export interface KnownCall extends SourceCall {
  readonly recording?: Finding<Recording> | undefined;
  readonly transcript?: Finding<SourceTranscript> | undefined;
}

/** What is kept of a known call until it is fetched, in its hint: it saves asking again. */
const Notes = z.object({
  recording: z
    .union([
      z.literal('none'),
      z.object({
        url: z.string(),
        kind: z.enum(['audio', 'video']).nullable().default(null),
        contentType: z.string().nullable().default(null),
        /** Epoch milliseconds; null where nobody says. */
        untilMs: z.number().nullable(),
      }),
    ])
    .optional(),
  transcript: z.literal('none').optional(),
  /** BCP 47. */
  language: z.string().optional(),
  /** The adapter's own. */
  note: z.string().optional(),
});
type Notes = z.output<typeof Notes>;

/** What was noted; nothing where the hint is missing or can't be read. */
function readNotes({ hint }: Pick<SourceCall, 'hint'>): Notes {
  // Most calls of most platforms.
  if (hint === undefined || hint === null) return {};
  try {
    return Notes.parse(JSON.parse(hint));
  } catch {
    return {};
  }
}

/** The hint with what there is to note besides; undefined for nothing at all. */
export function addNotes(
  call: Pick<SourceCall, 'hint'>,
  added: Partial<Notes>,
): string | undefined {
  const text = JSON.stringify({ ...readNotes(call), ...added });
  return text === '{}' ? undefined : text;
}

/** What the adapter noted of a call: by `toListedCall`, or with the failure of an earlier try. */
export function noteOf(call: SourceCall): string | null {
  return readNotes(call).note ?? null;
}

/** The hint of a call with another note, for the `hint` of a failure. */
export function withNote(call: SourceCall, note: string | null): string {
  return addNotes(call, { note: note ?? undefined }) ?? '{}';
}

/** The language that the listing gave, BCP 47. */
export function languageOf(call: SourceCall): string | null {
  return readNotes(call).language ?? null;
}

/** Whether it is known that there will be no transcript. */
export function hasNoTranscript(call: SourceCall): boolean {
  return readNotes(call).transcript === 'none';
}

/** A link that is about to expire may do so before its download begins. */
const marginMs = 10 * 60_000;

/** The recording that was noted, while its link can be relied on; null: it has to be asked for. */
export function knownRecording(call: SourceCall, now: Date): Recording | 'none' | null {
  const { recording } = readNotes(call);
  if (recording === undefined || recording === 'none') return recording ?? null;
  const { untilMs, ...known } = recording;
  return untilMs === null || untilMs - marginMs > now.getTime() ? known : null;
}

/** A call as the core keeps it: what is known besides goes into the hint, what is missing for good too. */
export function toHydratedCall(
  { recording, transcript, ...call }: KnownCall,
  at: {
    readonly now: Date;
    /** What is missing may still be in the making. */
    readonly isSettling: boolean;
    /** How long links work that don't say so themselves; null where nobody knows. */
    readonly linkLifetimeMs: number | null;
  },
): SourceCall & Partial<HydratedCall> {
  const isMissing = (found: unknown): boolean =>
    found === 'none' || (found === null && !at.isSettling);
  const note = isMissing(recording) ? 'none' : toRecordingNote(recording, at);
  const hint = addNotes(call, {
    ...(note !== null && { recording: note }),
    ...(isMissing(transcript) && { transcript: 'none' }),
  });
  return {
    ...call,
    ...(hint !== undefined && { hint }),
    ...(transcript !== undefined && { transcript: transcript === 'none' ? null : transcript }),
  };
}

/** Only a link's end is worth noting: what lies with us is found anew. */
function toRecordingNote(
  recording: KnownCall['recording'],
  { now, linkLifetimeMs }: { readonly now: Date; readonly linkLifetimeMs: number | null },
): Notes['recording'] | null {
  if (typeof recording !== 'object' || recording === null || !('url' in recording)) return null;
  const { url, kind = null, contentType = null } = recording;
  const lifetimeEndMs = linkLifetimeMs === null ? null : now.getTime() + linkLifetimeMs;
  return { url, kind, contentType, untilMs: toExpiryMs(url) ?? lifetimeEndMs };
}

/**
 * Until when a signed link works, where it says so: by `Expires`, as CloudFront and Cloud Storage do.
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
 */
function toExpiryMs(url: string): number | null {
  const seconds = URL.parse(url)?.searchParams.get('Expires') ?? '';
  return /^\d{9,11}$/.test(seconds) ? Number(seconds) * 1000 : null;
}

/** Whether a recording's link says that it no longer works. */
export function isExpired(recording: Recording, now: Date): boolean {
  const untilMs = 'url' in recording ? toExpiryMs(recording.url) : null;
  return untilMs !== null && untilMs <= now.getTime();
}

/** A call with its recording and what else was learned of it. */
export function toFetchedCall(
  listed: SourceCall,
  recording: Recording | 'none',
  details: Partial<CallMetadata> = {},
): FetchedCall {
  const metadata = { ...listed.metadata, ...details };
  if (recording === 'none') return { metadata: { ...metadata, mediaKind: 'none' }, media: null };
  const { kind = null, contentType = null, durationSeconds = null } = recording;
  return {
    metadata: {
      ...metadata,
      mediaKind: kind ?? metadata.mediaKind,
      durationSeconds: durationSeconds ?? metadata.durationSeconds,
    },
    media:
      'url' in recording
        ? { kind: 'url', url: recording.url, contentType }
        : { kind: 'stored', key: recording.key, contentType },
  };
}
