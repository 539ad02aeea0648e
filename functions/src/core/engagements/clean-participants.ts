import type { SourceParticipant } from '../imports/source-call.ts';

const vendors =
  '(otter|fireflies|fathom|grain|gong|chorus|avoma|tl;?dv|read|meetgeek|sembly|jamie|krisp)';

/**
 * Bots that record meetings name themselves so; they are no people. A name that people bear too
 * (Jamie, Chorus, Read, Ann Notetaker-Jones) counts only with something that makes it a product's.
 */
const notetakerNames = [
  /(^|\s|\bai-)note[ -]?taker(\s*\(.*\)|\s+(by|for|from)\s.*|\s+\d+)?$/i,
  new RegExp(`^${vendors}(\\.(ai|io|video))? note[ -]?taker\\b`, 'i'),
  new RegExp(`^${vendors}(\\.?ai|\\.io|\\.video)( (bot|recorder|assistant|meeting notes))?$`, 'i'),
  new RegExp(`^${vendors} (bot|recorder|assistant)$`, 'i'),
  /^((fireflies|fathom|avoma|tl;?dv|meetgeek|sembly|krisp)( ai)?|(otter|read) ai)$/i,
  /\botter ?pilot\b/i,
  /\b(meeting|call) (bot|recorder|assistant)$/i,
];

/** Mailboxes at these are bots' unless a person's name stands beside a mailbox of their own. */
const notetakerDomains = new Set([
  'otter.ai',
  'fireflies.ai',
  'fathom.video',
  'grain.com',
  'read.ai',
  'tldv.io',
  'avoma.com',
  'meetgeek.ai',
  'sembly.ai',
]);

const botMailboxes =
  /^(fred@fireflies\.ai$|(bot|notes?|note[._-]?taker|meet(ing)?s?|assistant|record(er|ing)?s?|calendar|pilot|no-?reply|support|team|hello)([+._-].*)?@)/i;

/** Mail providers that have a domain in each country. */
const freeMailFamilies = /^(yahoo|hotmail|outlook|gmx)(\.com?)?\.[a-z]{2,3}$/;

/** Mail providers whose domain says nothing of a person's company. */
const freeMailDomains = new Set([
  'gmail.com',
  'googlemail.com',
  'live.com',
  'msn.com',
  'ymail.com',
  'icloud.com',
  'me.com',
  'mac.com',
  'aol.com',
  'web.de',
  't-online.de',
  'mail.com',
  'mail.ru',
  'yandex.ru',
  'yandex.com',
  'qq.com',
  '163.com',
  '126.com',
  'proton.me',
  'protonmail.com',
  'zoho.com',
  'fastmail.com',
  'hey.com',
  'comcast.net',
  'verizon.net',
  'att.net',
  'sbcglobal.net',
  'orange.fr',
  'free.fr',
  'libero.it',
]);

/**
 * The people among a platform's participants: without notetaker bots, each once, e-mail in lower
 * case, phone with its separators gone. Two entries are one person when they share an e-mail, a
 * phone number (unless their e-mails differ: a shared line), or, having neither, a name.
 */
export function cleanParticipants(
  participants: readonly SourceParticipant[],
): readonly SourceParticipant[] {
  return gather(participants).people;
}

/** The ids of second entries of a person, each with the one id that `cleanParticipants` knows them by. */
export function toMergedIds(
  participants: readonly SourceParticipant[],
): ReadonlyMap<string, string> {
  const { people, ids } = gather(participants);
  const merged = new Map<string, string>();
  for (const [place, itsIds] of ids.entries()) {
    const id = people[place]?.id ?? null;
    for (const other of itsIds) if (id !== null && other !== id) merged.set(other, id);
  }
  return merged;
}

/** The people, and all ids that each came by. */
function gather(participants: readonly SourceParticipant[]) {
  const people: SourceParticipant[] = [];
  const ids: Set<string>[] = [];
  const places = new Map<string, number>();
  for (const raw of participants) {
    const person = normalise(raw);
    if (isNotetaker(person)) continue;
    const known = toKeys(person).flatMap((key) => places.get(key) ?? []);
    const place = known.find((at) => !hasOtherEmail(people[at], person)) ?? people.length;
    const same = people[place];
    const merged = same ? merge(same, person) : person;
    people[place] = merged;
    const itsIds = (ids[place] ??= new Set());
    if (person.id !== null) itsIds.add(person.id);
    for (const key of toKeys(merged)) if (!places.has(key)) places.set(key, place);
  }
  return { people, ids };
}

/** By what a person is known again, the surest first. */
function toKeys({ email, phone, name }: SourceParticipant): readonly string[] {
  const keys = [email && `email ${email}`, phone && `phone ${phone}`];
  const reachable = keys.filter((key) => key !== null);
  if (reachable.length > 0 || name === null) return reachable;
  return [`name ${name.toLowerCase()}`];
}

function hasOtherEmail(
  known: SourceParticipant | undefined,
  { email }: SourceParticipant,
): boolean {
  const knownEmail = known?.email ?? email;
  return knownEmail !== email && email !== null;
}

/** True for another vendor's recording bot that sat in the meeting. */
export function isNotetaker(person: Pick<SourceParticipant, 'name' | 'email'>): boolean {
  const { name, email } = person;
  if (name !== null && notetakerNames.some((pattern) => pattern.test(name))) return true;
  const domain = toMailDomain(email);
  if (email === null || domain === null || !notetakerDomains.has(domain)) return false;
  return name === null || botMailboxes.test(email);
}

/** The domain that names a person's company; null for free mail and for no mail. */
export function toCompanyDomain(email: string | null): string | null {
  const domain = toMailDomain(email);
  if (!domain || freeMailDomains.has(domain) || freeMailFamilies.test(domain)) return null;
  return domain;
}

/** Digits, with a leading `+` for an international number; null when it cannot be a phone number. */
export function normalisePhone(phone: string | null): string | null {
  const dialled = phone
    ?.trim()
    .replace(/^tel:/i, '')
    // What is dialled once connected.
    .replace(/[,;].*$|(ext(ension)?[.:]?|x|#)\s{0,3}\d{1,8}$/i, '')
    // A national trunk prefix, which is not dialled from abroad: +44 (0)20 …
    .replace(/^(\+.*?|00.*?)\(0\)/, '$1');
  if (!dialled || /[^\d\s+().\/\p{Pd}]/u.test(dialled)) return null;
  const digits = dialled.replace(/\D/g, '');
  const isDialledAbroad = !dialled.startsWith('+') && digits.startsWith('00');
  const number = isDialledAbroad ? digits.slice(2) : digits;
  if (number.length < 5 || number.length > 17) return null;
  return isDialledAbroad || dialled.startsWith('+') ? `+${number}` : number;
}

function normalise(person: SourceParticipant): SourceParticipant {
  const email = person.email?.trim().toLowerCase() ?? null;
  return {
    ...person,
    name: person.name?.trim() || null,
    email: email && /^[^\s@]+@[^\s@]+$/.test(email) ? email : null,
    phone: normalisePhone(person.phone),
  };
}

function merge(first: SourceParticipant, second: SourceParticipant): SourceParticipant {
  return {
    id: first.id ?? second.id,
    name: first.name ?? second.name,
    email: first.email ?? second.email,
    phone: first.phone ?? second.phone,
    role: first.role === 'unknown' ? second.role : first.role,
    attended: second.attended === true ? true : (first.attended ?? second.attended),
  };
}

function toMailDomain(email: string | null): string | null {
  if (email === null) return null;
  const at = email.lastIndexOf('@');
  return at > 0 ? email.slice(at + 1).toLowerCase() : null;
}
