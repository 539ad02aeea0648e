import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { findByName } from '../../kit/find-by-name.ts';
import type { FirefliesDetails, FirefliesMeeting } from './fireflies.schema.ts';

/** Maps a listed transcript. */
export function toSourceCall(meeting: FirefliesMeeting): SourceCall {
  // `date` is rounded, so that it may lie minutes before the meeting.
  const start = meeting.dateString ?? meeting.date ?? null;
  const { duration } = meeting;
  return {
    sourceCallId: meeting.id,
    metadata: {
      title: meeting.title ?? null,
      startedAt: start === null ? null : new Date(start),
      durationSeconds: typeof duration === 'number' ? Math.round(duration * 60_000) / 1000 : null,
      participants: toParticipants(meeting),
      sourceUrl: meeting.transcript_url ?? null,
      direction: null,
      mediaKind: null,
      summary: null,
    },
  };
}

/** Those whom Fireflies describes, then those of whom it has only an address. */
function toParticipants(meeting: FirefliesMeeting): SourceParticipant[] {
  const people = new Map<string, SourceParticipant>();
  for (const attendee of meeting.meeting_attendees ?? []) {
    const name = attendee?.displayName ?? attendee?.name ?? null;
    const email = attendee?.email ?? null;
    const phone = attendee?.phoneNumber ?? null;
    const id = email ?? name ?? phone;
    if (id !== null) people.set(id, { ...unknownPerson, id, name, email, phone });
  }
  for (const email of [meeting.organizer_email, ...(meeting.participants ?? [])]) {
    if (typeof email === 'string' && email !== '' && !people.has(email)) {
      people.set(email, { ...unknownPerson, id: email, email });
    }
  }
  return [...people.values()];
}

const unknownPerson = {
  ...{ id: null, name: null, email: null, phone: null },
  ...{ role: 'unknown', attended: null },
} as const satisfies SourceParticipant;

/** A name that Fireflies made up for a voice. */
const anonymous = /^speaker \d+$/i;

/** Adds what only the details tell: the summary, who came, and who spoke without an invitation. */
export function addDetails(listed: SourceCall, details: FirefliesDetails): SourceCall {
  const { metadata } = listed;
  const names = [...(details.speakers ?? []), ...(details.meeting_attendance ?? [])].flatMap(
    (person) => (typeof person?.name === 'string' && person.name !== '' ? [person.name] : []),
  );
  const came = new Set(names.map((name) => findByName(metadata.participants, name)?.id ?? name));
  const known = metadata.participants.map((person) =>
    came.delete(person.id ?? '') ? { ...person, attended: true } : person,
  );
  const guests = [...came].filter((name) => !anonymous.test(name));
  const participants = [
    ...known,
    ...guests.map((name) => ({ ...unknownPerson, id: name, name, attended: true })),
  ];
  const summary = details.summary?.overview ?? null;
  return { ...listed, metadata: { ...metadata, participants, summary } };
}

/** Maps what was said, by participants where their names join; null where nothing is there. */
export function toTranscript(
  { metadata: { participants } }: SourceCall,
  details: FirefliesDetails,
): SourceTranscript | null {
  const sentences = details.sentences ?? [];
  if (sentences.length === 0) return null;
  const names = new Map(
    (details.speakers ?? []).map(({ id, name }) => [String(id), name ?? null] as const),
  );
  const speakers = new Map<string, string | null>();
  const segments = sentences.map((sentence) => {
    const key = String(sentence.speaker_id ?? '');
    const name = sentence.speaker_name ?? names.get(key) ?? null;
    const speakerId =
      name === null ? `Speaker ${key}`.trim() : (findByName(participants, name)?.id ?? name);
    if (!speakers.has(speakerId)) speakers.set(speakerId, name);
    const startMs = toMs(sentence.start_time);
    const endMs = Math.max(startMs, toMs(sentence.end_time));
    return { speakerId, startMs, endMs, text: sentence.text ?? '' };
  });
  return {
    transcript: {
      language: null,
      speakers: [...speakers].map(([id, name]) => ({ id, name })),
      segments,
    },
    original: details,
  };
}

function toMs(seconds: number | string): number {
  return Math.max(0, Math.round(Number(seconds) * 1000));
}
