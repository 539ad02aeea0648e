import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { toLanguage } from '../../kit/language.ts';
import { oneOf } from '../../kit/one-of.ts';
import { isSettling } from '../../kit/settling.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import type { GongCall, GongTranscript } from './gong.schema.ts';
import { GongHint } from './gong.schema.ts';

const hourMs = 3_600_000;
/** Parties, recordings and transcripts appear up to about a day after the call. */
export const settlingMs = 24 * hourMs;
const linkLifetimeMs = 8 * hourMs;

/** Maps a listed call; its hint is what saves asking for its recording's link and its transcript again. */
export function toSourceCall(
  call: GongCall,
  listing: { readonly listedAt: Date; readonly includePrivate?: boolean | undefined },
): SourceCall {
  const { metaData, parties, content } = call;
  const listed = {
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
  };
  const url = toMediaUrl(call);
  const isNotYet = url === null && isSettling(listed, { now: listing.listedAt, settlingMs });
  const untilMs = listing.listedAt.getTime() + linkLifetimeMs;
  return {
    ...listed,
    hint: GongHint.write({
      recording: isNotYet ? null : { url, untilMs },
      language: toLanguage(metaData.language),
      hasNoTranscript: false,
    }),
    ...(metaData.isPrivate === true && listing.includePrivate !== true && { skip: 'filtered' }),
  };
}

/** The recording's link: the video where there is one. */
export function toMediaUrl({ media }: GongCall): string | null {
  return media?.videoUrl ?? media?.audioUrl ?? null;
}

/** Who spoke is known by the speaker's id, which transcripts use; the others by that of the party. */
function toParticipant(party: NonNullable<GongCall['parties']>[number]): SourceParticipant {
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

/** Maps a transcript, a segment for each sentence. */
export function toTranscript(original: GongTranscript, listed: SourceCall): SourceTranscript {
  const spoken = original.transcript.flatMap(({ speakerId = null, sentences }) =>
    sentences.map(({ start, end, text }) => ({ speakerId, startMs: start, endMs: end, text })),
  );
  const language = GongHint.read(listed)?.language ?? null;
  return toSourceTranscript(spoken, { language, listed, original });
}
