import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compareIndexes, IndexFile } from './index-coverage.ts';
import type { RequiredIndex } from './required-index.ts';

const newestJobs: RequiredIndex = {
  kind: 'composite',
  index: {
    collectionGroup: 'importJobs',
    queryScope: 'COLLECTION',
    fields: [
      { fieldPath: 'customerId', order: 'ASCENDING' },
      { fieldPath: 'createdAt', order: 'DESCENDING' },
    ],
  },
};
const automatic = (
  fieldPath: string,
  queryScope: 'COLLECTION' | 'COLLECTION_GROUP' = 'COLLECTION',
): RequiredIndex => ({
  kind: 'automatic',
  collectionGroup: 'importJobs',
  queryScope,
  fields: [fieldPath],
});

describe('compareIndexes', () => {
  it('finds nothing when every query has its index and every index a query', () => {
    const file = IndexFile.parse({ indexes: [newestJobs.index], fieldOverrides: [] });

    expect(compareIndexes([newestJobs, newestJobs, automatic('platform')], file)).toEqual({
      missing: [],
      unused: [],
      exempted: [],
    });
  });

  it('names the index that a query lacks and the one that no query uses', () => {
    const file = IndexFile.parse({
      indexes: [
        {
          collectionGroup: 'contacts',
          queryScope: 'COLLECTION_GROUP',
          fields: [
            { fieldPath: 'emails', arrayConfig: 'CONTAINS' },
            { fieldPath: 'name', order: 'ASCENDING' },
          ],
        },
      ],
      fieldOverrides: [],
    });

    expect(compareIndexes([newestJobs], file)).toEqual({
      missing: ['importJobs: customerId ASC, createdAt DESC'],
      unused: ['every contacts: emails CONTAINS, name ASC'],
      exempted: [],
    });
  });

  it('names the field that a query relies on though it is exempted', () => {
    const file = IndexFile.parse({
      indexes: [],
      fieldOverrides: [
        { collectionGroup: 'importJobs', fieldPath: 'updatedAt', indexes: [] },
        {
          collectionGroup: 'importJobs',
          fieldPath: 'startedAt',
          indexes: [{ order: 'ASCENDING', queryScope: 'COLLECTION' }],
        },
      ],
    });

    expect(
      compareIndexes(
        [automatic('updatedAt'), automatic('startedAt'), automatic('platform', 'COLLECTION_GROUP')],
        file,
      ),
    ).toEqual({
      missing: [],
      unused: [],
      exempted: ['every importJobs: platform', 'importJobs: updatedAt'],
    });
  });
});

describe('firestore.indexes.json', () => {
  it('is what Firebase takes', () => {
    const text = readFileSync(
      path.resolve(import.meta.dirname, '../../../firestore.indexes.json'),
      'utf8',
    );

    expect(() => IndexFile.parse(JSON.parse(text))).not.toThrow();
  });
});
