import { FirestoreMock } from '@firebase-bridge/firestore-admin';
import { FieldPath, Filter } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore, Query } from 'firebase-admin/firestore';
import { recordQueries } from './query-recorder.ts';
import { requiredIndexFor } from './required-index.ts';
import type { RequiredIndex } from './required-index.ts';

let firestore: Firestore;

beforeAll(() => {
  firestore = new FirestoreMock().createDatabase().firestore();
});

/** What the SDK's own message for a query needs. */
async function requirementOf(query: Query): Promise<RequiredIndex[]> {
  const recorder = recordQueries(firestore);
  try {
    await query.get();
  } finally {
    recorder.stop();
  }
  return recorder.queries.map(requiredIndexFor);
}

const id = FieldPath.documentId();
const jobs = () => firestore.collection('importJobs');
type Build = (collection: CollectionReference) => Query;

describe('requiredIndexFor', () => {
  it.each<[string, Build, string[]]>([
    ['a whole collection', (c) => c, []],
    ['one equality', (c) => c.where('customerId', '==', 'c1'), ['customerId']],
    [
      'equalities, which are merged',
      (c) => c.where('platform', 'in', ['gong', 'grain']).where('customerId', '==', 'c1'),
      ['customerId', 'platform'],
    ],
    ['a comparison with null', (c) => c.where('endedAt', '==', null), ['endedAt']],
    ['one range', (c) => c.where('leaseUntil', '<', 5), ['leaseUntil']],
    [
      'a range from both sides, sorted by the same field',
      (c) => c.where('n', '>=', 1).where('n', '<', 5).orderBy('n', 'desc'),
      ['n'],
    ],
    ['one sort order', (c) => c.orderBy('createdAt', 'desc'), ['createdAt']],
    [
      'a sort order with the id in the same direction',
      (c) => c.orderBy('createdAt', 'desc').orderBy(id, 'desc'),
      ['createdAt'],
    ],
    [
      'equalities in the order of ids',
      (c) => c.where('a', '==', 1).where('b', '==', 2).orderBy(id, 'desc'),
      ['a', 'b'],
    ],
    ['a sort order by a field that is fixed', (c) => c.where('a', '==', 1).orderBy('a'), ['a']],
    ['membership in an array', (c) => c.where('tags', 'array-contains', 'x'), ['tags']],
    ['an id', (c) => c.where(id, '==', 'j1'), []],
  ])('asks for no composite index for %s', async (_name, build, fields) => {
    expect(await requirementOf(build(jobs()))).toEqual([
      { kind: 'automatic', collectionGroup: 'importJobs', queryScope: 'COLLECTION', fields },
    ]);
  });

  it.each<[string, Build, string[]]>([
    [
      'an equality with a sort order',
      (c) => c.where('customerId', '==', 'c1').orderBy('createdAt', 'desc'),
      ['customerId ASCENDING', 'createdAt DESCENDING'],
    ],
    [
      'an equality with a range',
      (c) => c.where('status', 'in', ['pending', 'downloading']).where('leaseUntil', '<', 5),
      ['status ASCENDING', 'leaseUntil ASCENDING'],
    ],
    [
      'a difference, which is a range',
      (c) => c.where('jobId', '==', 'j1').where('status', '!=', 'completed'),
      ['jobId ASCENDING', 'status ASCENDING'],
    ],
    [
      'equalities in any order with a sort order',
      (c) =>
        c.where('status', '==', 's').where('customerId', '==', 'c').orderBy('createdAt', 'desc'),
      ['customerId ASCENDING', 'status ASCENDING', 'createdAt DESCENDING'],
    ],
    [
      'a range that is not sorted by, after the sort order and in its direction',
      (c) => c.where('createdAt', '<', 9).where('attempts', '>', 1).orderBy('createdAt', 'desc'),
      ['createdAt DESCENDING', 'attempts DESCENDING'],
    ],
    [
      'two sort orders',
      (c) => c.orderBy('platform').orderBy('createdAt', 'desc'),
      ['platform ASCENDING', 'createdAt DESCENDING'],
    ],
    [
      'an id against the direction of the sort order',
      (c) => c.orderBy('createdAt', 'desc').orderBy(id, 'asc'),
      ['createdAt DESCENDING', '__name__ ASCENDING'],
    ],
    ['descending ids', (c) => c.orderBy(id, 'desc'), ['__name__ DESCENDING']],
    [
      'membership in an array with an equality',
      (c) => c.where('emails', 'array-contains-any', ['e']).where('customerId', '==', 'c1'),
      ['customerId ASCENDING', 'emails CONTAINS'],
    ],
  ])('asks for a composite index for %s', async (_name, build, fields) => {
    const [requirement] = await requirementOf(build(jobs()));

    expect(requirement).toMatchObject({
      kind: 'composite',
      index: { collectionGroup: 'importJobs', queryScope: 'COLLECTION' },
    });
    expect(
      requirement?.kind === 'composite' &&
        requirement.index.fields.map((field) =>
          'order' in field
            ? `${field.fieldPath} ${field.order}`
            : `${field.fieldPath} ${field.arrayConfig}`,
        ),
    ).toEqual(fields);
  });

  it('asks for an index over the whole group for a query on a collection group', async () => {
    const query = firestore.collectionGroup('pages').where('jobId', '==', 'j1').orderBy('number');

    expect(await requirementOf(query)).toEqual([
      {
        kind: 'composite',
        index: {
          collectionGroup: 'pages',
          queryScope: 'COLLECTION_GROUP',
          fields: [
            { fieldPath: 'jobId', order: 'ASCENDING' },
            { fieldPath: 'number', order: 'ASCENDING' },
          ],
        },
      },
    ]);
  });

  it('refuses a disjunction, which needs an index for each of its parts', async () => {
    const query = jobs().where(Filter.or(Filter.where('a', '==', 1), Filter.where('b', '==', 2)));

    await expect(requirementOf(query)).rejects.toThrow('"AND"');
  });
});

describe('recordQueries', () => {
  const byCustomer = () => jobs().where('customerId', '==', 'c1').orderBy('createdAt');

  it.each<[string, () => Promise<unknown>]>([
    ['get', () => byCustomer().get()],
    ['count', () => byCustomer().count().get()],
    [
      'stream',
      async () => {
        for await (const document of byCustomer().stream()) void document;
      },
    ],
    ['get in a transaction', () => firestore.runTransaction((t) => t.get(byCustomer()))],
    ['count in a transaction', () => firestore.runTransaction((t) => t.get(byCustomer().count()))],
    [
      'a page after a document',
      async () => {
        await jobs().doc('j1').set({ customerId: 'c1', createdAt: 1 });
        await byCustomer()
          .startAfter(await jobs().doc('j1').get())
          .limit(1)
          .get();
      },
    ],
  ])('sees a query by %s, with its index', async (_name, send) => {
    const recorder = recordQueries(firestore);
    await send();
    recorder.stop();

    expect(recorder.queries.map(requiredIndexFor)).toEqual([
      {
        kind: 'composite',
        index: {
          collectionGroup: 'importJobs',
          queryScope: 'COLLECTION',
          fields: [
            { fieldPath: 'customerId', order: 'ASCENDING' },
            { fieldPath: 'createdAt', order: 'ASCENDING' },
          ],
        },
      },
    ]);
  });

  it('sees no reads by id, and nothing once it is stopped', async () => {
    const recorder = recordQueries(firestore);
    await jobs().doc('j1').get();
    recorder.stop();
    await byCustomer().get();

    expect(recorder.queries).toEqual([]);
  });
});
