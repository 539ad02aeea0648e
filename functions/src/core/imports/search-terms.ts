import { normalisePhone } from '../engagements/clean-participants.ts';
import type { CallMetadata } from './source-call.ts';

/** What a person has of a call that they look for. */
export interface CallReference {
  /** Ids at a platform that it may be, or that a pasted link holds, the likeliest first. */
  readonly sourceCallIds: readonly string[];
  /** Terms that a call must have all of; empty where it can't be looked for by terms. */
  readonly terms: readonly string[];
}

const maxTerms = 40;
const maxTitleWords = 12;
const maxIds = 8;
/** Firestore indexes the first 1,500 bytes of a text. */
const maxTermLength = 300;
/** Numbers that agree in so many last digits are the same, whatever prefix they were dialled with. */
const phoneDigits = 8;

/**
 * By what a person finds a call again: the words of its title, the addresses and numbers of its
 * people, and its page at the platform. Each term says what it is, so that a word finds no address.
 */
export function toSearchTerms(metadata: CallMetadata): readonly string[] {
  const { title, sourceUrl, participants } = metadata;
  const terms = [
    ...(sourceUrl === null ? [] : toUrlTerms(sourceUrl)),
    ...toWords(title ?? '').slice(0, maxTitleWords),
    ...participants.flatMap(({ email, phone }) => [
      ...(email === null ? [] : [toEmailTerm(email)]),
      ...toPhoneTerms(phone),
    ]),
  ];
  return [...new Set(terms.map((term) => term.slice(0, maxTermLength)))].slice(0, maxTerms);
}

/** Reads what a person typed or pasted: an id, a link, an e-mail address, a phone number, or words of a title. */
export function readReference(text: string): CallReference {
  const given = text.trim();
  const url = toUrl(given);
  if (url) {
    const path = url.pathname.split('/').map(decode);
    const parts = [...url.searchParams.values(), ...path.reverse()];
    const ids = [...new Set(parts.filter((part) => part !== ''))].slice(0, maxIds);
    return { sourceCallIds: ids, terms: toUrlTerms(given) };
  }
  const sourceCallIds = [given];
  if (/^[^\s@]+@[^\s@]+$/.test(given)) return { sourceCallIds, terms: [toEmailTerm(given)] };
  const phone = toPhoneTerms(given);
  return { sourceCallIds, terms: phone.length > 0 ? phone : toWords(given) };
}

function toWords(title: string): readonly string[] {
  const plain = title.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const words = plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  return [...new Set(words)].map((word) => `word ${word}`);
}

function toEmailTerm(email: string): string {
  return `email ${email.trim().toLowerCase()}`;
}

function toPhoneTerms(phone: string | null): readonly string[] {
  const digits = normalisePhone(phone)?.replace('+', '') ?? '';
  return digits === '' ? [] : [`phone ${digits.slice(-phoneDigits)}`];
}

/** Host, path and query: neither the scheme nor where on the page makes it another call. */
function toUrlTerms(text: string): readonly string[] {
  const url = toUrl(text);
  if (!url) return [];
  const path = url.pathname.replace(/\/$/, '');
  return [`url ${url.host.replace(/^www\./, '')}${path}${url.search}`.slice(0, maxTermLength)];
}

function toUrl(text: string): URL | null {
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A stray percent sign stands for itself.
    return part;
  }
}
