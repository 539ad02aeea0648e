import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { readHint } from '../../kit/hint.ts';
import { toLanguage } from '../../kit/language.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import type { GongCall, GongTranscript } from './gong.schema.ts';
import { GongHint } from './gong.schema.ts';

/** Maps a listed call; its hint is what saves asking for its recording's link and its transcript again. */
export function toSourceCall(
  { metaData, parties, content, media }: GongCall,
  listing: { readonly listedAt: Date; readonly includePrivate?: boolean | undefined },
): SourceCall {
  const hint: GongHint = {
    listedAt: listing.listedAt,
    mediaUrl: media?.videoUrl ?? media?.audioUrl ?? null,
    language: toLanguage(metaData.language),
    hasNoTranscript: false,
  };
  return {
    sourceCallId: metaData.id,
    metadata: {
      title: metaData.title ?? null,
      startedAt: new Date(metaData.started),
      durationSeconds: metaData.duration ?? null,
      participants: (parties ?? []).map(toParticipant),
      sourceUrl: metaData.url ?? null,
      direction: oneOf(metaData.direction, ['inbound', 'outbound']),
      mediaKind: oneOf(metaData.media, ['audio', 'video']),
      summary: content?.brief ?? null,
    },
    hint: writeHint(hint),
    ...(metaData.isPrivate === true && listing.includePrivate !== true && { skip: 'filtered' }),
  };
}

/** The note of a listed call as it is stored. */
export function writeHint(hint: GongHint): string {
  return JSON.stringify(hint);
}

/** The note of a listed call; null where there is none that we can read. */
export function readNote({ hint }: SourceCall): GongHint | null {
  return readHint(hint, GongHint);
}

type Party = NonNullable<GongCall['parties']>[number];

/** Who spoke is known by the speaker's id, which transcripts use; the others by that of the party. */
function toParticipant(party: Party): SourceParticipant {
  const isUser = typeof party.userId === 'string';
  return {
    id: party.speakerId ?? party.id ?? null,
    name: party.name ?? null,
    email: party.emailAddress ?? null,
    phone: party.phoneNumber ?? null,
    role: oneOf(party.affiliation, ['internal', 'external']) ?? (isUser ? 'internal' : 'unknown'),
    attended: party.methods?.includes('Attendee') ?? null,
  };
}

/** `Inbound` as `inbound`; null for what Gong does not know or adds later. */
function oneOf<T extends string>(value: string | null | undefined, known: readonly T[]): T | null {
  return known.find((each) => each === value?.toLowerCase()) ?? null;
}

/** Maps a transcript, a segment for each sentence. */
export function toTranscript(original: GongTranscript, listed: SourceCall): SourceTranscript {
  const spoken = original.transcript.flatMap(({ speakerId = null, sentences }) =>
    sentences.map(({ start, end, text }) => ({ speakerId, startMs: start, endMs: end, text })),
  );
  const language = readNote(listed)?.language ?? null;
  return toSourceTranscript(spoken, { language, listed, original });
}
