import { z } from 'zod';
import type { SandboxClip } from '../testing/audio/clips.ts';
import { sandboxClips } from '../testing/audio/clips.ts';
import { createSandboxAccount, drawClip } from '../testing/sandbox-account.ts';
import type { SandboxAccount, SandboxItem } from '../testing/sandbox-account.ts';
import { usableClips } from '../testing/sandbox-media.ts';
import { drawSound, pickPeople, startMsOf, toTitle } from '../testing/sandbox-meeting.ts';
import type { AccountShape, Attendee } from '../testing/sandbox-meeting.ts';
import { customerCompanies, vendorUsers } from '../testing/sandbox-people.ts';
import { createRandom, indexOfUuid, pickOne, uuidAt } from '../testing/sandbox-random.ts';

/** A meeting; `record` is what the API would send of it but for what is said and the recording. */
export interface SandboxMeeting extends SandboxItem {
  /** The second speaker is a voice without a name. */
  readonly hasNamelessGuest: boolean;
}

export type FirefliesAccount = SandboxAccount<SandboxMeeting>;

const meetingKind = 11;
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Creates an account; @throws a RangeError when `calls` is no count up to 1,000,000 */
export function createFirefliesAccount(shape: AccountShape): FirefliesAccount {
  const indexOf = (id: string): number | null => {
    const index = indexOfUuid({ seed: shape.seed, kind: meetingKind }, toUuid(id));
    return index === null || index >= shape.calls ? null : index;
  };
  return createSandboxAccount({
    ...{ calls: shape.calls, mediaBytes: shape.mediaBytes, indexOf },
    create: (index) => createMeeting(shape, index),
    startMsOf: (index) => startMsOf(shape, index),
    read: (record) => readMeeting(shape, record),
    toTruth: ({ record }) => {
      const { id, title, duration, is_live: isLive } = PutRecord.parse(record);
      if (id === null || isLive === true) return null;
      const durationSeconds = Math.round((duration ?? 0) * 60_000) / 1000;
      return { title: title ?? null, durationSeconds };
    },
  });
}

/** Fireflies records mp3, and mp4 where there is a video. */
function recordedClips(mediaBytes: number | null): readonly SandboxClip[] {
  return usableClips(mediaBytes).filter(({ contentType }) =>
    ['audio/mpeg', 'video/mp4'].includes(contentType),
  );
}

/** The sound alone of a meeting that has a video. */
export function soundClip(): SandboxClip | null {
  return sandboxClips.find(({ contentType }) => contentType === 'audio/mpeg') ?? null;
}

function createMeeting(shape: AccountShape, index: number): SandboxMeeting {
  const random = createRandom(shape.seed, index);
  const startMs = startMsOf(shape, index);
  const clips = recordedClips(shape.mediaBytes);
  const { clip, durationMs, ...sound } = drawSound(random, { shape, index, startMs, clips });
  const hasTranscript = clip === null || sound.hasTranscript;
  const company = pickOne(random, customerCompanies);
  const people = pickPeople(random, { company, isInternal: random() < 0.1 });
  const id = toUlid(uuidAt({ seed: shape.seed, kind: meetingKind }, index));
  const record = {
    id,
    title: toTitle(random, company),
    ...toTimes(startMs),
    // To hundredths of a minute, as far as recorded answers tell.
    duration: Math.round(durationMs / 600) / 100,
    organizer_email: people[0]?.email ?? null,
    host_email: null,
    ...toPeople(people),
    fireflies_users: vendorUsers.slice(0, 2).map(({ email }) => email),
    meeting_info: {
      fred_joined: true,
      silent_meeting: !hasTranscript,
      summary_status: hasTranscript ? 'processed' : 'skipped',
    },
    privacy: 'link',
    is_live: false,
    calendar_id: null,
    cal_id: null,
    meeting_link: null,
    transcript_url: `https://app.fireflies.ai/view/${id}`,
    summary: {
      overview: `Northwind and ${company.name} agreed on the next steps.`,
      action_items: 'Send the quote',
      keywords: ['quote'],
    },
  };
  return { id, startMs, record, clip, hasTranscript, hasNamelessGuest: sound.hasNamelessGuest };
}

/** `date` is rounded to ten minutes: recorded 2026, 01:50:00 beside a `dateString` of 01:52:12. */
function toTimes(startMs: number) {
  const date = Math.floor(startMs / 600_000) * 600_000;
  return { date, dateString: new Date(startMs).toISOString() };
}

function toPeople(people: readonly Attendee[]) {
  return {
    participants: people.flatMap(({ email }) => (email === null ? [] : [email])),
    meeting_attendees: people.map(({ name, email }) => ({
      ...{ displayName: name, email, name: null, phoneNumber: null, location: null },
    })),
    meeting_attendance: people.flatMap(({ name, attended }) =>
      attended ? [{ name, join_time: null, leave_time: null }] : [],
    ),
  };
}

const PutRecord = z.object({
  id: z.string().min(1).nullable().catch(null),
  title: z.string().nullish().catch(null),
  dateString: z.coerce.date().nullable().catch(null),
  duration: z.number().nullish().catch(null),
  is_live: z.boolean().nullish().catch(null),
});

/** The raw record as it was put; its sound is one that its id decides. */
function readMeeting(
  shape: AccountShape,
  record: Readonly<Record<string, unknown>>,
): SandboxMeeting {
  const { id, dateString } = PutRecord.parse(record);
  const drawn = drawClip(recordedClips(shape.mediaBytes), { id, record });
  const startMs = dateString?.getTime() ?? Infinity;
  return {
    ...drawn,
    startMs,
    record: { ...(dateString === null ? {} : toTimes(startMs)), ...record },
    hasTranscript: true,
    hasNamelessGuest: false,
  };
}

/** A ULID has the 128 bits of a UUID. @see https://github.com/ulid/spec */
function toUlid(uuid: string): string {
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let text = '';
  for (; text.length < 26; rest >>= 5n) text = `${crockford[Number(rest & 31n)] ?? ''}${text}`;
  return text;
}

/** Empty for what is no ULID. */
function toUuid(ulid: string): string {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(ulid)) return '';
  let bits = 0n;
  for (const digit of ulid) bits = (bits << 5n) | BigInt(crockford.indexOf(digit));
  const hex = bits.toString(16).padStart(32, '0');
  return [0, 8, 12, 16, 20].map((at, part) => hex.slice(at, [8, 12, 16, 20, 32][part])).join('-');
}
