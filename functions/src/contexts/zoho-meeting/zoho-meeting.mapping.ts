import { ImportError } from '../../core/errors.ts';
import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import { parseWebVtt } from '../../kit/webvtt.ts';
import type { ZohoAttendee, ZohoNote, ZohoRecording, ZohoSession } from './zoho-meeting.schema.ts';
import { ZohoHint } from './zoho-meeting.schema.ts';

/** Only such a recording can be downloaded. */
export const uploaded = 'UPLOADED';

/** Maps a listed recording; its hint saves asking for its links again. */
export function toSourceCall(recording: ZohoRecording): SourceCall {
  const { duration } = recording;
  return {
    // A recording alone can't be asked for: only those of a meeting.
    sourceCallId: `${recording.meetingKey}:${recording.erecordingId}`,
    metadata: {
      title: recording.topic ?? null,
      startedAt: new Date(recording.startTimeinMs),
      durationSeconds: typeof duration === 'number' ? duration / 1000 : null,
      participants: [],
      sourceUrl: recording.shareUrl ?? null,
      direction: null,
      mediaKind: 'video',
      summary: null,
    },
    hint: ZohoHint.write(toNote({ ...recording, state: recording.status ?? null })),
    // Nothing was said that could be heard.
    ...(recording.noAudioRecording === true && { skip: 'filtered' }),
  };
}

/** The two parts of a call's id. @throws `contract` for one that no listing gave */
export function parseId(sourceCallId: string): {
  readonly meetingKey: string;
  readonly recordingId: string;
} {
  const [, meetingKey, recordingId] = /^([^:]+):([\s\S]+)$/.exec(sourceCallId) ?? [];
  if (meetingKey !== undefined && recordingId !== undefined) return { meetingKey, recordingId };
  throw new ImportError({
    kind: 'contract',
    source: 'zoho_meeting',
    publicMessage: 'A Zoho Meeting call is named by meeting and recording: this id is neither.',
  });
}

/** A link to a transcript is there before the transcript is: the flag decides. */
export function toNote(recording: {
  readonly state: string | null;
  readonly downloadUrl?: string | null | undefined;
  readonly transcriptionDownloadUrl?: string | null | undefined;
  readonly isTranscriptGenerated?: boolean | null | undefined;
  readonly isTranscriptionEnabled?: boolean | null | undefined;
}): ZohoNote {
  const isGenerated = recording.isTranscriptGenerated === true;
  return {
    state: recording.state,
    mediaUrl: toText(recording.downloadUrl),
    transcriptUrl: isGenerated ? toText(recording.transcriptionDownloadUrl) : null,
    isUntranscribed: !isGenerated && recording.isTranscriptionEnabled === false,
  };
}

/** Those who came, then those who were invited and did not; the presenter is one of the customer's own. */
export function toParticipants(
  attendees: readonly ZohoAttendee[] | null,
  session: ZohoSession | null,
): SourceParticipant[] {
  const came = (attendees ?? []).map((person) => toPerson(person, { attended: true }));
  const emails = new Set(came.map(({ email }) => email?.toLowerCase()));
  const { presenterName = null, presenterEmail = null } = session ?? {};
  const presenter = { name: presenterName, email: presenterEmail };
  const invited = [presenter, ...(session?.participants ?? [])].filter(({ email }) => {
    const address = email?.toLowerCase();
    if (address === undefined || address === '' || emails.has(address)) return false;
    emails.add(address);
    return true;
  });
  const people = [
    ...came,
    ...invited.map((person) => toPerson(person, { attended: attendees === null ? null : false })),
  ];
  const names = people.map(({ name }) => name);
  return people.map((person) => ({
    ...person,
    // Transcripts know speakers by name alone: one that two people have joins neither.
    id: names.filter((name) => name === person.name).length === 1 ? person.name : null,
    ...(person.email?.toLowerCase() === presenterEmail?.toLowerCase() &&
      person.email !== null && { role: 'internal' as const }),
  }));
}

function toPerson(
  { name, email }: ZohoAttendee,
  { attended }: { readonly attended: boolean | null },
): SourceParticipant {
  return {
    ...{ id: null, phone: null, role: 'unknown', attended },
    ...{ name: toText(name), email: toText(email) },
  };
}

function toText(text: string | null | undefined): string | null {
  return text === null || text === undefined || text === '' ? null : text;
}

/** Maps a transcript's file; null for a format other than WebVTT, of which nothing is documented. */
export function toTranscript(file: string, listed: SourceCall): SourceTranscript | null {
  const cues = parseWebVtt(file);
  if (cues === null || cues.length === 0) return null;
  const spoken = cues.map(({ speaker, ...cue }) => ({
    ...{ ...cue, speakerId: speaker, speakerName: speaker },
  }));
  return toSourceTranscript(spoken, { language: null, listed, original: { webvtt: file } });
}
