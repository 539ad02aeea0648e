import { Firestore } from 'firebase-admin/firestore';
import { collectionsOf } from '../../src/gcp/firestore/collections.ts';
import { verbs, type Verb } from './rules-file.ts';

/** One line of what clients may do to documents, whichever judge is asked. */
export interface RulesCase {
  readonly role: Role;
  readonly collection: string;
  readonly verb: Verb;
  readonly isAllowed: boolean;
}

/** Whose document it is that every line is about. */
export const owner = 'acme';
export const storedDocument = { customerId: owner, title: 'Renewal' };

/** The claims of each role; null: nobody is signed in. */
export const roles = {
  nobody: null,
  'a user of the customer': { customerId: owner },
  'a user of another customer': { customerId: 'globex' },
  'a user of no customer': {},
  'a user whose customer is an empty text': { customerId: '' },
  'a user whose customer is a list with it': { customerId: [owner] },
  'a user whose customer is null': { customerId: null },
  'support without a customer': { role: 'support' },
  'an admin without a customer': { role: 'admin' },
  'support for another customer': { role: 'support', customerId: 'globex' },
} as const satisfies Record<string, Readonly<Record<string, unknown>> | null>;
export type Role = keyof typeof roles;
// The keys of the object above, which has no others.
export const roleNames = Object.keys(roles) as readonly Role[];

/** Every collection that the engine stores documents in, from the code that names them. */
export function listCollections(): string[] {
  const collections = collectionsOf(new Firestore({ projectId: 'demo-rules' }));
  return Object.values(collections).map((collection) =>
    typeof collection === 'function' ? collection('job-1').path : collection.path,
  );
}

const readable = ['importJobs', 'engagements'];
/** What nobody has thought of yet, and what lies below that which may be read. */
const more = ['users', 'importJobs/job-1/secrets', 'engagements/call-1/notes', 'a/b/c/d/e'];

/** Every role, collection and verb. */
export function listCases(): RulesCase[] {
  return [...listCollections(), ...more].flatMap((collection) =>
    roleNames.flatMap((role) =>
      verbs.map((verb) => ({
        ...{ role, collection, verb },
        isAllowed:
          role === 'a user of the customer' &&
          readable.includes(collection) &&
          (verb === 'get' || verb === 'list'),
      })),
    ),
  );
}

/** Objects of the bucket, each of which is closed to every client. */
export const objectPaths = [
  'customers/acme/calls/call-1/media.mp3',
  'customers/acme/calls/call-1/transcript.json',
  'customers/acme/uploads/upload-1',
  'anything',
] as const;
