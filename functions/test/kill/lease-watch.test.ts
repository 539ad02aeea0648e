import { openEmbeddedFirestore } from '../../local/store/embedded-firestore.ts';
import type { EmbeddedFirestore } from '../../local/store/embedded-store.ts';
import { watchLeases, type LeaseWatch } from './lease-watch.ts';

let store: EmbeddedFirestore;
let watch: LeaseWatch;
let nowMs: number;

beforeEach(async () => {
  store = await openEmbeddedFirestore({ folder: null, projectId: 'demo-watch', emulatorHost: '' });
  nowMs = 0;
  watch = watchLeases({ store, route: 'calls/{id}', now: () => nowMs });
});

afterEach(() => store.close());

const expiresAt = new Date('2026-01-05T10:00:00.000Z');
const write = (holder: string, epoch: number, until: Date | null) =>
  store.firestore.doc('calls/a').set({ lease: { holder, epoch, expiresAt: until } });

it('measures from the kill until another holder claims', async () => {
  await write('w000aaa', 1, expiresAt);
  nowMs = 1_000;
  watch.killed('w000');
  nowMs = 62_000;
  await write('w001bbb', 2, expiresAt);
  expect(watch.report()).toEqual({ heldAtKills: 1, takeUpMs: [61_000], leftBehind: [] });
});

it('counts only what the killed worker held', async () => {
  await write('w001aaa', 1, expiresAt);
  watch.killed('w000');
  await write('w001aaa', 1, null);
  watch.killed('w001');
  expect(watch.report()).toEqual({ heldAtKills: 0, takeUpMs: [], leftBehind: [] });
});

it('does not count what a commit on its way at the kill has ended', async () => {
  await write('w000aaa', 1, expiresAt);
  watch.killed('w000');
  await write('w000aaa', 1, null);
  expect(watch.report()).toEqual({ heldAtKills: 0, takeUpMs: [], leftBehind: [] });
});

it('waits on when a renewal on its way at the kill comes in', async () => {
  await write('w000aaa', 1, expiresAt);
  watch.killed('w000');
  await write('w000aaa', 1, new Date('2026-01-05T10:01:00.000Z'));
  expect(watch.report()).toEqual({ heldAtKills: 1, takeUpMs: [], leftBehind: ['calls/a'] });
});
