import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { toComparableName } from '../../kit/find-by-name.ts';
import { toLanguage } from '../../kit/language.ts';
import { toListedCall, toPerson } from '../../kit/listed-call.ts';
import { recordMapper } from '../../kit/records.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import { ChorusEngagement } from './chorus.schema.ts';
import type { ChorusConversation, ChorusPerson, ChorusUtterance } from './chorus.schema.ts';

/** The note of a call that Chorus had not finished when it was listed. */
export const unfinished = 'unfinished';

const roles = { rep: 'internal', cust: 'external' } as const;

/** Maps the engagements of a page. */
export const toCalls = recordMapper({
  at: 'engagements',
  idField: 'engagement_id',
  schema: ChorusEngagement,
  toCall: ({ processing_state: state, ...engagement }) =>
    toListedCall({
      id: toId(engagement.engagement_id),
      title: engagement.subject,
      startedAt: engagement.date_time * 1000,
      durationSeconds: engagement.duration,
      participants: engagement.participants?.map(toParticipant),
      sourceUrl: engagement.url,
      summary: engagement.meeting_summary,
      note: typeof state === 'string' && state !== 'done' ? unfinished : null,
      // Nobody came, so that nothing was recorded.
      skip: engagement.no_show === true ? 'filtered' : null,
    }),
});

/** 32 hexadecimal digits, in either case; two spellings of an id would be two calls. */
function toId(id: string): string {
  return /^[0-9a-f]{32}$/i.test(id) ? id.toUpperCase() : id;
}

function toParticipant(person: ChorusPerson): SourceParticipant {
  const { name, email, type } = person;
  const role = type === 'rep' || type === 'cust' ? roles[type] : null;
  return toPerson({ id: toPersonId(person), name, email, role });
}

function toPersonId({ person_id: id }: ChorusPerson): string | null {
  return id === null || id === undefined ? null : String(id);
}

/** Maps what was said; null where Chorus has no words. */
export function toTranscript(
  conversation: ChorusConversation,
  listed: SourceCall,
): SourceTranscript | null {
  const { recording, participants } = conversation;
  const utterances = recording?.utterances ?? [];
  if (utterances.length === 0) return null;
  const unitMs = toUnitMs(utterances, recording?.duration ?? listed.metadata.durationSeconds);
  const spoken = utterances.map((utterance) => ({
    speakerId: toSpeakerId(utterance, participants ?? []),
    speakerName: utterance.speaker_name,
    startMs: utterance.snippet_time * unitMs,
    endMs: (utterance.snippet_time + (utterance.snippet_length ?? 0)) * unitMs,
    text: utterance.snippet,
  }));
  const language = toLanguage(conversation.language);
  return toSourceTranscript(spoken, { language, listed, original: conversation });
}

/**
 * Times have no documented unit. Seconds are assumed; words that begin long after the end of the call
 * can only be in milliseconds.
 */
function toUnitMs(utterances: readonly ChorusUtterance[], durationSeconds: number | null): number {
  const last = utterances.reduce((latest, { snippet_time: at }) => Math.max(latest, at), 0);
  return durationSeconds !== null && durationSeconds > 0 && last > 10 * durationSeconds ? 1 : 1000;
}

/** By the place among the participants, where the name agrees. */
function toSpeakerId(
  { participant, speaker_name: name }: ChorusUtterance,
  people: readonly ChorusPerson[],
): string | null {
  const person = typeof participant === 'number' ? people[participant] : undefined;
  const isMeant =
    typeof name !== 'string' || toComparableName(person?.name ?? name) === toComparableName(name);
  return person === undefined || !isMeant ? null : toPersonId(person);
}
