import { z } from 'zod';
import { sandboxClips } from '../testing/audio/clips.ts';
import { createSandboxAccount, drawClip } from '../testing/sandbox-account.ts';
import type { SandboxAccount, SandboxItem } from '../testing/sandbox-account.ts';
import { usableClips } from '../testing/sandbox-media.ts';
import { drawSound, pickPeople, startMsOf, toTitle } from '../testing/sandbox-meeting.ts';
import type { AccountShape, Attendee } from '../testing/sandbox-meeting.ts';
import { customerCompanies } from '../testing/sandbox-people.ts';
import { createRandom, pickOne } from '../testing/sandbox-random.ts';

export interface FathomShape extends AccountShape {
  /** Every so many calls may not be downloaded; null: none. */
  readonly limitedEvery: number | null;
}

/** A meeting; `record` is what a listing sends of it, but for what has to be asked for. */
export interface SandboxMeeting extends SandboxItem {
  readonly createdMs: number;
  readonly speakers: readonly SandboxSpeaker[];
  /** Whoever shared it does not want it downloaded. */
  readonly isLimited: boolean;
  readonly summary: string;
}

interface SandboxSpeaker {
  readonly display_name: string;
  readonly matched_calendar_invitee_email: string | null;
}

export type FathomAccount = SandboxAccount<SandboxMeeting>;

/** A recording exists for Fathom a little after it ended. */
const processingMs = 6_000;
const firstId = 100_000_000;
/** Ids of one account lie apart, as those of all of Fathom's customers lie between them. */
const idStep = 137;

/** Creates an account; @throws a RangeError when `calls` is no count up to 1,000,000 */
export function createFathomAccount(shape: FathomShape): FathomAccount {
  const indexOf = (id: string): number | null => {
    const index = (Number(id) - firstId - (shape.seed % idStep)) / idStep;
    return Number.isInteger(index) && index >= 0 && index < shape.calls ? index : null;
  };
  return createSandboxAccount({
    ...{ calls: shape.calls, mediaBytes: shape.mediaBytes, indexOf },
    create: (index) => createMeeting(shape, index),
    startMsOf: (index) => startMsOf(shape, index),
    read: (record) => readMeeting(shape, record),
    toTruth: ({ record }) => {
      const {
        recording_id: id,
        title,
        recording_start_time: start,
        ...rest
      } = PutRecord.parse(record);
      const end = rest.recording_end_time;
      if (id === null) return null;
      const durationSeconds = start && end ? (end.getTime() - start.getTime()) / 1000 : 0;
      return { title: title ?? null, durationSeconds };
    },
  });
}

function createMeeting(shape: FathomShape, index: number): SandboxMeeting {
  const random = createRandom(shape.seed, index);
  const startMs = startMsOf(shape, index);
  const { clip, durationMs, ...sound } = drawSound(random, { shape, index, startMs });
  const endMs = startMs + Math.round(durationMs / 1000) * 1000;
  const company = pickOne(random, customerCompanies);
  const isInternal = random() < 0.1;
  const people = pickPeople(random, { company, isInternal });
  const recordingId = firstId + (shape.seed % idStep) + index * idStep;
  const title = toTitle(random, company);
  const record = {
    ...{ title, meeting_title: title, meeting_type: null, recording_id: recordingId },
    // Not the recording's id: people take the one for the other.
    url: `https://fathom.video/calls/${String(300 + index)}`,
    share_url: `https://fathom.video/share/${String(recordingId * 31)}`,
    meeting_url: 'https://zoom.us/j/1',
    created_at: toDatetime(endMs + processingMs),
    scheduled_start_time: toDatetime(Math.floor(startMs / 900_000) * 900_000),
    scheduled_end_time: toDatetime(Math.ceil(endMs / 900_000) * 900_000),
    recording_start_time: toDatetime(startMs),
    recording_end_time: toDatetime(endMs),
    calendar_invitees_domains_type: isInternal ? 'only_internal' : 'one_or_more_external',
    shared_with: 'single_team',
    transcript_language: pickOne(random, ['en', 'en', 'en', 'de', null]),
    ...{ transcript: null, default_summary: null, action_items: null, highlights: null },
    calendar_invitees: people.map(toInvitee),
    recorded_by: {
      ...{ name: people[0]?.name ?? null, email: people[0]?.email ?? null },
      ...{ email_domain: 'northwind.example', team: pickOne(random, ['Sales', 'Support']) },
    },
    crm_matches: null,
  };
  const speakers = people
    .slice(0, 2)
    .map(({ name, email }, seat) =>
      seat === 1 && sound.hasNamelessGuest
        ? { display_name: 'Speaker 2', matched_calendar_invitee_email: null }
        : { display_name: name, matched_calendar_invitee_email: email },
    );
  return {
    ...{
      id: String(recordingId),
      startMs,
      createdMs: endMs + processingMs,
      record,
      clip,
      speakers,
    },
    hasTranscript: sound.hasTranscript,
    isLimited: shape.limitedEvery !== null && index % shape.limitedEvery === 0,
    summary: `## Next steps\nNorthwind and ${company.name} agreed on the next steps.`,
  };
}

function toInvitee({ name, email, scope }: Attendee, seat: number) {
  return {
    ...{ name, email, email_domain: email?.replace(/.*@/, '') ?? null },
    is_external: scope !== 'internal',
    matched_speaker_display_name: seat < 2 ? name : null,
  };
}

/** `2025-07-03T18:31:53Z`: whole seconds, as Fathom writes them. */
function toDatetime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A missing instant must not read as 1970. */
const Instant = z.string().pipe(z.coerce.date()).nullish().catch(null);

const PutRecord = z.object({
  recording_id: z
    .union([z.number(), z.string().min(1)])
    .transform(String)
    .nullable()
    .catch(null),
  title: z.string().nullish().catch(null),
  recording_start_time: Instant,
  recording_end_time: Instant,
});

/** The raw record as it was put; its sound is the replaced call's, or one that its id decides. */
function readMeeting(
  shape: FathomShape,
  record: Readonly<Record<string, unknown>>,
): SandboxMeeting {
  const { recording_id: id, recording_start_time: start, ...rest } = PutRecord.parse(record);
  const startMs = start?.getTime() ?? Infinity;
  return {
    ...drawClip(usableClips(shape.mediaBytes), { id, record }),
    ...{
      startMs,
      createdMs: (rest.recording_end_time?.getTime() ?? startMs) + processingMs,
      record,
    },
    ...{ hasTranscript: true, isLimited: false, summary: '## Next steps' },
    speakers: ['Ann Lee', 'Tom Baker'].map((name) => ({
      ...{ display_name: name, matched_calendar_invitee_email: null },
    })),
  };
}

/** What is said in the recording, to the second. */
export function toLines({ clip, speakers }: SandboxMeeting) {
  // A call without media needs words too: any clip's will do.
  return ((clip ?? sandboxClips[0])?.utterances ?? []).map(({ speaker, startMs, text }) => ({
    speaker: speakers[speaker] ?? { display_name: null, matched_calendar_invitee_email: null },
    text,
    timestamp: new Date(startMs).toISOString().slice(11, 19),
  }));
}
