import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FieldPath, FieldValue, GeoPoint, Timestamp } from 'firebase-admin/firestore';
import type { CollectionReference, Firestore } from 'firebase-admin/firestore';
import { openEmbeddedFirestore } from '../../local/store/embedded-firestore.ts';
import type { DocumentWrite, EmbeddedFirestore } from '../../local/store/embedded-store.ts';

/**
 * Every behaviour of Firestore that the engine relies on, on the embedded store or, where
 * FIRESTORE_EMULATOR_HOST names one, on Google's emulator.
 */
const isEmulator = Boolean(process.env['FIRESTORE_EMULATOR_HOST']);
// Where the two differ, what is said of one cannot be asked of the other.
const onEmbedded = isEmulator ? it.skip : it;
const onEmulator = isEmulator ? it : it.skip;
const projectId = 'demo-store-contract';

let store: EmbeddedFirestore;
let db: Firestore;
let tests = 0;
/** A collection of this test alone. */
let things: CollectionReference;

beforeAll(async () => {
  store = await openEmbeddedFirestore({ folder: null, projectId });
  db = store.firestore;
});

afterAll(() => store.close());

beforeEach(() => {
  tests += 1;
  things = db.collection(`things-${process.pid}-${tests}`);
});

const alreadyExists = { code: 6 };
const notFound = { code: 5 };
const failedPrecondition = { code: 9 };
const invalidArgument = { code: 3 };

