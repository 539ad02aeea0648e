import type { SourceParticipant } from '../imports/source-call.ts';

/** Bots that record meetings name themselves so; they are no people. */
const notetakerNames = [
  /\bnote[ -]?taker\b/i,
  /^otter\.?ai$/i,
  /^otter pilot$/i,
  /^(fireflies|fathom|grain|gong|chorus|avoma|tl;?dv|read|sembly|jamie|krisp)(\.?ai)?( (bot|recorder|assistant))?$/i,
  /\b(meeting|call) (bot|recorder|assistant)$/i,
];

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

/** Mail providers whose domain says nothing of a person's company. */
const freeMailDomains = new Set([
  'gmail.com',
  'googlemail.com',
  'outlook.com',
  'hotmail.com',
  'hotmail.co.uk',
  'live.com',
  'msn.com',
  'yahoo.com',
  'yahoo.co.uk',
  'ymail.com',
  'icloud.com',
  'me.com',
  'mac.com',
  'aol.com',
  'gmx.com',
  'gmx.de',
  'gmx.net',
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
 * phone number, or, having neither, a name.
 */
export function cleanParticipants(
  participants: readonly SourceParticipant[],
): readonly SourceParticipant[] {
  const people = new Map<string, SourceParticipant>();
  for (const [index, raw] of participants.entries()) {
    const person = normalise(raw);
    if (isNotetaker(person)) continue;
    const key = person.email ?? person.phone ?? person.name?.toLowerCase() ?? `#${index}`;
    const known = people.get(key);
    people.set(key, known ? merge(known, person) : person);
  }
  return [...people.values()];
}

/** True for another vendor's recording bot that sat in the meeting. */
export function isNotetaker(person: Pick<SourceParticipant, 'name' | 'email'>): boolean {
  const domain = toMailDomain(person.email);
  if (domain && notetakerDomains.has(domain)) return true;
  const name = person.name;
  return name !== null && notetakerNames.some((pattern) => pattern.test(name));
}

/** The domain that names a person's company; null for free mail and for no mail. */
export function toCompanyDomain(email: string | null): string | null {
  const domain = toMailDomain(email);
  return domain && !freeMailDomains.has(domain) ? domain : null;
}

/** Digits, with a leading `+` for an international number; null when it cannot be a phone number. */
export function normalisePhone(phone: string | null): string | null {
  if (!phone) return null;
  const trimmed = phone.trim().replace(/^tel:/i, '');
  const digits = trimmed.replace(/\D/g, '');
  if (digits.length < 5 || digits.length > 17) return null;
  if (trimmed.startsWith('+')) return `+${digits}`;
  return trimmed.startsWith('00') ? `+${digits.slice(2)}` : digits;
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
    attended: first.attended === true || second.attended === true ? true : first.attended,
  };
}

function toMailDomain(email: string | null): string | null {
  const at = email?.lastIndexOf('@') ?? -1;
  return email && at > 0 ? email.slice(at + 1).toLowerCase() : null;
}
