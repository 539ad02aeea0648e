import type { SourceParticipant, Transcript } from '../imports/source-call.ts';
import { toMergedIds } from './clean-participants.ts';

/**
 * Gives each person of a call one speaker id: somebody who joined twice speaks by the id of the
 * participant that both entries became. The same transcript where nobody did.
 */
export function joinSpeakers(
  transcript: Transcript,
  participants: readonly SourceParticipant[],
): Transcript {
  const merged = toMergedIds(participants);
  if (!transcript.segments.some(({ speakerId }) => merged.has(speakerId))) return transcript;
  const toId = (id: string): string => merged.get(id) ?? id;
  const names = new Map<string, string | null>();
  for (const { id, name } of transcript.speakers) {
    names.set(toId(id), names.get(toId(id)) ?? name);
  }
  return {
    ...transcript,
    speakers: [...names].map(([id, name]) => ({ id, name })),
    segments: transcript.segments.map((segment) => ({
      ...segment,
      speakerId: toId(segment.speakerId),
    })),
  };
}
