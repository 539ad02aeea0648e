import { FieldPath, Firestore } from 'firebase-admin/firestore';
import { openEmbeddedFirestore } from '../store/embedded-firestore.ts';
import type { DocumentWrite, EmbeddedFirestore } from '../store/embedded-store.ts';
import { serveFirestore } from './firestore-server.ts';
import type { FirestoreServer } from './firestore-server.ts';

const projectId = 'demo-grpc';
// The client would ask whether it runs in the cloud.
process.env['METADATA_SERVER_DETECTION'] = 'none';

let store: EmbeddedFirestore;
let server: FirestoreServer;
let clients: Firestore[];

beforeEach(async () => {
  clients = [];
  store = await openEmbeddedFirestore({ folder: null, projectId, emulatorHost: '' });
  server = await serveFirestore(store.firestore);
  process.env['FIRESTORE_EMULATOR_HOST'] = server.host;
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.terminate()));
  delete process.env['FIRESTORE_EMULATOR_HOST'];
  await server.close();
  await store.close();
});

/** The real client over the socket, as a process would open it that knows the emulator's variable. */
function connect(project = projectId): Firestore {
  const client = new Firestore({ projectId: project });
  clients.push(client);
  return client;
}

it('shows one client what another wrote, and both what the serving process wrote', async () => {
  const [first, second] = [connect(), connect()];
  await first.doc('jobs/a').set({ by: 'first' });
  await store.firestore.doc('jobs/b').set({ by: 'server' });
  expect((await second.doc('jobs/a').get()).data()).toEqual({ by: 'first' });
  expect((await second.doc('jobs/b').get()).data()).toEqual({ by: 'server' });
});

it('tells the serving process of each write that a client commits', async () => {
  const writes: DocumentWrite[] = [];
  store.onDocumentWritten('jobs/{id}', (write) => void writes.push(write));
  await connect().doc('jobs/a').set({ n: 1 });
  expect(writes.map(({ path, after }) => [path, after?.data])).toEqual([['jobs/a', { n: 1 }]]);
});

it('lets no two clients claim the same document', async () => {
  await store.firestore.doc('jobs/a').set({ holder: null });
  const claims = ['x', 'y', 'z'].map((holder) => {
    const db = connect();
    return db.runTransaction(async (transaction) => {
      const job = await transaction.get(db.doc('jobs/a'));
      if (job.get('holder') !== null) return false;
      transaction.update(job.ref, { holder });
      return true;
    });
  });
  expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
});

it('is not held up by a transaction whose client went away before it committed', async () => {
  await store.firestore.doc('jobs/a').set({ n: 1 });
  const gone = connect();
  const reading = Promise.withResolvers<void>();
  void gone
    .runTransaction(async (transaction) => {
      await transaction.get(gone.doc('jobs/a'));
      reading.resolve();
      await new Promise(() => undefined);
    })
    .catch(() => undefined);
  await reading.promise;
  const other = connect();
  await other.runTransaction(async (transaction) => {
    const job = await transaction.get(other.doc('jobs/a'));
    transaction.update(job.ref, { n: Number(job.get('n')) + 1 });
  });
  expect((await other.doc('jobs/a').get()).data()).toEqual({ n: 2 });
});

it('gives only the fields of a mask, also inside maps and with quoted names', async () => {
  const db = connect();
  const found = { lease: { holder: 'me', epoch: 1 }, 'odd.name': 2, state: 'pending' };
  await db.doc('jobs/a').set(found);
  const [masked] = await db.getAll(db.doc('jobs/a'), {
    fieldMask: ['lease.epoch', new FieldPath('odd.name')],
  });
  expect(masked?.data()).toEqual({ lease: { epoch: 1 }, 'odd.name': 2 });
});

it('refuses requests for another project: invalid argument', async () => {
  const writing = connect('demo-other').doc('jobs/a').set({ n: 1 });
  await expect(writing).rejects.toMatchObject({ code: 3 });
});
