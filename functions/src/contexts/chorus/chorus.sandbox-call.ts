import type { SandboxItem } from '../testing/sandbox-account.ts';
import { usableClips } from '../testing/sandbox-media.ts';
import { drawSound, pickPeople, startMsOf, toTitle } from '../testing/sandbox-meeting.ts';
import type { AccountShape, Attendee } from '../testing/sandbox-meeting.ts';
import { customerCompanies, vendorUsers } from '../testing/sandbox-people.ts';
import { createRandom, indexOfUuid, pickOne, uuidAt } from '../testing/sandbox-random.ts';

/** A call of the account; `record` is the engagement that API v3 lists. */
export interface SandboxEngagement extends SandboxItem {
  /** The transcript gives the second speaker's name, but no place among the participants. */
  readonly hasNamelessGuest: boolean;
}

export interface ChorusShape extends AccountShape {
  /** Every so many calls are unfinished when they are listed; null: none. */
  readonly unfinishedEvery: number | null;
  /** Nobody came to every so many meetings; null: to none. */
  readonly noShowEvery: number | null;
}

const idKinds = { engagement: 1, account: 2 } as const;

/** The index that an id was made of; null for any other text. */
export function indexOfEngagement(seed: number, id: string): number | null {
  if (!/^[0-9A-F]{32}$/.test(id)) return null;
  const uuid = id.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return indexOfUuid({ seed, kind: idKinds.engagement }, uuid);
}

function toId(seed: number, kind: number, index: number): string {
  return uuidAt({ seed, kind }, index).replaceAll('-', '').toUpperCase();
}

/** Generates call `index` of the account; the same one for the same shape. */
export function createEngagement(shape: ChorusShape, index: number): SandboxEngagement {
  const { seed } = shape;
  const random = createRandom(seed, index);
  const startMs = startMsOf(shape, index);
  const sound = drawSound(random, { shape, index, startMs });
  const isNoShow = isNth(index, shape.noShowEvery);
  // What is listed as a meeting or a dialled call was recorded, unless nobody came.
  const recorded = sound.clip ?? pickOne(random, usableClips(shape.mediaBytes));
  const company = pickOne(random, customerCompanies);
  const people = pickPeople(random, { company, isInternal: random() < 0.1 });
  const id = toId(seed, idKinds.engagement, index);
  const isMeeting = isNoShow || random() < 0.7;
  const [owner] = vendorUsers.filter(({ email }) => email === people[0]?.email);
  const userId = owner === undefined ? null : userIdOf(owner.email);
  const record = {
    engagement_id: id,
    engagement_type: isMeeting ? 'meeting' : 'dialer',
    date_time: startMs / 1000,
    duration: sound.durationMs / 1000,
    subject: toTitle(random, company),
    language: pickOne(random, ['en', 'en', 'de', 'en-US']),
    url: `https://chorus.ai/meeting/${id}`,
    initiator: owner?.name ?? null,
    participants: people.map(toParticipant(company.name)),
    ...{ user_id: userId, user_name: owner?.name ?? null, user_email: owner?.email ?? null },
    account_id: `001${toId(seed, idKinds.account, customerCompanies.indexOf(company)).slice(0, 12)}`,
    ...{ account_name: company.name, opportunity_id: null, opportunity_name: null },
    compliance: 'recorded',
    ...{ disposition_connected: true, disposition_voicemail: false },
    no_show: isNoShow,
    processing_state: isNth(index, shape.unfinishedEvery) ? 'processing' : 'done',
    num_engaging_questions: Math.floor(random() * 6),
    meeting_summary: `${people[0]?.name ?? 'They'} agreed on the next steps.`,
  };
  return {
    ...{ id, startMs, record, clip: isNoShow ? null : recorded },
    hasTranscript: sound.hasTranscript && !isNoShow,
    hasNamelessGuest: sound.hasNamelessGuest,
  };
}

function isNth(index: number, every: number | null): boolean {
  return every !== null && index % every === every - 1;
}

/** The user's number; people outside have none. */
export function userIdOf(email: string | null): number {
  return 300 + vendorUsers.findIndex((user) => user.email === email);
}

function toParticipant(companyName: string) {
  const types = { internal: 'rep', external: 'cust', unknown: 'unknown' } as const;
  return ({ name, email, scope }: Attendee, seat: number) => {
    const isUser = vendorUsers.some((user) => user.email === email && email !== null);
    return {
      ...{ name, email, type: types[scope] },
      company_name: isUser ? 'Northwind' : companyName,
      person_id: 8000 + seat * 100 + name.length,
      title: isUser ? 'AE' : null,
      user_id: isUser ? userIdOf(email) : null,
    };
  };
}
