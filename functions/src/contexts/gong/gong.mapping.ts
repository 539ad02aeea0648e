import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { toLanguage } from '../../kit/language.ts';
import { toListedCall, toPerson } from '../../kit/listed-call.ts';
import { oneOf } from '../../kit/one-of.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import type { Toolkit } from '../context.ts';
import type { GongCall, GongCredentials, GongParty, GongTranscript } from './gong.schema.ts';
import { GongHint } from './gong.schema.ts';

const linkLifetimeMs = 8 * 3_600_000;

/** Maps a listed call; its hint is what saves asking for its recording's link and its transcript again. */
export function toSourceCall(
  call: GongCall,
  { clock, isSettling }: Pick<Toolkit<GongCredentials>, 'clock' | 'isSettling'>,
): SourceCall {
  const { metaData, parties, content } = call;
  const listed = toListedCall({
    id: metaData.id,
    title: metaData.title,
    startedAt: metaData.started,
    durationSeconds: metaData.duration,
    participants: parties?.map(toParticipant),
    sourceUrl: metaData.url,
    direction: oneOf(metaData.direction, ['inbound', 'outbound']),
    mediaKind: oneOf(metaData.media, ['audio', 'video']),
    summary: content?.brief,
  });
  const url = toMediaUrl(call);
  const isNotYet = url === null && isSettling(listed);
  const untilMs = clock.now().getTime() + linkLifetimeMs;
  return {
    ...listed,
    hint: GongHint.write({
      recording: isNotYet ? null : { url, untilMs },
      language: toLanguage(metaData.language),
    }),
  };
}

/** The recording's link: the video where there is one. */
export function toMediaUrl({ media }: GongCall): string | null {
  return media?.videoUrl ?? media?.audioUrl ?? null;
}

/** Who spoke is known by the speaker's id, which transcripts use; the others by that of the party. */
function toParticipant(party: GongParty): SourceParticipant {
  const isUser = typeof party.userId === 'string';
  return toPerson({
    id: party.speakerId ?? party.id,
    name: party.name,
    email: party.emailAddress,
    phone: party.phoneNumber,
    role: oneOf(party.affiliation, ['internal', 'external']) ?? (isUser ? 'internal' : null),
    attended: party.methods?.includes('Attendee'),
  });
}

/** Maps a transcript, a segment for each sentence. */
export function toTranscript(original: GongTranscript, listed: SourceCall): SourceTranscript {
  const spoken = original.transcript.flatMap(({ speakerId, sentences }) =>
    sentences.map(({ start, end, text }) => ({ speakerId, startMs: start, endMs: end, text })),
  );
  const { language } = GongHint.read(listed);
  return toSourceTranscript(spoken, { language, listed, original });
}
