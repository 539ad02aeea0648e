import { z } from 'zod';
import type { SourceParticipant } from '../core/imports/source-call.ts';
import { describeIssues } from './issues.ts';

const maxPeople = 100;

const Text = z.string().trim().max(320).nullish();
const Person = z.strictObject({
  name: Text,
  email: z.union([z.literal(''), z.email().max(320)]).nullish(),
  phone: z.union([z.literal(''), z.string().regex(/^\+?[\d\s().-]{3,40}$/)]).nullish(),
  role: z.enum(['internal', 'external', 'unknown']).nullish(),
});

export type PeopleReading =
  | { readonly people: readonly SourceParticipant[] }
  /** What is wrong, without a word about whom; `at` is the place in an array, null in a text. */
  | { readonly problem: string; readonly at: number | null };

/**
 * Reads participants: an array of `{ name?, email?, phone?, role? }`, or a text such as
 * `Ann <ann@acme.test> (external); Bob; +49 30 1234567`.
 */
export function parsePeople(input: unknown): PeopleReading {
  if (input === undefined || input === null || input === '') return { people: [] };
  const isText = typeof input === 'string';
  const entries = isText ? splitText(input) : input;
  const list = z.array(z.unknown()).safeParse(entries);
  if (!list.success) return { problem: 'An array or a text is expected.', at: null };
  if (list.data.length > maxPeople) {
    return { problem: `There are more than ${String(maxPeople)} people.`, at: null };
  }
  const people: SourceParticipant[] = [];
  for (const [index, entry] of list.data.entries()) {
    const at = isText ? null : index;
    const place = isText ? `Person ${String(index + 1)}: ` : '';
    const parsed = Person.safeParse(entry);
    if (!parsed.success) return { problem: `${place}${describeIssues(parsed.error)}.`, at };
    const { name, email, phone, role } = parsed.data;
    if (!name && !email && !phone) {
      return { problem: `${place}A name, an e-mail address or a phone number is expected.`, at };
    }
    people.push({
      id: null,
      name: name || null,
      email: email?.toLowerCase() || null,
      phone: phone || null,
      role: role ?? 'unknown',
      attended: null,
    });
  }
  return { people };
}

/** Not at commas: `Miller, Ann` is one person. */
function splitText(text: string): readonly Readonly<Record<string, string>>[] {
  return text
    .split(/[;|\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(toPerson);
}

function toPerson(text: string): Readonly<Record<string, string>> {
  const role = /\((internal|external|unknown)\)$/i.exec(text);
  const rest = role === null ? text : text.slice(0, role.index).trim();
  const known = role?.[1] === undefined ? {} : { role: role[1].toLowerCase() };
  const bracketed = /^(.*)<([^<>]*)>$/.exec(rest);
  if (bracketed !== null) {
    const [, name = '', address = ''] = bracketed;
    return { name: unquote(name), ...toAddress(address.trim()), ...known };
  }
  const isName = !rest.includes('@') && !/^\+?[\d\s().-]{3,}$/.test(rest);
  return isName ? { name: unquote(rest), ...known } : { ...toAddress(rest), ...known };
}

function toAddress(text: string): Readonly<Record<string, string>> {
  return /^\+?[\d\s().-]+$/.test(text) ? { phone: text } : { email: text };
}

function unquote(text: string): string {
  return text.trim().replace(/^"(.*)"$/, '$1');
}
