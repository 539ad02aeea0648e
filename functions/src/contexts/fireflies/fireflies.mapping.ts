import type { z } from 'zod';
import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { findByName } from '../../kit/find-by-name.ts';
import type { Finding, KnownCall, Recording } from '../../kit/known-call.ts';
import { addByEmail, toListedCall, toPerson, toText } from '../../kit/listed-call.ts';
import { recordMapper } from '../../kit/records.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import { FirefliesMeeting } from './fireflies.schema.ts';
import type { FirefliesDetails, FirefliesLinks } from './fireflies.schema.ts';

/** Maps the transcripts of a page, which are of meetings. */
export const toCalls = recordMapper({
  at: 'transcripts',
  schema: FirefliesMeeting,
  toCall: (meeting) =>
    toListedCall({
      id: meeting.id,
      title: meeting.title,
      // `date` is rounded, so that it may lie minutes before the meeting.
      startedAt: meeting.dateString ?? meeting.date,
      durationSeconds: toSeconds(meeting.duration),
      participants: toParticipants(meeting),
      sourceUrl: meeting.transcript_url,
    }),
});

/** Whole milliseconds. */
function toSeconds(minutes: number | null | undefined): number | null {
  return typeof minutes === 'number' ? Math.round(minutes * 60_000) / 1000 : null;
}

/** Those whom Fireflies describes, then those of whom it has only an address. */
function toParticipants(meeting: z.output<typeof FirefliesMeeting>): SourceParticipant[] {
  const attendees = (meeting.meeting_attendees ?? []).flatMap((attendee) => {
    const { email, phoneNumber: phone } = attendee ?? {};
    const name = attendee?.displayName ?? attendee?.name;
    const id = email ?? name ?? phone;
    return typeof id === 'string' ? [toPerson({ id, name, email, phone })] : [];
  });
  const described = new Map(attendees.map((person) => [person.id, person]));
  const addresses = [meeting.organizer_email, ...(meeting.participants ?? [])];
  const others = addresses.map((email) => toPerson({ id: email, email }));
  return addByEmail([...described.values()], others);
}

/** A name that Fireflies made up for a voice. */
const anonymous = /^speaker \d+$/i;

/** Adds what only the details tell: what was said, the summary, who came, and who spoke uninvited. */
export function addDetails(listed: SourceCall, details: FirefliesDetails): KnownCall {
  const { metadata } = listed;
  const names = [...(details.speakers ?? []), ...(details.meeting_attendance ?? [])].flatMap(
    (person) => toText(person?.name) ?? [],
  );
  const came = new Set(names.map((name) => findByName(metadata.participants, name)?.id ?? name));
  const known = metadata.participants.map((person) =>
    came.delete(person.id ?? '') ? { ...person, attended: true } : person,
  );
  const guests = [...came]
    .filter((name) => !anonymous.test(name))
    .map((name) => toPerson({ id: name, name, attended: true }));
  const summary = details.summary?.overview ?? null;
  return {
    ...listed,
    metadata: { ...metadata, participants: [...known, ...guests], summary },
    transcript: toTranscript(details, listed),
  };
}

/** Maps what was said, by participants where their names join. */
export function toTranscript(
  details: FirefliesDetails,
  listed: SourceCall,
): Finding<SourceTranscript> {
  const { sentences, meeting_info: info } = details;
  if (sentences?.length === 0) {
    // Nothing was said, or it was too short, and Fireflies has finished.
    const isOver = info?.silent_meeting === true || info?.summary_status !== 'processing';
    return isOver ? 'none' : null;
  }
  const names = new Map((details.speakers ?? []).map(({ id, name }) => [String(id), name]));
  const spoken = sentences?.map((sentence) => {
    const key = String(sentence.speaker_id ?? '');
    const speakerName = sentence.speaker_name ?? names.get(key) ?? null;
    return {
      speakerId: speakerName === null ? `Speaker ${key}`.trim() : null,
      speakerName,
      startMs: Number(sentence.start_time) * 1000,
      endMs: Number(sentence.end_time) * 1000,
      text: sentence.text,
    };
  });
  return spoken ? toSourceTranscript(spoken, { listed, original: details }) : null;
}

/** The video where there is one; null while Fireflies may not have finished it. */
export function toRecording(links: FirefliesLinks): Finding<Recording> {
  const { video_url: video, audio_url: audio, meeting_info: info } = links;
  if (typeof video === 'string') return { url: video, kind: 'video', contentType: 'video/mp4' };
  if (typeof audio === 'string') return { url: audio, kind: 'audio', contentType: 'audio/mpeg' };
  return info?.summary_status === 'processing' ? null : 'none';
}
