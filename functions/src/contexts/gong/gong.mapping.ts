import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import type { Recording } from '../../kit/known-call.ts';
import { toLanguage } from '../../kit/language.ts';
import { toListedCall, toPerson } from '../../kit/listed-call.ts';
import { oneOf } from '../../kit/one-of.ts';
import { recordMapper } from '../../kit/records.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import { GongCall } from './gong.schema.ts';
import type { GongFilters, GongParty, GongTranscript } from './gong.schema.ts';

/** Maps the calls of a page; private ones are skipped unless they are asked for. */
export const toCalls = ({ includePrivate = false }: GongFilters) =>
  recordMapper({
    at: 'calls',
    idField: 'metaData.id',
    schema: GongCall,
    toCall: ({ metaData, parties, content, media }) =>
      toListedCall({
        id: metaData.id,
        title: metaData.title,
        startedAt: metaData.started,
        durationSeconds: metaData.duration,
        participants: parties?.map(toParticipant),
        sourceUrl: metaData.url,
        direction: oneOf(metaData.direction, ['inbound', 'outbound']),
        mediaKind: oneOf(metaData.media, ['audio', 'video']),
        summary: content?.brief,
        language: toLanguage(metaData.language),
        recording: toRecording({ media }),
        skip: metaData.isPrivate === true && !includePrivate ? 'filtered' : null,
      }),
  });

/** The video where there is one. */
export function toRecording({ media }: Pick<GongCall, 'media'>): Recording | null {
  const url = media?.videoUrl ?? media?.audioUrl ?? null;
  return url === null ? null : { url };
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
  return toSourceTranscript(spoken, { listed, original });
}
