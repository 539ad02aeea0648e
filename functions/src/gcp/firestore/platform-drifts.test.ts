import { openEmbeddedFirestore } from '../../../local/store/embedded-firestore.ts';
import { createFirestoreDrifts } from './platform-drifts.ts';

const drift = {
  ...{ id: 'drift-1', platform: 'gong', place: 'calls', sample: '{}' },
  changes: [{ path: 'title', wanted: 'string', got: 'number' }],
  seenAt: new Date('2026-03-02T12:00:00Z'),
  expiresAt: new Date('2026-04-01T12:00:00Z'),
};

async function open() {
  const { firestore } = await openEmbeddedFirestore({ folder: null, projectId: 'drifts' });
  return { firestore, drifts: createFirestoreDrifts(firestore) };
}

describe('drifts in Firestore', () => {
  it('are created by one of several who see the same', async () => {
    const { drifts, firestore } = await open();
    const created = await Promise.all([1, 2, 3].map(() => drifts.create(drift)));
    expect(created.filter(Boolean)).toHaveLength(1);
    expect((await firestore.collection('platformDrifts').get()).size).toBe(1);
  });

  it('can be told of again once they are removed', async () => {
    const { drifts } = await open();
    await drifts.create(drift);
    await drifts.remove('drift-1');
    await drifts.remove('drift-1');
    expect(await drifts.create(drift)).toBe(true);
  });

  it('fail as the store does', async () => {
    const { drifts } = await open();
    await expect(drifts.create({ ...drift, id: 'a/b' })).rejects.toMatchObject({
      source: 'firestore',
    });
  });
});
