import { ImportError } from '../../core/errors.ts';
import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import type { Recording } from '../../kit/known-call.ts';
import { addByEmail, toListedCall, toPerson, toText } from '../../kit/listed-call.ts';
import { recordMapper } from '../../kit/records.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import { parseWebVtt } from '../../kit/webvtt.ts';
import { ZohoRecording } from './zoho-meeting.schema.ts';
import type { ZohoAttendee, ZohoLinks, ZohoSession } from './zoho-meeting.schema.ts';

/** Only such a recording can be downloaded. */
export const uploaded = 'UPLOADED';

/** Maps the recordings of a page, with the links that save asking for them again. */
export const toCalls = recordMapper({
  at: 'recordings',
  idField: 'erecordingId',
  schema: ZohoRecording,
  toCall: (recording) => {
    const transcriptUrl = toTranscriptUrl(recording);
    return toListedCall({
      // A recording alone can't be asked for: only those of a meeting.
      id: `${recording.meetingKey}:${recording.erecordingId}`,
      title: recording.topic,
      startedAt: recording.startTimeinMs,
      durationSeconds: typeof recording.duration === 'number' ? recording.duration / 1000 : null,
      sourceUrl: recording.shareUrl,
      mediaKind: 'video',
      recording: recording.status === uploaded ? toRecording(recording) : undefined,
      transcript: transcriptUrl === null ? toMissingTranscript(recording) : undefined,
      note: transcriptUrl,
      // Nothing was said that could be heard.
      skip: recording.noAudioRecording === true ? 'filtered' : null,
    });
  },
});

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

/** Where an uploaded recording is. */
export function toRecording({ downloadUrl }: ZohoLinks): Recording | 'none' {
  const url = toText(downloadUrl);
  return url === null ? 'none' : { url, contentType: 'video/mp4' };
}

/** A link to a transcript is there before the transcript is: the flag decides. */
export function toTranscriptUrl(links: ZohoLinks): string | null {
  return links.isTranscriptGenerated === true ? toText(links.transcriptionDownloadUrl) : null;
}

/** Where there is none, none is to come that was not asked for before the meeting. */
export function toMissingTranscript({ isTranscriptionEnabled }: ZohoLinks): 'none' | null {
  return isTranscriptionEnabled === false ? 'none' : null;
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

/** Maps a transcript's file; of a format other than WebVTT nothing is documented. */
export function toTranscript(file: string, listed: SourceCall): SourceTranscript | 'none' {
  const cues = parseWebVtt(file) ?? [];
  if (cues.length === 0) return 'none';
  const spoken = cues.map(({ speaker, ...cue }) => ({ ...cue, speakerName: speaker }));
  return toSourceTranscript(spoken, { listed, original: { webvtt: file } });
}