describe('single writes', () => {
  it('creates a document that was not there', async () => {
    await things.doc('a').create({ state: 'pending' });
    expect((await things.doc('a').get()).data()).toEqual({ state: 'pending' });
  });

  it('refuses to create a document that is there, and leaves it as it was', async () => {
    await things.doc('a').create({ state: 'pending' });
    await expect(things.doc('a').create({ state: 'other' })).rejects.toMatchObject(alreadyExists);
    expect((await things.doc('a').get()).data()).toEqual({ state: 'pending' });
  });

  it('lets exactly one of 20 concurrent creations of one document succeed', async () => {
    const creations = Array.from({ length: 20 }, (_, by) => things.doc('a').create({ by }));
    const results = await Promise.allSettled(creations);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('refuses to update a document that is not there', async () => {
    await expect(things.doc('a').update({ state: 'x' })).rejects.toMatchObject(notFound);
  });

  it('updates one nested field and leaves its siblings', async () => {
    await things.doc('a').set({ lease: { owner: 'me', epoch: 1 }, state: 'pending' });
    await things.doc('a').update({ 'lease.epoch': 2 });
    expect((await things.doc('a').get()).data()).toEqual({
      lease: { owner: 'me', epoch: 2 },
      state: 'pending',
    });
  });

  it('merges a map into another', async () => {
    await things.doc('a').set({ counts: { done: 1, failed: 2 } });
    await things.doc('a').set({ counts: { done: 5 } }, { merge: true });
    expect((await things.doc('a').get()).data()).toEqual({ counts: { done: 5, failed: 2 } });
  });

  it('refuses a write whose document has changed since the time that it names', async () => {
    const { writeTime } = await things.doc('a').set({ n: 1 });
    await things.doc('a').update({ n: 2 });
    const stale = things.doc('a').update({ n: 3 }, { lastUpdateTime: writeTime });
    await expect(stale).rejects.toMatchObject(failedPrecondition);
  });

  it('deletes a field, and deletes a document that is not there without complaint', async () => {
    await things.doc('a').set({ keep: 1, drop: 2 });
    await things.doc('a').update({ drop: FieldValue.delete() });
    expect((await things.doc('a').get()).data()).toEqual({ keep: 1 });
    await expect(things.doc('never').delete()).resolves.toBeDefined();
  });

  it('adds up 50 concurrent increments', async () => {
    await Promise.all(
      Array.from({ length: 50 }, () =>
        things.doc('a').set({ n: FieldValue.increment(2) }, { merge: true }),
      ),
    );
    expect((await things.doc('a').get()).get('n')).toBe(100);
  });

  it('gives later writes later times', async () => {
    const first = await things.doc('a').set({ n: 1 });
    const second = await things.doc('b').set({ n: 1 });
    expect(second.writeTime.toMillis()).toBeGreaterThanOrEqual(first.writeTime.toMillis());
  });
});

describe('values', () => {
  it('keeps every kind of value as it was', async () => {
    const value = {
      text: 'Grüße, 世界 \u2028 👋',
      integer: 9_007_199_254_740_991,
      negative: -1.5,
      notANumber: NaN,
      infinite: -Infinity,
      yes: true,
      nothing: null,
      at: new Timestamp(1_700_000_000, 123_456_000),
      bytes: Buffer.from([0, 255, 128]),
      place: new GeoPoint(52.5, -13.4),
      emptyMap: {},
      emptyList: [],
      list: [1, 'two', null, { three: [3] }],
      $odd: { $timestamp: 'a text' },
    };
    await things.doc('a').set(value);
    expect((await things.doc('a').get()).data()).toEqual(value);
  });

  it('keeps a timestamp to the microsecond and cuts the rest', async () => {
    await things.doc('a').set({ at: new Timestamp(1_700_000_000, 123_456_789) });
    const at: Timestamp = (await things.doc('a').get()).get('at');
    expect([at.seconds, at.nanoseconds]).toEqual([1_700_000_000, 123_456_000]);
  });

  it('keeps maps and lists in each other, 19 levels deep', async () => {
    let nested: unknown = 'bottom';
    for (let level = 0; level < 18; level += 1) nested = level % 2 ? [nested] : { in: nested };
    await things.doc('a').set({ nested });
    expect((await things.doc('a').get()).get('nested')).toEqual(nested);
  });

  it('refuses undefined before anything is sent', () => {
    expect(() => things.doc('a').set({ value: undefined })).toThrow('undefined');
  });

  it('refuses a document of more than 1 MiB and takes one just below', async () => {
    await expect(things.doc('a').set({ text: 'x'.repeat(1_048_576) })).rejects.toMatchObject(
      invalidArgument,
    );
    expect((await things.doc('a').get()).exists).toBe(false);
    await things.doc('a').set({ text: 'x'.repeat(1_040_000) });
    expect((await things.doc('a').get()).get('text')).toHaveLength(1_040_000);
  });

  it('takes the ids that we use, and refuses the reserved ones', async () => {
    const ids = ['0123456789abcdefghij', 'MFRGGZDFMZTWQ2LK', 'gong:acme.example', 'ä ö', '2026-01'];
    for (const id of ids) await things.doc(id).set({ id });
    const found = await things.get();
    expect(found.docs.map((doc) => doc.get('id')).sort()).toEqual([...ids].sort());
    await expect(things.doc('__reserved__').set({})).rejects.toMatchObject(invalidArgument);
  });
});

describe('reads', () => {
  it('gets many documents in the order asked, the missing among them', async () => {
    await things.doc('a').set({ n: 1 });
    await things.doc('c').set({ n: 3 });
    const found = await db.getAll(...['c', 'b', 'a'].map((id) => things.doc(id)));
    expect(found.map((doc) => [doc.id, doc.exists, doc.get('n')])).toEqual([
      ['c', true, 3],
      ['b', false, undefined],
      ['a', true, 1],
    ]);
  });

  it('gives only the selected fields of a query', async () => {
    await things.doc('a').set({ small: 1, large: 'x'.repeat(1000) });
    const selected = await things.select('small').get();
    expect(selected.docs.map((doc) => doc.data())).toEqual([{ small: 1 }]);
  });

  // The embedded store gives whole documents here: more than was asked, so nothing may rely on less.
  onEmulator('gives only the fields of a mask', async () => {
    await things.doc('a').set({ small: 1, large: 'x'.repeat(1000) });
    const [found] = await db.getAll(things.doc('a'), { fieldMask: ['small'] });
    expect(found?.data()).toEqual({ small: 1 });
  });

  it('reads its own write at once', async () => {
    for (let n = 0; n < 20; n += 1) {
      await things.doc('a').set({ n });
      expect((await things.where('n', '==', n).get()).size).toBe(1);
    }
  });
});

describe('transactions', () => {
  it('lose none of 50 concurrent read-then-write increments', async () => {
    await things.doc('a').set({ n: 0 });
    const increment = () =>
      db.runTransaction(
        async (transaction) => {
          const n: number = (await transaction.get(things.doc('a'))).get('n');
          transaction.update(things.doc('a'), { n: n + 1 });
        },
        { maxAttempts: 200 },
      );
    await Promise.all(Array.from({ length: 50 }, increment));
    expect((await things.doc('a').get()).get('n')).toBe(50);
  }, 60_000);

  onEmbedded('lose nothing within one millisecond', async () => {
    const frozen = await openEmbeddedFirestore({
      folder: null,
      projectId,
      clock: { now: () => new Date('2026-01-05T10:00:00.000Z') },
    });
    const counter = frozen.firestore.doc('counters/a');
    await counter.set({ n: 0 });
    const increment = () =>
      frozen.firestore.runTransaction(
        async (transaction) => {
          const n: number = (await transaction.get(counter)).get('n');
          transaction.update(counter, { n: n + 1 });
        },
        { maxAttempts: 100 },
      );
    await Promise.all(Array.from({ length: 10 }, increment));
    expect((await counter.get()).get('n')).toBe(10);
    await frozen.close();
  });

  it('write nothing when they throw', async () => {
    await things.doc('a').set({ n: 1 });
    const failing = db.runTransaction(async (transaction) => {
      await transaction.get(things.doc('a'));
      transaction.update(things.doc('a'), { n: 2 });
      transaction.create(things.doc('b'), { n: 2 });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect((await things.doc('a').get()).get('n')).toBe(1);
    expect((await things.doc('b').get()).exists).toBe(false);
  });

  it('write nothing when one precondition fails', async () => {
    await things.doc('taken').set({ n: 1 });
    const failing = db.runTransaction(async (transaction) => {
      transaction.create(things.doc('free'), { n: 1 });
      transaction.create(things.doc('taken'), { n: 2 });
    });
    await expect(failing).rejects.toMatchObject(alreadyExists);
    expect((await things.doc('free').get()).exists).toBe(false);
    expect((await things.doc('taken').get()).get('n')).toBe(1);
  });

  it('run again when a document that was missing to them has been created meanwhile', async () => {
    let runs = 0;
    await db.runTransaction(async (transaction) => {
      runs += 1;
      const seen = await transaction.get(things.doc('a'));
      if (runs === 1) void things.doc('a').set({ by: 'other' });
      // Long enough for the other write to be there, where it is not held back by our read.
      if (runs === 1) await things.doc('unrelated').get();
      transaction.set(things.doc('b'), { sawA: seen.exists });
    });
    expect((await things.doc('b').get()).exists).toBe(true);
  });

  it('see one state of the store through all their reads', async () => {
    await Promise.all([things.doc('a').set({ n: 0 }), things.doc('b').set({ n: 0 })]);
    const move = async (step: number): Promise<void> => {
      const batch = db.batch();
      batch.update(things.doc('a'), { n: FieldValue.increment(step) });
      batch.update(things.doc('b'), { n: FieldValue.increment(-step) });
      await batch.commit();
    };
    const sums: number[] = [];
    const look = () =>
      db.runTransaction(async (transaction) => {
        const a = await transaction.get(things.doc('a'));
        const b = await transaction.get(things.doc('b'));
        sums.push(Number(a.get('n')) + Number(b.get('n')));
      });
    await Promise.all([move(1), look(), move(2), look(), move(3), look(), move(4)]);
    expect(new Set(sums)).toEqual(new Set([0]));
  });

  it('query, and give up a result that changed before they commit', async () => {
    await things.doc('a').set({ state: 'free' });
    const claim = (owner: string) =>
      db.runTransaction(async (transaction) => {
        const found = await transaction.get(things.where('state', '==', 'free').limit(1));
        const [first] = found.docs;
        if (first === undefined) return null;
        transaction.update(first.ref, { state: 'taken', owner });
        return owner;
      });
    const winners = await Promise.all(['x', 'y', 'z'].map(claim));
    expect(winners.filter((owner) => owner !== null)).toHaveLength(1);
  });

  it('refuse reads after writes', async () => {
    const failing = db.runTransaction(async (transaction) => {
      transaction.set(things.doc('a'), { n: 1 });
      await transaction.get(things.doc('b'));
    });
    await expect(failing).rejects.toThrow('reads to be executed before all writes');
  });
});

describe('batches', () => {
  it('apply all of 500 writes', async () => {
    const batch = db.batch();
    for (let n = 0; n < 500; n += 1) batch.create(things.doc(`d${n}`), { n });
    await batch.commit();
    expect((await things.count().get()).data().count).toBe(500);
  });

  it('apply none when one fails', async () => {
    await things.doc('taken').set({ n: 1 });
    const batch = db.batch();
    batch.set(things.doc('free'), { n: 1 });
    batch.create(things.doc('taken'), { n: 2 });
    await expect(batch.commit()).rejects.toMatchObject(alreadyExists);
    expect((await things.doc('free').get()).exists).toBe(false);
  });
});

describe('queries', () => {
  const at = (second: number): Timestamp => new Timestamp(1_700_000_000 + second, 0);

  beforeEach(async () => {
    const batch = db.batch();
    const rows = [
      ['a', 'pending', 1, at(5)],
      ['b', 'pending', 2, at(4)],
      ['c', 'failed', 3, at(3)],
      ['d', 'pending', null, at(2)],
      ['e', 'failed', 5, null],
      ['f', 'pending', 6, at(0)],
    ] as const;
    for (const [id, state, n, leaseUntil] of rows) {
      batch.set(things.doc(id), { jobId: 'j', state, n, leaseUntil });
    }
    batch.set(things.doc('g'), { jobId: 'other', state: 'pending', n: 7, leaseUntil: at(9) });
    batch.set(things.doc('h'), { jobId: 'j', state: 'pending' });
    await batch.commit();
  });

  const idsOf = async (query: FirebaseFirestore.Query): Promise<string[]> =>
    (await query.get()).docs.map(({ id }) => id);

  it('combine equality, range, order and limit', async () => {
    const query = things
      .where('jobId', '==', 'j')
      .where('state', '==', 'pending')
      .where('leaseUntil', '<', at(5))
      .orderBy('leaseUntil', 'desc')
      .limit(2);
    expect(await idsOf(query)).toEqual(['b', 'd']);
  });

  it('match neither null nor a missing field with an inequality', async () => {
    expect(await idsOf(things.where('n', '<', 100).orderBy('n'))).toEqual([
      'a',
      'b',
      'c',
      'e',
      'f',
      'g',
    ]);
    expect(await idsOf(things.where('leaseUntil', '<=', at(2)))).toEqual(['f', 'd']);
  });

  it('match null with null, and not a missing field', async () => {
    expect(await idsOf(things.where('n', '==', null))).toEqual(['d']);
  });

  it('match what differs, but not a missing field', async () => {
    expect(await idsOf(things.where('n', '!=', 1).orderBy('n'))).toEqual(['b', 'c', 'e', 'f', 'g']);
  });

  onEmbedded('show a transaction what there was when it began', async () => {
    const failed = things.where('state', '==', 'failed');
    expect(await idsOf(failed)).toEqual(['c', 'e']);
    const seen = await db.runTransaction(
      async (transaction) => {
        await transaction.get(things.doc('a'));
        await things.doc('a').update({ state: 'failed' });
        return (await transaction.get(failed)).docs.map(({ id }) => id);
      },
      { readOnly: true },
    );
    expect(seen).toEqual(['c', 'e']);
    expect(await idsOf(failed)).toEqual(['a', 'c', 'e']);
  });

  it('match any of a list', async () => {
    expect(await idsOf(things.where('n', 'in', [3, 7, 99]).orderBy('n'))).toEqual(['c', 'g']);
    const states = things.where('jobId', '==', 'j').where('state', 'in', ['failed', 'none']);
    expect(await idsOf(states)).toEqual(['c', 'e']);
  });

  it('go on after the last document of a page until there is none', async () => {
    const pages: string[][] = [];
    let page = await things.orderBy('state').orderBy(FieldPath.documentId()).limit(3).get();
    while (page.size > 0) {
      pages.push(page.docs.map(({ id }) => id));
      const last = page.docs.at(-1);
      if (last === undefined) break;
      const next = things.orderBy('state').orderBy(FieldPath.documentId());
      page = await next.startAfter(last.get('state'), last.id).limit(3).get();
    }
    expect(pages).toEqual([
      ['c', 'e', 'a'],
      ['b', 'd', 'f'],
      ['g', 'h'],
    ]);
  });

  it('go on after a document snapshot', async () => {
    const third = await things.doc('c').get();
    const query = things.where('jobId', '==', 'j').orderBy('leaseUntil', 'desc').startAfter(third);
    expect(await idsOf(query)).toEqual(['d', 'f', 'e']);
  });

  it('order by id unless told otherwise', async () => {
    expect(await idsOf(things)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  });

  it('leave out documents without the field that they order by', async () => {
    expect(await idsOf(things.orderBy('n'))).not.toContain('h');
  });

  it('count without reading', async () => {
    const pending = things.where('jobId', '==', 'j').where('state', '==', 'pending');
    expect((await pending.count().get()).data()).toEqual({ count: 5 });
    expect((await things.where('state', '==', 'none').count().get()).data()).toEqual({ count: 0 });
  });

  it('see a document leave and enter as it changes', async () => {
    const failed = things.where('state', '==', 'failed');
    expect(await idsOf(failed)).toEqual(['c', 'e']);
    await things.doc('a').update({ state: 'failed' });
    await things.doc('c').update({ state: 'pending' });
    await things.doc('e').delete();
    expect(await idsOf(failed)).toEqual(['a']);
    await things.doc('e').set({ state: 'failed' });
    expect(await idsOf(failed)).toEqual(['a', 'e']);
  });

  it('find all documents of a collection group', async () => {
    const group = `shards${tests}`;
    await things.doc('a').collection(group).doc('0').set({ n: 1 });
    await things.doc('b').collection(group).doc('0').set({ n: 2 });
    expect((await db.collectionGroup(group).get()).size).toBe(2);
  });

  it('find nothing after the whole collection was deleted', async () => {
    await db.recursiveDelete(things);
    expect((await things.get()).empty).toBe(true);
  });
});

describe('triggers', () => {
  const until = async (isTrue: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 400 && !isTrue(); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const summary = ({ params, before, after }: DocumentWrite) => [
    params['id'],
    before?.data ?? null,
    after?.data ?? null,
  ];

  it('tell each write with what was there before and after', async () => {
    const seen: DocumentWrite[] = [];
    await things.doc('earlier').set({ n: 0 });
    const stop = store.onDocumentWritten(`${things.path}/{id}`, (write) => void seen.push(write));
    if (isEmulator) await new Promise((resolve) => setTimeout(resolve, 300));
    await things.doc('a').create({ n: 1 });
    await until(() => seen.length === 1);
    await things.doc('a').update({ n: 2 });
    await until(() => seen.length === 2);
    await things.doc('a').delete();
    await until(() => seen.length === 3);
    stop();
    await things.doc('a').set({ n: 3 });
    expect(seen.map(summary)).toEqual([
      ['a', null, { n: 1 }],
      ['a', { n: 1 }, { n: 2 }],
      ['a', { n: 2 }, null],
    ]);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(3);
  });

  onEmbedded(
    'tell nothing of a transaction that failed, nor of a write without a change',
    async () => {
      const seen: DocumentWrite[] = [];
      await things.doc('a').set({ n: 1 });
      const stop = store.onDocumentWritten(`${things.path}/{id}`, (write) => void seen.push(write));
      await things.doc('a').set({ n: 1 });
      const failing = db.runTransaction(async (transaction) => {
        transaction.set(things.doc('b'), { n: 1 });
        transaction.create(things.doc('a'), { n: 2 });
      });
      await expect(failing).rejects.toMatchObject(alreadyExists);
      stop();
      expect(seen).toEqual([]);
    },
  );

  onEmbedded('tell several writes of one commit to one document as one', async () => {
    const seen: DocumentWrite[] = [];
    await things.doc('a').set({ n: 1 });
    const stop = store.onDocumentWritten(`${things.path}/{id}`, (write) => void seen.push(write));
    const batch = db.batch();
    batch.update(things.doc('a'), { n: 2 });
    batch.update(things.doc('a'), { n: 3 });
    await batch.commit();
    stop();
    expect(seen.map(summary)).toEqual([['a', { n: 1 }, { n: 3 }]]);
  });
});

describe('reopening', () => {
  onEmbedded('gives back the same documents with their times', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'store-contract-'));
    const first = await openEmbeddedFirestore({ folder, projectId });
    const jobs = first.firestore.collection('importJobs');
    await jobs.doc('j1').create({ state: 'queued', at: new Timestamp(1_700_000_000, 5_000) });
    await jobs.doc('j1').update({ state: 'counting', nested: { list: [null, NaN, -0] } });
    await jobs
      .doc('j1')
      .collection('pages')
      .doc('0')
      .set({ keys: ['a'], ref: jobs.doc('j1') });
    await jobs.doc('gone').set({ n: 1 });
    await jobs.doc('gone').delete();
    const before = await jobs.doc('j1').get();
    await first.close();

    const second = await openEmbeddedFirestore({ folder, projectId });
    const again = second.firestore.collection('importJobs');
    const after = await again.doc('j1').get();
    expect(after.data()).toEqual({
      state: 'counting',
      at: new Timestamp(1_700_000_000, 5_000),
      nested: { list: [null, NaN, -0] },
    });
    expect(after.createTime).toEqual(before.createTime);
    expect(after.updateTime).toEqual(before.updateTime);
    const page = await again.doc('j1').collection('pages').doc('0').get();
    expect(page.get('ref').path).toBe('importJobs/j1');
    expect((await again.doc('gone').get()).exists).toBe(false);
    const { updateTime } = after;
    if (updateTime === undefined) throw new Error('A stored document has an update time.');
    await again.doc('j1').update({ state: 'in_progress' }, { lastUpdateTime: updateTime });
    await second.close();
    await rm(folder, { recursive: true });
  });
});
