import type { SourceParticipant } from '../imports/source-call.ts';
import { toCompanyDomain } from './clean-participants.ts';
import type { Participant } from './engagement.ts';

export interface Company {
  readonly id: string;
  readonly domains: readonly string[];
}

export interface Contact {
  readonly id: string;
  readonly emails: readonly string[];
  readonly phones: readonly string[];
  readonly companyId: string | null;
}

/** The customer's own companies and contacts. */
export interface Directory {
  /** Companies of this customer that have one of the domains. */
  findCompanies(customerId: string, domains: readonly string[]): Promise<readonly Company[]>;
  /** Contacts of this customer that have one of the addresses or numbers. */
  findContacts(
    customerId: string,
    by: { readonly emails: readonly string[]; readonly phones: readonly string[] },
  ): Promise<readonly Contact[]>;
}

/** Looks people up in the customer's directory: contacts by e-mail or phone, companies by domain. */
export async function matchParticipants(
  directory: Directory,
  customerId: string,
  people: readonly SourceParticipant[],
): Promise<readonly Participant[]> {
  const emails = unique(people.map((person) => person.email));
  const phones = unique(people.map((person) => person.phone));
  const domains = unique(people.map((person) => toCompanyDomain(person.email)));
  const [companies, contacts] = await Promise.all([
    domains.length > 0 ? directory.findCompanies(customerId, domains) : [],
    emails.length + phones.length > 0 ? directory.findContacts(customerId, { emails, phones }) : [],
  ]);
  return people.map((person) => toParticipant(person, companies, contacts));
}

function toParticipant(
  person: SourceParticipant,
  companies: readonly Company[],
  contacts: readonly Contact[],
): Participant {
  const { email, phone } = person;
  const domain = toCompanyDomain(email);
  const contact =
    contacts.find((one) => email !== null && one.emails.includes(email)) ??
    contacts.find((one) => phone !== null && one.phones.includes(phone)) ??
    null;
  const company = companies.find((one) => domain !== null && one.domains.includes(domain)) ?? null;
  return {
    name: person.name,
    email,
    phone,
    role: person.role,
    attended: person.attended,
    speakerId: person.id,
    contactId: contact?.id ?? null,
    companyId: contact?.companyId ?? company?.id ?? null,
  };
}

function unique(values: readonly (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null))];
}
