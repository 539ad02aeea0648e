import type { SandboxClip } from '../testing/audio/clips.ts';
import { repeatsOf, usableClips } from './grain.sandbox-media.ts';
import {
  customerCompanies,
  notetakers,
  ordinaryTitles,
  unusualTitles,
  vendorUsers,
  veryLongTitle,
} from './grain.sandbox-people.ts';
import type { SandboxCompany, SandboxPerson } from './grain.sandbox-people.ts';
import { createRandom, idKinds, pickOne, uuidAt } from './grain.sandbox-random.ts';
import type { Random } from './grain.sandbox-random.ts';

/** A recording of the account; `record` is what the API would send with everything included. */
export interface SandboxRecording {
  readonly id: string;
  /** Infinity where a record's start can't be read: such a record is listed first. */
  readonly startMs: number;
  readonly record: Readonly<Record<string, unknown>>;
  /** Null: there is nothing to download. */
  readonly clip: SandboxClip | null;
  readonly hasTranscript: boolean;
  /** The transcript gives the second speaker's name but no participant id. */
  readonly hasNamelessGuest: boolean;
}

export interface AccountShape {
  readonly calls: number;
  readonly seed: number;
  readonly createdAt: Date;
  /** About this many bytes in each recording; null: the clip's own size. */
  readonly mediaBytes: number | null;
  /** Every so many calls have no transcript, ever; null: none beyond the ordinary tenth. */
  readonly untranscribedEvery: number | null;
}

const dayMs = 86_400_000;
const spanMs = 90 * dayMs;
/** The newest call ended a little while ago. */
const newestAgeMs = 15 * 60_000;
/** Grain still works on the transcripts of younger calls, so theirs are not missing but late. */
const settledAgeMs = 25 * 3_600_000;

/**
 * When call `index` began: newest first, strictly decreasing while calls lie two seconds or more
 * apart, on whole seconds as the API gives them.
 */
export function startMsOf(shape: AccountShape, index: number): number {
  const slotMs = spanMs / shape.calls;
  const jitter = index === 0 ? 0 : createRandom(shape.seed, -1 - index)() / 2;
  const startMs = shape.createdAt.getTime() - newestAgeMs - (index + jitter) * slotMs;
  return Math.floor(startMs / 1000) * 1000;
}

/** Generates call `index` of the account; the same one for the same shape. */
export function createRecording(shape: AccountShape, index: number): SandboxRecording {
  const random = createRandom(shape.seed, index);
  const startMs = startMsOf(shape, index);
  const clip = random() < 0.05 ? null : pickOne(random, usableClips(shape.mediaBytes));
  const isSettled = shape.createdAt.getTime() - startMs > settledAgeMs;
  const isUntranscribed = (random() < 0.1 && isSettled) || isNth(index, shape.untranscribedEvery);
  const hasNamelessGuest = random() < 0.1;
  const durationMs =
    clip === null
      ? 600_000 + Math.floor(random() * 3_000) * 1000
      : Math.round(clip.durationSeconds * repeatsOf(clip, shape.mediaBytes) * 1000);
  const id = uuidAt({ seed: shape.seed, kind: idKinds.recording }, index);
  const record = {
    id,
    start_datetime: toDatetime(startMs),
    end_datetime: toDatetime(startMs + durationMs),
    duration_ms: durationMs,
    media_type: clip === null ? 'transcript' : clip.contentType.replace(/\/.*/, ''),
    url: `https://grain.com/share/recording/${id}`,
    thumbnail_url: random() < 0.2 ? null : `https://media.grain.com/thumbnails/${id}.jpg`,
    calendar_event: random() < 0.3 ? null : { ical_uid: `${id.slice(0, 13)}@google.com` },
    ...toMeeting(random, { seed: shape.seed, index }),
  };
  const hasTranscript = clip === null || !isUntranscribed;
  return { id, startMs, record, clip, hasNamelessGuest, hasTranscript };
}

/** Everybody with a seat in the workspace. */
export function usersOf(seed: number) {
  return vendorUsers.map((user, index) => ({
    id: uuidAt({ seed, kind: idKinds.user }, index),
    ...user,
  }));
}

/** The workspace's teams. */
export function teamsOf(seed: number) {
  return teamNames.map((name) => toTeam(seed, name));
}

function toTeam(seed: number, name: string) {
  return { id: uuidAt({ seed, kind: idKinds.team }, teamNames.indexOf(name)), name };
}

