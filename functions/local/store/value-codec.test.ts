import { FieldValue, Firestore, GeoPoint, Timestamp } from 'firebase-admin/firestore';
import { decodeFields, encodeFields } from './value-codec.ts';

const firestore = new Firestore({ projectId: 'demo-codec' });

describe('the codec of documents', () => {
  it('writes JSON values as they are, without a copy', () => {
    const data = { text: 'a', list: null, map: { n: 1 } };
    expect(encodeFields(data)).toBe(data);
  });

  it('names what JSON has no word for', () => {
    const data = {
      at: new Timestamp(5, 6_000),
      bytes: Buffer.from('hi'),
      numbers: [NaN, Infinity, -Infinity, -0],
      big: 12n,
      place: new GeoPoint(1, 2),
      reference: firestore.doc('importJobs/a'),
      vector: FieldValue.vector([1, 2]),
      odd: { $bytes: 'a user text' },
    };
    expect(JSON.parse(JSON.stringify(encodeFields(data)))).toEqual({
      at: { $timestamp: [5, 6000] },
      bytes: { $bytes: 'aGk=' },
      numbers: [
        { $number: 'NaN' },
        { $number: 'Infinity' },
        { $number: '-Infinity' },
        { $number: '-0' },
      ],
      big: { $bigint: '12' },
      place: { $geoPoint: [1, 2] },
      reference: { $reference: 'importJobs/a' },
      vector: { $vector: [1, 2] },
      odd: { $map: { $bytes: 'a user text' } },
    });
  });

  it('reads back what it wrote', () => {
    const data = {
      at: new Timestamp(5, 6_000),
      bytes: Buffer.from('hi'),
      nested: [{ deep: { numbers: [NaN, -0, 1.5] } }],
      place: new GeoPoint(1, 2),
      big: 12n,
      vector: FieldValue.vector([1, 2]),
      odd: { $map: { $map: { $x: 1 } } },
      many: { $a: 1, $b: 2 },
    };
    const read = decodeFields(JSON.parse(JSON.stringify(encodeFields(data))), firestore);
    expect(read).toEqual(data);
  });

  it('binds references to the store', () => {
    const encoded = encodeFields({ reference: firestore.doc('importJobs/a') });
    const reference: unknown = decodeFields(encoded, firestore)['reference'];
    expect(reference).toEqual(firestore.doc('importJobs/a'));
  });

  it('refuses what a document cannot hold', () => {
    expect(() => encodeFields({ run: () => 1 })).toThrow("A document can't hold a function.");
    expect(() => encodeFields({ when: new Date(0) })).toThrow('not known');
  });
});
