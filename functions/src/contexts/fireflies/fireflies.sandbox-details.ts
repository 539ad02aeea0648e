import { z } from 'zod';
import { sandboxClips } from '../testing/audio/clips.ts';
import type { SandboxMeeting } from './fireflies.sandbox-account.ts';

const Attendees = z
  .array(z.object({ displayName: z.string().nullable().catch(null) }))
  .nullish()
  .catch(null);

/**
 * What is said in the meeting, by its first two attendees; times in seconds. A repeated clip is
 * transcribed once: the benchmarks that repeat it do not compare the text.
 */
export function toSpoken(meeting: SandboxMeeting) {
  const attendees = Attendees.parse(meeting.record['meeting_attendees']) ?? [];
  const speakers = [0, 1].map((id) => {
    const isNameless = id === 1 && meeting.hasNamelessGuest;
    const name = isNameless ? null : (attendees[id]?.displayName ?? null);
    return { id, name: name ?? `Speaker ${String(id + 1)}` };
  });
  // A meeting without a recording needs words too: any clip's will do.
  const spoken = (meeting.clip ?? sandboxClips[0])?.utterances ?? [];
  const sentences = spoken.map(({ speaker, startMs, endMs, text }, index) => ({
    index,
    speaker_id: speaker,
    // Not every sentence has it: the list of speakers does.
    speaker_name: index % 3 === 2 ? null : (speakers[speaker]?.name ?? null),
    text,
    raw_text: text,
    start_time: startMs / 1000,
    end_time: endMs / 1000,
  }));
  return { speakers, sentences };
}
