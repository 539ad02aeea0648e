import { z } from 'zod';
import { sandboxClips } from '../testing/audio/clips.ts';
import type { SandboxRecording } from './grain.sandbox-recording.ts';

/** One line of a transcript as Grain sends it; times in milliseconds from the start. */
export interface TranscriptLine {
  readonly participant_id: string | null;
  readonly speaker: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const Speakers = z.array(z.object({ id: z.string(), name: z.string() })).catch([]);

/**
 * What is said in the recording, by its first two participants. A repeated clip is transcribed once:
 * the benchmarks that repeat it do not compare the text.
 */
export function toTranscript(recording: SandboxRecording): readonly TranscriptLine[] {
  const speakers = Speakers.parse(recording.record['participants']);
  // A call without media needs words too: any clip's will do.
  const spoken = (recording.clip ?? sandboxClips[0])?.utterances ?? [];
  return spoken.map(({ speaker, startMs, endMs, text }) => {
    const person = speakers[speaker];
    const isNameless = speaker === 1 && recording.hasNamelessGuest;
    return {
      participant_id: isNameless ? null : (person?.id ?? null),
      speaker: person?.name ?? `Speaker ${String(speaker + 1)}`,
      start: startMs,
      end: endMs,
      text,
    };
  });
}
