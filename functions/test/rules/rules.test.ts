import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRules, verbs, type RulesFile } from './rules-file.ts';
import { listCases, listCollections, objectPaths, roles, storedDocument } from './rules-table.ts';

/*
 * The rules by which clients read Firestore and Storage, decided here by a reader of the part of the
 * language that they use: docs/decisions/0013-rules-without-an-emulator.md. Google's own judge is
 * asked by rules-emulator.test.ts.
 */

const repository = join(import.meta.dirname, '../../..');

function read(name: string): RulesFile {
  return readRules(readFileSync(join(repository, name), 'utf8'));
}

describe('firestore.rules', () => {
  const rules = read('firestore.rules');

  it('let a customer’s user read that customer’s jobs and engagements, and nobody anything else', () => {
    const cases = listCases();
    const wrong = cases.filter(({ role, collection, verb, isAllowed }) => {
      const path = `/databases/(default)/documents/${collection}/document-1`;
      const request = { verb, path, claims: roles[role], data: storedDocument };
      return rules.allows(request) !== isAllowed;
    });
    expect(wrong).toEqual([]);
    expect(cases.filter(({ isAllowed }) => isAllowed)).toEqual([
      expect.objectContaining({ collection: 'importJobs', verb: 'get' }),
      expect.objectContaining({ collection: 'importJobs', verb: 'list' }),
      expect.objectContaining({ collection: 'engagements', verb: 'get' }),
      expect.objectContaining({ collection: 'engagements', verb: 'list' }),
    ]);
    process.stdout.write(`Counted: ${cases.length} questions to firestore.rules\n`);
  });

  it('are asked about every collection that the engine stores documents in', () => {
    expect(listCollections()).toEqual(
      expect.arrayContaining([
        ...['importJobs', 'importJobs/job-1/pages', 'importJobs/job-1/counters', 'importedCalls'],
        ...['engagements', 'importCredentials', 'rateBudgets', 'companies', 'contacts'],
      ]),
    );
  });

  it.each([
    ['a document that is not there', null],
    ['a document of no customer', {}],
    ['a document whose customer is null', { customerId: null }],
  ])('deny %s, whoever asks', (_what, data) => {
    const path = '/databases/(default)/documents/importJobs/document-1';
    const allowed = Object.values(roles).filter((claims) =>
      verbs.some((verb) => rules.allows({ verb, path, claims, data })),
    );
    expect(allowed).toEqual([]);
  });
});

describe('storage.rules', () => {
  it('let nobody do anything: recordings go by signed links', () => {
    const rules = read('storage.rules');
    const allowed = objectPaths.flatMap((object) =>
      Object.values(roles).filter((claims) =>
        verbs.some((verb) =>
          rules.allows({ verb, path: `/b/bucket/o/${object}`, claims, data: storedDocument }),
        ),
      ),
    );
    expect(allowed).toEqual([]);
  });
});

describe('the reader of rules', () => {
  const inService = (text: string) =>
    readRules(`rules_version = '2';\nservice cloud.firestore {\n${text}\n}`);
  const request = { verb: 'get', path: '/a/b', claims: {}, data: {} } as const;

  it('sees a rule that allows too much', () => {
    const open = inService('match /{document=**} { allow read: if true; }');
    expect(verbs.filter((verb) => open.allows({ ...request, verb }))).toEqual(['get', 'list']);
    const signedIn = inService('match /a/{id} { allow write: if request.auth != null; }');
    expect(signedIn.allows({ ...request, verb: 'delete' })).toBe(true);
    expect(signedIn.allows({ ...request, verb: 'delete', claims: null })).toBe(false);
    expect(signedIn.allows({ ...request, verb: 'delete', path: '/a/b/c/d' })).toBe(false);
  });

  it.each([
    'match /a/{id} { allow read; }',
    'match /a/{id} { allow read: if request.auth.uid == id || true; }',
    'match /a/{id} { allow every: if false; }',
    'match /a/{id} { allow read: if get(/a/b).data.open; }',
    'let x = 1;',
  ])('refuses to read what it does not know: %s', (text) => {
    expect(() => inService(text).allows(request)).toThrow('Not known in rules');
  });
});
