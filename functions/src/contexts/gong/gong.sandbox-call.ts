import type { SandboxItem } from '../testing/sandbox-account.ts';
import { usableClips } from '../testing/sandbox-media.ts';
import { drawSound, pickPeople, startMsOf, toTitle } from '../testing/sandbox-meeting.ts';
import type { AccountShape, Attendee } from '../testing/sandbox-meeting.ts';
import { customerCompanies, vendorUsers } from '../testing/sandbox-people.ts';
import { createRandom, digitsAt, pickOne } from '../testing/sandbox-random.ts';
import type { Random } from '../testing/sandbox-random.ts';

/** A call of the account; `record` is what the extensive request would send, but for `media`. */
export interface SandboxCallItem extends SandboxItem {
  /** What GET /v2/calls filters by; for a call that was not scheduled, its start. */
  readonly scheduledMs: number;
  /** The ids under which the two voices speak in the transcript. */
  readonly speakerIds: readonly string[];
}

export interface GongShape extends AccountShape {
  /** Every so many calls are private; null: none. */
  readonly privateEvery: number | null;
}

/** Numbers of the streams that ids are drawn from, so that they do not coincide. */
const idKinds = { call: 1, party: 2, speaker: 3, user: 4, workspace: 5 } as const;

/** Where the ids of calls come from. */
export const callSpaceOf = (seed: number) => ({ seed, kind: idKinds.call });

/** Gong is still at work on younger calls: theirs are not missing, but late. */
const settledAgeMs = 25 * 3_600_000;
/** More than ever sit in one call, so that the ids of parties do not meet. */
const seatsPerCall = 8;

/** Generates call `index` of the account; the same one for the same shape. */
export function createCall(shape: GongShape, index: number): SandboxCallItem {
  const { seed } = shape;
  const random = createRandom(seed, index);
  const startMs = startMsOf(shape, index);
  const sound = drawSound(random, { shape, index, startMs });
  const isSettled = shape.createdAt.getTime() - startMs > settledAgeMs;
  const clip = sound.clip ?? (isSettled ? null : pickOne(random, usableClips(shape.mediaBytes)));
  const isMeeting = random() < 0.7;
  const leadMs = isMeeting ? Math.floor(random() * 5) * 60_000 : 0;
  const id = digitsAt(callSpaceOf(seed), index);
  const company = pickOne(random, customerCompanies);
  const people = pickPeople(random, { company, isInternal: random() < 0.1 });
  const speakerIds = [0, 1].map((seat) =>
    digitsAt({ seed, kind: idKinds.speaker }, index * seatsPerCall + seat),
  );
  const parties = people.map((person, seat) => {
    const isNameless = seat === 1 && sound.hasNamelessGuest;
    return toParty(random, {
      ...{ person, seed, id: digitsAt({ seed, kind: idKinds.party }, index * seatsPerCall + seat) },
      speakerId: isNameless ? null : (speakerIds[seat] ?? null),
    });
  });
  const record = {
    metaData: {
      ...{ id, url: `https://app.gong.io/call?id=${id}` },
      title: toTitle(random, company),
      scheduled: isMeeting ? toOffsetDatetime(startMs - leadMs, index) : null,
      started: toOffsetDatetime(startMs, index),
      duration: Math.round(sound.durationMs / 1000),
      primaryUserId: parties[0]?.userId ?? null,
      direction: isMeeting ? 'Conference' : pickOne(random, ['Inbound', 'Outbound', 'Unknown']),
      system: isMeeting ? 'Zoom' : 'Outreach',
      scope: pickOne(random, ['External', 'External', 'Internal', 'Unknown']),
      media: clip?.contentType.startsWith('video/') === true ? 'Video' : 'Audio',
      language: pickOne(random, ['eng', 'eng', 'eng', 'ger', 'und']),
      workspaceId: workspacesOf(seed)[index % 2]?.id,
      ...{ sdrDisposition: null, clientUniqueId: null, customData: null, purpose: null },
      meetingUrl: isMeeting ? `https://zoom.us/j/${id.slice(0, 10)}` : null,
      isPrivate: shape.privateEvery !== null && index % shape.privateEvery === 0,
      calendarEventId: isMeeting ? `${id.slice(0, 12)}@google.com` : null,
    },
    context: [],
    parties,
    content: { brief: `${people[0]?.name ?? 'They'} agreed on the next steps.`, topics: [] },
    interaction: { speakers: [] },
    collaboration: {},
  };
  const { hasTranscript } = sound;
  return {
    ...{ id, startMs, record, clip, speakerIds, hasTranscript },
    scheduledMs: startMs - leadMs,
  };
}

/** Everybody with a seat in the company. */
export function usersOf(seed: number) {
  return vendorUsers.map(({ name, email }, index) => ({
    id: digitsAt({ seed, kind: idKinds.user }, index),
    emailAddress: email,
    created: '2024-01-15T09:00:00Z',
    active: true,
    firstName: name.split(' ')[0],
    lastName: name.split(' ').slice(1).join(' '),
  }));
}

/** The company's workspaces. */
export function workspacesOf(seed: number) {
  return ['Sales', 'Customer success'].map((name, index) => ({
    id: digitsAt({ seed, kind: idKinds.workspace }, index),
    name,
    description: '',
  }));
}

function toParty(
  random: Random,
  options: {
    readonly person: Attendee;
    readonly seed: number;
    readonly id: string;
    readonly speakerId: string | null;
  },
) {
  const { person, id, speakerId, seed } = options;
  const isInternal = person.scope === 'internal';
  const user = isInternal ? usersOf(seed).find((each) => each.emailAddress === person.email) : null;
  return {
    id,
    // As real answers have it, an unknown address is not there at all.
    ...(person.email !== null && { emailAddress: person.email }),
    name: person.name,
    title: isInternal ? 'Account Executive' : null,
    userId: user?.id ?? null,
    speakerId,
    context: [],
    affiliation: person.scope.charAt(0).toUpperCase() + person.scope.slice(1),
    phoneNumber: !isInternal && random() < 0.2 ? '+14155550142' : null,
    methods: person.attended ? ['Invitee', 'Attendee'] : ['Invitee'],
  };
}

/** The account's users sit in three time zones; Gong writes each call's times in one of them. */
function toOffsetDatetime(ms: number, index: number): string {
  const hours = [0, -8, 2][index % 3] ?? 0;
  const local = new Date(ms + hours * 3_600_000).toISOString().slice(0, 19);
  if (hours === 0) return `${local}Z`;
  return `${local}${hours < 0 ? '-' : '+'}0${String(Math.abs(hours))}:00`;
}
