import { customerCompanies, vendorUsers } from '../testing/sandbox-people.ts';
import type { SandboxCompany } from '../testing/sandbox-people.ts';
import type { SandboxItem } from '../testing/sandbox-account.ts';
import { drawSound, pickPeople, startMsOf, toTitle } from '../testing/sandbox-meeting.ts';
import type { AccountShape, Attendee } from '../testing/sandbox-meeting.ts';
import { createRandom, pickOne, uuidAt } from '../testing/sandbox-random.ts';
import type { Random } from '../testing/sandbox-random.ts';

/** A recording of the account; `record` is what the API would send with everything included. */
export interface SandboxRecording extends SandboxItem {
  /** The transcript gives the second speaker's name but no participant id. */
  readonly hasNamelessGuest: boolean;
}

/** Numbers of the streams that ids and records are drawn from, so that they do not coincide. */
export const idKinds = { recording: 1, participant: 2, user: 3, team: 4, meetingType: 5 } as const;

/** Generates call `index` of the account; the same one for the same shape. */
export function createRecording(shape: AccountShape, index: number): SandboxRecording {
  const random = createRandom(shape.seed, index);
  const startMs = startMsOf(shape, index);
  const { clip, durationMs, ...sound } = drawSound(random, { shape, index, startMs });
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
  const hasTranscript = clip === null || sound.hasTranscript;
  return { id, startMs, record, clip, hasNamelessGuest: sound.hasNamelessGuest, hasTranscript };
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
