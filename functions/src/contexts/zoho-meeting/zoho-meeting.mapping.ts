import { ImportError } from '../../core/errors.ts';
import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { addByEmail, toListedCall, toPerson, toText } from '../../kit/listed-call.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import { parseWebVtt } from '../../kit/webvtt.ts';
import type { ZohoAttendee, ZohoNote, ZohoRecording, ZohoSession } from './zoho-meeting.schema.ts';
import { ZohoHint } from './zoho-meeting.schema.ts';

/** Only such a recording can be downloaded. */
export const uploaded = 'UPLOADED';

/** Maps a listed recording; its hint saves asking for its links again. */
export function toSourceCall(recording: ZohoRecording): SourceCall {
  const { duration } = recording;
  return toListedCall({
    // A recording alone can't be asked for: only those of a meeting.
    id: `${recording.meetingKey}:${recording.erecordingId}`,
    title: recording.topic,
    startedAt: recording.startTimeinMs,
    durationSeconds: typeof duration === 'number' ? duration / 1000 : null,
    sourceUrl: recording.shareUrl,
    mediaKind: 'video',
    hint: ZohoHint.write(toNote({ ...recording, state: recording.status ?? null })),
    // Nothing was said that could be heard.
    skip: recording.noAudioRecording === true ? 'filtered' : null,
  });
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
  const presenter = { name: session?.presenterName, email: session?.presenterEmail };
  const internal = toText(presenter.email)?.toLowerCase();
  const toKnown = (attended: boolean | null) => (person: ZohoAttendee) => {
    const isInternal = internal !== undefined && person.email?.toLowerCase() === internal;
    return toPerson({ ...person, attended, role: isInternal ? 'internal' : null });
  };
  const came = (attendees ?? []).map(toKnown(true));
  const invited = [presenter, ...(session?.participants ?? [])];
  const people = addByEmail(came, invited.map(toKnown(attendees === null ? null : false)));
  // Transcripts know speakers by name alone: one that two people have joins neither.
  const namesakes = Map.groupBy(people, ({ name }) => name);
  return people.map((person) => ({
    ...person,
    id: namesakes.get(person.name)?.length === 1 ? person.name : null,
  }));
}

/** Maps a transcript's file; null for a format other than WebVTT, of which nothing is documented. */
export function toTranscript(file: string, listed: SourceCall): SourceTranscript | null {
  const cues = parseWebVtt(file);
  if (cues === null || cues.length === 0) return null;
  const spoken = cues.map(({ speaker, ...cue }) => ({ ...cue, speakerName: speaker }));
  return toSourceTranscript(spoken, { language: null, listed, original: { webvtt: file } });
}
