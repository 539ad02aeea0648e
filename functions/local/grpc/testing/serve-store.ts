import { execFileSync } from 'node:child_process';
import { openEmbeddedFirestore } from '../../store/embedded-firestore.ts';
import type { EmbeddedFirestore } from '../../store/embedded-store.ts';
import { serveFirestore } from '../firestore-server.ts';
import type { FirestoreServer } from '../firestore-server.ts';

/*
 * Imported first by a test file, this makes every client that is opened without a host of its own
 * one of an embedded store that is served over gRPC. The tests choose their store while they load,
 * so the port is found before the server starts.
 */
const findFreePort = `
  const server = require('node:net').createServer();
  server.listen(0, '127.0.0.1', () => { console.log(server.address().port); server.close(); });
`;
const port = Number(execFileSync(process.execPath, ['--eval', findFreePort], { encoding: 'utf8' }));
process.env['FIRESTORE_EMULATOR_HOST'] = `127.0.0.1:${port}`;

let store: EmbeddedFirestore;
let server: FirestoreServer;

beforeAll(async () => {
  const projectId = 'demo-store-contract';
  store = await openEmbeddedFirestore({ folder: null, projectId, emulatorHost: '' });
  server = await serveFirestore(store.firestore, { port });
});

afterAll(async () => {
  await server.close();
  await store.close();
});