const teamNames = ['Sales', 'Support', 'Customer Success'];
const sources = ['zoom', 'meet', 'teams', 'webex', 'aircall', 'upload', 'local_capture', 'other'];
/** More than ever sit in one call, so that participants' ids do not meet. */
const seatsPerCall = 8;
const tagLists = [[], ['demo'], ['renewal', 'q4'], ['follow-up']];

function isNth(index: number, every: number | null): boolean {
  return every !== null && index % every === every - 1;
}

interface RecordingSeed {
  readonly seed: number;
  readonly index: number;
}

/** Who met about what. */
function toMeeting(random: Random, { seed, index }: RecordingSeed) {
  const isInternal = random() < 0.1;
  const company = pickOne(random, customerCompanies);
  const people = pickPeople(random, { company, isInternal });
  const idSpace = { seed, kind: idKinds.participant };
  return {
    title: toTitle(random, company),
    source: pickOne(random, sources),
    tags: pickOne(random, tagLists),
    teams: random() < 0.2 ? [] : [toTeam(seed, pickOne(random, teamNames))],
    meeting_type: pickMeetingType(random, { seed, isInternal }),
    participants: people.map((person, seat) =>
      toParticipant(person, uuidAt(idSpace, index * seatsPerCall + seat)),
    ),
    ...toInsights(random, { company, assignee: people[0]?.name ?? null, index }),
  };
}

/** `2025-01-14T16:00:00Z`: whole seconds, as Grain writes them. */
function toDatetime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function toTitle(random: Random, company: SandboxCompany): string {
  const roll = random();
  const unusual = roll < 0.02 ? veryLongTitle : pickOne(random, unusualTitles);
  const title = roll < 0.12 ? unusual : pickOne(random, ordinaryTitles);
  return title.replace('{company}', company.name);
}

interface Attendee extends SandboxPerson {
  readonly scope: 'internal' | 'external' | 'unknown';
  readonly attended: boolean;
}

/** The first two speak in the recording; the others listened, did not come or are machines. */
function pickPeople(
  random: Random,
  options: { readonly company: SandboxCompany; readonly isInternal: boolean },
): readonly Attendee[] {
  const scope = options.isInternal ? 'internal' : 'external';
  const host = pickOne(random, vendorUsers);
  const others = (options.isInternal ? vendorUsers : options.company.people).filter(
    (person) => person !== host,
  );
  const guest = pickOne(random, others);
  const people: Attendee[] = [
    { ...host, scope: 'internal', attended: true },
    { ...guest, scope, attended: true },
  ];
  const remaining = others.filter((person) => person !== guest);
  if (remaining.length > 0 && random() < 0.4) {
    people.push({ ...pickOne(random, remaining), scope, attended: random() < 0.5 });
  }
  if (random() < 0.25) {
    people.push({ ...pickOne(random, notetakers), scope: 'unknown', attended: true });
  }
  return people;
}

function toParticipant(person: Attendee, id: string) {
  return {
    id,
    name: person.name,
    email: person.email,
    scope: person.scope,
    confirmed_attendee: person.attended,
    hs_contact_id: null,
  };
}

function pickMeetingType(
  random: Random,
  options: { readonly seed: number; readonly isInternal: boolean },
) {
  if (random() < 0.3) return null;
  const names = options.isInternal ? ['Stand-up'] : ['Demo', 'Support', 'Renewal'];
  const name = pickOne(random, names);
  const index = ['Stand-up', 'Demo', 'Support', 'Renewal'].indexOf(name);
  const id = uuidAt({ seed: options.seed, kind: idKinds.meetingType }, index);
  return { id, name, scope: options.isInternal ? 'internal' : 'external' };
}

/** What Grain adds by itself and what is linked from HubSpot. */
function toInsights(
  random: Random,
  options: {
    readonly company: SandboxCompany;
    readonly assignee: string | null;
    readonly index: number;
  },
) {
  const { company, assignee, index } = options;
  const companyId = String(7_000_000 + customerCompanies.indexOf(company));
  return {
    ai_summary: { text: `Northwind and ${company.name} agreed on the next steps.` },
    ai_action_items:
      random() < 0.5
        ? []
        : [
            {
              ...{ status: 'pending', timestamp: 4000, text: 'Send the quote' },
              assignee: assignee === null ? null : { id: null, name: assignee, user_id: null },
            },
          ],
    highlights: [],
    hubspot:
      random() < 0.5
        ? { hubspot_company_ids: [], hubspot_deal_ids: [] }
        : { hubspot_company_ids: [companyId], hubspot_deal_ids: [String(9_000_000 + index)] },
  };
}
