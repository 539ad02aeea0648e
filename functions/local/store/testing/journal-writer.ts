import { openEmbeddedFirestore } from '../embedded-firestore.ts';

/**
 * A process to be killed: transaction after transaction on a store in the folder of its first
 * argument, each over three documents, each acknowledged with its number on a line.
 */
const store = await openEmbeddedFirestore({
  folder: process.argv[2] ?? null,
  projectId: 'demo-journal',
});
const { firestore } = store;
for (let n = 1; ; n += 1) {
  const batch = firestore.batch();
  batch.set(firestore.doc('pairs/a'), { n, padding: 'x'.repeat(500) });
  batch.create(firestore.doc(`log/${n}`), { n });
  batch.set(firestore.doc('pairs/b'), { n });
  await batch.commit();
  process.stdout.write(`${n}\n`);
}
