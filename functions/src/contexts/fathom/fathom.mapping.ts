import type {
  SourceCall,
  SourceParticipant,
  SourceTranscript,
} from '../../core/imports/source-call.ts';
import { toSourceTranscript } from '../../kit/transcript.ts';
import type { FathomLine, FathomMeeting, FathomNote } from './fathom.schema.ts';
import { FathomHint } from './fathom.schema.ts';

/**
 * Maps a listed meeting. One that ended before `settledBefore` and came without a transcript has none;
 * null: transcripts were not asked for.
 */
export function toSourceCall(
  meeting: FathomMeeting,
  { settledBefore }: { readonly settledBefore: Date | null },
): SourceCall {
  const { recording_start_time: start, recording_end_time: end } = meeting;
  const endedMs = Date.parse(end ?? start ?? '');
  const isSettled = settledBefore !== null && endedMs < settledBefore.getTime();
  const note: FathomNote = {
    language: meeting.transcript_language ?? null,
    hasNoTranscript: isSettled && (meeting.transcript ?? []).length === 0,
    downloadId: null,
  };
  return {
    sourceCallId: meeting.recording_id,
    metadata: {
      title: meeting.title ?? meeting.meeting_title ?? null,
      startedAt: typeof start === 'string' ? new Date(start) : null,
      durationSeconds: toDurationSeconds(start, end),
      participants: toParticipants(meeting),
      sourceUrl: meeting.url ?? meeting.share_url ?? null,
      direction: null,
      // Video or sound alone: the download will tell.
      mediaKind: null,
      summary: meeting.default_summary?.markdown_formatted ?? null,
    },
    hint: FathomHint.write(note),
  };
}

/** What we noted of a meeting, or what is true of one that we know nothing of. */
export function toNote(call: SourceCall): FathomNote {
  return FathomHint.read(call) ?? { language: null, hasNoTranscript: false, downloadId: null };
}

function toDurationSeconds(
  start: string | null | undefined,
  end: string | null | undefined,
): number | null {
  if (typeof start !== 'string' || typeof end !== 'string') return null;
  const seconds = (Date.parse(end) - Date.parse(start)) / 1000;
  return seconds >= 0 ? seconds : null;
}

/** Who was invited, and who recorded; that somebody came is known of those who spoke. */
function toParticipants({
  calendar_invitees: invitees,
  recorded_by: recorder,
}: FathomMeeting): SourceParticipant[] {
  const people = (invitees ?? []).map((invitee): SourceParticipant => {
    const { name, email, is_external: isExternal, matched_speaker_display_name: spoke } = invitee;
    return {
      id: email ?? spoke ?? null,
      name: name ?? spoke ?? null,
      ...{ email: email ?? null, phone: null },
      role: typeof isExternal === 'boolean' ? (isExternal ? 'external' : 'internal') : 'unknown',
      attended: typeof spoke === 'string' ? true : null,
    };
  });
  const { name = null, email = null } = recorder ?? {};
  const isKnown = people.some((person) => person.email === email);
  if (email === null || isKnown) return people;
  return [...people, { id: email, name, email, phone: null, role: 'internal', attended: null }];
}

/**
 * Maps a transcript of lines that have a start only: each lasts until the next one, the last until the
 * recording ends. Speakers are joined to participants by the address that Fathom matched, or by name.
 */
export function toTranscript(
  lines: readonly FathomLine[],
  { listed, original }: { readonly listed: SourceCall; readonly original: unknown },
): SourceTranscript {
  const { participants, durationSeconds } = listed.metadata;
  const starts = lines.map(({ timestamp }) => toMs(timestamp));
  const spoken = lines.map(({ speaker, text }, index) => {
    const startMs = starts[index] ?? 0;
    const name = speaker.display_name ?? null;
    const named = participants.find((person) => name !== null && person.name === name);
    return {
      speakerId: speaker.matched_calendar_invitee_email ?? named?.id ?? name,
      startMs,
      endMs: starts[index + 1] ?? (durationSeconds ?? 0) * 1000,
      text,
    };
  });
  return toSourceTranscript(spoken, { language: toNote(listed).language, listed, original });
}

/** `01:05:32` as milliseconds. */
function toMs(timestamp: string): number {
  const seconds = timestamp.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return seconds * 1000;
}
