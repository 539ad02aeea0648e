import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  assertFails,
  assertSucceeds,
  initializeTestEnvironment,
  type RulesTestContext,
  type RulesTestEnvironment,
} from '@firebase/rules-unit-testing';
import type { Verb } from './rules-file.ts';
import {
  listCases,
  objectPaths,
  owner,
  roleNames,
  roles,
  storedDocument,
  type Role,
} from './rules-table.ts';

/*
 * The same questions to Google's own judge, wherever an emulator is configured:
 * npx firebase-tools emulators:exec --only firestore,storage 'npm run test:rules'
 */

const firestoreHost = process.env['FIRESTORE_EMULATOR_HOST'];
const storageHost = process.env['FIREBASE_STORAGE_EMULATOR_HOST'];
// An emulator needs Java, which few machines have: what was not asked is counted below.
const onFirestore = firestoreHost ? describe : describe.skip;
const onStorage = storageHost ? describe : describe.skip;
const repository = join(import.meta.dirname, '../../..');

let environment: RulesTestEnvironment;

beforeAll(async () => {
  if (!firestoreHost && !storageHost) return;
  // Both hosts are read from the environment.
  environment = await initializeTestEnvironment({
    projectId: 'demo-rules',
    ...(firestoreHost && { firestore: { rules: await read('firestore.rules') } }),
    ...(storageHost && { storage: { rules: await read('storage.rules') } }),
  });
});

afterAll(async () => {
  if (firestoreHost || storageHost) await environment.cleanup();
});

// Not in a hook: jest runs none where every test is skipped.
if (!firestoreHost) sayNotRun('firestore.rules', 'FIRESTORE_EMULATOR_HOST');
if (!storageHost) sayNotRun('storage.rules', 'FIREBASE_STORAGE_EMULATOR_HOST');

function sayNotRun(name: string, variable: string): void {
  process.stdout.write(
    `Counted: ${name} were not put to Google's emulator: ${variable} is not set\n`,
  );
}

function read(name: string): Promise<string> {
  return readFile(join(repository, name), 'utf8');
}

function signIn(role: Role): RulesTestContext {
  const claims = roles[role];
  return claims
    ? environment.authenticatedContext('user', claims)
    : environment.unauthenticatedContext();
}

onFirestore('firestore.rules on the emulator', () => {
  function ask(role: Role, collection: string, verb: Verb): Promise<unknown> {
    const documents = signIn(role).firestore().collection(collection);
    const document = documents.doc('document-1');
    if (verb === 'get') return document.get();
    if (verb === 'list') return documents.where('customerId', '==', owner).get();
    if (verb === 'create') return documents.doc('document-2').set(storedDocument);
    return verb === 'update' ? document.update({ title: 'Other' }) : document.delete();
  }

  it('answer every line of the table', async () => {
    const cases = listCases();
    await environment.withSecurityRulesDisabled(async (context) => {
      for (const collection of new Set(cases.map((each) => each.collection))) {
        await context.firestore().doc(`${collection}/document-1`).set(storedDocument);
      }
    });
    for (const { role, collection, verb, isAllowed } of cases) {
      const asked = ask(role, collection, verb);
      await (isAllowed ? assertSucceeds(asked) : assertFails(asked));
    }
  });

  it('refuse a list that could hold another customer’s documents', async () => {
    const jobs = signIn('a user of the customer').firestore().collection('importJobs');
    await assertFails(jobs.get());
    await assertFails(jobs.where('customerId', '==', 'globex').get());
  });
});

onStorage('storage.rules on the emulator', () => {
  it.each(objectPaths)('close %s to everybody', async (path) => {
    for (const role of roleNames) {
      const object = signIn(role).storage().ref(path);
      await assertFails(object.getDownloadURL());
      await assertFails(Promise.resolve(object.putString('bytes')));
      await assertFails(object.delete());
    }
  });
});
