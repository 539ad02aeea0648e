import { ImportError } from '../../core/errors.ts';
import type { FetchedCall } from '../../core/imports/import-context.ts';
import type {
  CallMetadata,
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { findByName } from '../../kit/find-by-name.ts';
import { addByEmail, toListedCall, toPerson } from '../../kit/listed-call.ts';
import { toMediaSource } from '../../kit/recording-note.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import type {
  FirefliesDetails,
  FirefliesLinks,
  FirefliesMeeting,
  FirefliesRecording,
} from './fireflies.schema.ts';

/** Maps a listed transcript. */
export function toSourceCall(meeting: FirefliesMeeting): SourceCall {
  const { duration } = meeting;
  return toListedCall({
    id: meeting.id,
    title: meeting.title,
    // `date` is rounded, so that it may lie minutes before the meeting.
    startedAt: meeting.dateString ?? meeting.date,
    durationSeconds: typeof duration === 'number' ? Math.round(duration * 60_000) / 1000 : null,
    participants: toParticipants(meeting),
    sourceUrl: meeting.transcript_url,
  });
}

/** Those whom Fireflies describes, then those of whom it has only an address. */
function toParticipants(meeting: FirefliesMeeting): SourceParticipant[] {
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
    ...guests.map((name) => toPerson({ id: name, name, attended: true })),
  ];
  const summary = details.summary?.overview ?? null;
  return { ...listed, metadata: { ...metadata, participants, summary } };
}

/** Maps what was said, by participants where their names join; null where nothing is there. */
export function toTranscript(
  listed: SourceCall,
  details: FirefliesDetails,
): SourceTranscript | null {
  const sentences = details.sentences ?? [];
  if (sentences.length === 0) return null;
  const names = new Map((details.speakers ?? []).map(({ id, name }) => [String(id), name ?? null]));
  const spoken = sentences.map((sentence) => {
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
  return toSourceTranscript(spoken, { language: null, listed, original: details });
}

/** Nothing was said, or it was too short: Fireflies has finished, and there will be no transcript. */
export function isUntranscribed({ sentences, meeting_info: info }: FirefliesDetails): boolean {
  const isOver = info?.silent_meeting === true || info?.summary_status !== 'processing';
  return Array.isArray(sentences) && sentences.length === 0 && isOver;
}

/** As documented; links that say when they expire were seen to last 60 hours. */
const linkLifetimeMs = 24 * 3_600_000;

/** The recording that links lead to; null where Fireflies may not have finished it. */
export function toRecording(links: FirefliesLinks, now: Date): FirefliesRecording | null {
  const { video_url: video, audio_url: audio } = links;
  const url = video ?? audio ?? null;
  const aDayMs = now.getTime() + linkLifetimeMs;
  if (url === null) {
    const isFinished = links.meeting_info?.summary_status !== 'processing';
    return isFinished ? { kind: 'none', url, untilMs: aDayMs } : null;
  }
  const seconds = URL.parse(url)?.searchParams.get('Expires') ?? '';
  const untilMs = /^\d{9,11}$/.test(seconds) ? Number(seconds) * 1000 : aDayMs;
  return { kind: typeof video === 'string' ? 'video' : 'audio', url, untilMs };
}

/** @throws `contract` for a link that had expired when it was given: Fireflies says that it renews them */
export function requireFresh(recording: FirefliesRecording, now: Date): FirefliesRecording {
  if (recording.untilMs > now.getTime()) return recording;
  throw new ImportError({
    kind: 'contract',
    source: 'fireflies',
    retryable: true,
    publicMessage:
      'Fireflies.ai answered /graphql with a link to the recording that had expired (data.transcript.audio_url).',
  });
}

const contentTypes = { audio: 'audio/mpeg', video: 'video/mp4', none: null } as const;

/** What a recording adds to a call: where it is, and its kind. */
export function toFetched(metadata: CallMetadata, recording: FirefliesRecording): FetchedCall {
  const { kind, url } = recording;
  return {
    metadata: { ...metadata, mediaKind: kind },
    media: toMediaSource(url, contentTypes[kind]),
  };
}
