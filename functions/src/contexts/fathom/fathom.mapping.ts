import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { addByEmail, toListedCall, toPerson } from '../../kit/listed-call.ts';
import { recordMapper } from '../../kit/records.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import { FathomMeeting, FathomTranscript } from './fathom.schema.ts';

/** Maps the meetings of a page, with their transcripts if these were to be included. */
export const toCalls = ({ hasTranscripts }: { readonly hasTranscripts: boolean }) =>
  recordMapper({
    at: 'items',
    idField: 'recording_id',
    schema: FathomMeeting,
    toCall: (meeting) => {
      const call = toListedCall({
        id: meeting.recording_id,
        title: meeting.title ?? meeting.meeting_title,
        startedAt: meeting.recording_start_time,
        endedAt: meeting.recording_end_time,
        participants: toParticipants(meeting),
        sourceUrl: meeting.url ?? meeting.share_url,
        summary: meeting.default_summary?.markdown_formatted,
        language: meeting.transcript_language,
      });
      if (!hasTranscripts) return call;
      // One that broke our schema is asked for again with its call, and fails there by name.
      const { data } = FathomTranscript.safeParse({ transcript: meeting.transcript ?? [] });
      return { ...call, transcript: data && toTranscript(data, call) };
    },
  });

/** Who was invited, and who recorded; that somebody came is known of those who spoke. */
function toParticipants(meeting: FathomMeeting): SourceParticipant[] {
  const invitees = (meeting.calendar_invitees ?? []).map((invitee) => {
    const { name, email, is_external: isExternal, matched_speaker_display_name: spoke } = invitee;
    return toPerson({
      id: email ?? spoke,
      name: name ?? spoke,
      email,
      role: typeof isExternal === 'boolean' ? (isExternal ? 'external' : 'internal') : null,
      attended: typeof spoke === 'string' ? true : null,
    });
  });
  const { name, email } = meeting.recorded_by ?? {};
  return addByEmail(invitees, [toPerson({ id: email, name, email, role: 'internal' })]);
}

/**
 * Maps a transcript of lines that have a start only: each lasts until the next one, the last until the
 * recording ends. Speakers are joined to participants by the address that Fathom matched, or by name.
 * Null for no lines: whether there is none, or none yet, is not said.
 */
export function toTranscript(
  original: FathomTranscript,
  listed: SourceCall,
): SourceTranscript | null {
  const { transcript: lines } = original;
  if (lines.length === 0) return null;
  const { durationSeconds } = listed.metadata;
  const starts = lines.map(({ timestamp }) => toMs(timestamp));
  const spoken = lines.map(({ speaker, text }, index) => ({
    speakerId: speaker.matched_calendar_invitee_email,
    speakerName: speaker.display_name,
    startMs: starts[index] ?? 0,
    endMs: starts[index + 1] ?? (durationSeconds ?? 0) * 1000,
    text,
  }));
  return toSourceTranscript(spoken, { listed, original });
}

/** `01:05:32` as milliseconds. */
function toMs(timestamp: string): number {
  const seconds = timestamp.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return seconds * 1000;
}
