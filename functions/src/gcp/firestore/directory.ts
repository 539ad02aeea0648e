import type { CollectionReference, Firestore } from 'firebase-admin/firestore';
import { z } from 'zod';
import type { Company, Contact, Directory } from '../../core/engagements/match-participants.ts';
import type { Clock } from '../../core/ports.ts';
import { collectionsOf } from './collections.ts';
import { parseDocuments, translated } from './documents.ts';

/**
 * What `array-contains-any` takes at most is 30, and 10 on the embedded store; more people than that
 * in one call are rare. @see https://firebase.google.com/docs/firestore/query-data/queries
 */
const maxAlternatives = 10;
const maxCached = 20_000;

const StoredCompany: z.ZodType<Company> = z.object({
  id: z.string(),
  domains: z.array(z.string()),
});
const StoredContact: z.ZodType<Contact> = z.object({
  id: z.string(),
  emails: z.array(z.string()).default([]),
  phones: z.array(z.string()).default([]),
  companyId: z.string().nullable().default(null),
});

/**
 * `companies` and `contacts` of the product, read by domain, e-mail and phone. Answers, also the
 * empty ones, are kept for `cacheMs`: the people of one import meet each other again and again.
 */
export function createFirestoreDirectory(
  db: Firestore,
  options: { readonly clock: Clock; readonly cacheMs: number },
): Directory {
  const { companies, contacts } = collectionsOf(db);
  const byDomain = createLookup({ ...options, find: finder(companies, 'domains', StoredCompany) });
  const byEmail = createLookup({ ...options, find: finder(contacts, 'emails', StoredContact) });
  const byPhone = createLookup({ ...options, find: finder(contacts, 'phones', StoredContact) });
  return {
    findCompanies: (customerId, domains) => byDomain(customerId, domains),
    async findContacts(customerId, { emails, phones }) {
      const found = await Promise.all([byEmail(customerId, emails), byPhone(customerId, phones)]);
      return found.flat();
    },
  };
}

type Find<T> = (
  customerId: string,
  keys: readonly string[],
) => Promise<readonly { readonly keys: readonly string[]; readonly value: T }[]>;

function finder<T extends Company | Contact>(
  collection: CollectionReference,
  field: 'domains' | 'emails' | 'phones',
  schema: z.ZodType<T>,
): Find<T> {
  return (customerId, keys) =>
    translated(async () => {
      const query = collection
        .where('customerId', '==', customerId)
        .where(field, 'array-contains-any', [...keys]);
      const { docs } = await query.get();
      const records = docs.map((doc) => ({ keys: readKeys(doc.get(field)), doc }));
      return records.flatMap(({ keys: own, doc }) =>
        parseDocuments([doc], schema).map((value) => ({ keys: own, value })),
      );
    });
}

function readKeys(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

interface Answer<T> {
  readonly at: number;
  readonly values: Promise<readonly T[]>;
}

/**
 * Looks keys up in batches and remembers each one's answer, from when it is asked: calls that are
 * imported side by side ask for the same people at the same time.
 */
function createLookup<T>(options: {
  readonly clock: Clock;
  readonly cacheMs: number;
  readonly find: Find<T>;
}) {
  const cache = new Map<string, Answer<T>>();
  return async (customerId: string, keys: readonly string[]): Promise<readonly T[]> => {
    const at = options.clock.now().getTime();
    const toId = (key: string) => `${customerId} ${key}`;
    if (cache.size > maxCached) cache.clear();
    const missing = keys.filter((key) => {
      const cached = cache.get(toId(key));
      return !cached || at - cached.at >= options.cacheMs;
    });
    for (let start = 0; start < missing.length; start += maxAlternatives) {
      const batch = missing.slice(start, start + maxAlternatives);
      const finding = options.find(customerId, batch);
      for (const key of batch) {
        const values = finding.then((found) =>
          found.filter((one) => one.keys.includes(key)).map((one) => one.value),
        );
        const answer = { at, values };
        cache.set(toId(key), answer);
        // A failure is not remembered: whoever asks next asks the store.
        values.catch(() => cache.get(toId(key)) === answer && cache.delete(toId(key)));
      }
    }
    const answers = keys.flatMap((key) => cache.get(toId(key)) ?? []);
    const found = await Promise.all(answers.map(({ values }) => values));
    return [...new Set(found.flat())];
  };
}
