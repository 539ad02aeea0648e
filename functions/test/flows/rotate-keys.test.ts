import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createKeyFileSealer } from '../../local/key-file/key-file-sealer.ts';
import { createKeyRotator, type KeyRotation } from '../../src/core/credentials/rotate-keys.ts';
import { ImportError } from '../../src/core/errors.ts';
import type { Sealer } from '../../src/core/ports.ts';
import { createFirestoreCredentials } from '../../src/gcp/firestore/import-credentials.ts';
import { createFirestoreRotation } from '../../src/gcp/firestore/key-rotation.ts';
import { drive } from '../support/engine/drive.ts';
import { readJob } from '../support/engine/facts.ts';
import { createScriptedContext } from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { customerId, openWorld, type TestWorld } from '../support/engine/test-world.ts';

let folder: string;
let file: string;
let sealer: Sealer;
let world: TestWorld;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rotate-'));
  file = join(folder, 'keys.json');
  sealer = createKeyFileSealer({ file });
  world = await openWorld({ sealer, context: createScriptedContext({ calls: 12, pageSize: 4 }) });
});
afterEach(() => rm(folder, { recursive: true }));

const secretOf = (id: string) => ({ key: `secret of ${id}` });

/** Keeps so many; their ids in order. */
async function keep(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const credentials = secretOf(String(index));
    const owner = { customerId, platform: 'fathom', type: 'stored' } as const;
    ids.push(await world.engine.vault.keep({ ...owner, credentials }));
  }
  return ids.sort();
}

async function keyVersions(): Promise<Record<string, number>> {
  const { docs } = await world.db.collection('importCredentials').get();
  const versions = docs.map((doc) => String(doc.get('sealed.keyVersion')));
  const all = [...new Set(versions)].sort();
  return Object.fromEntries(all.map((one) => [one, versions.filter((it) => it === one).length]));
}

async function versionsInFile(): Promise<string[]> {
  const Keys = z.object({ keys: z.record(z.string(), z.string()) });
  return Object.keys(Keys.parse(JSON.parse(await readFile(file, 'utf8'))).keys);
}

/** As another instance has it. */
function openRotator(ofSealer: Sealer = sealer) {
  return createKeyRotator({
    ...{ sealer: ofSealer, clock: world.clock },
    store: createFirestoreRotation(world.db),
    credentials: createFirestoreCredentials(world.db),
  });
}

async function rotate(batchSize: number): Promise<KeyRotation> {
  for (;;) {
    const rotation = await world.engine.keys.advance(batchSize);
    if (rotation.finishedAt) return rotation;
  }
}

/** The sealer, with something that happens before each secret is sealed anew. */
function sealing(before: () => Promise<void>): Sealer {
  return {
    ...sealer,
    async seal(...args) {
      await before();
      return sealer.seal(...args);
    },
  };
}

/** Stores another secret under that id, as a refresh of tokens does. */
async function change(id: string, by: Sealer): Promise<void> {
  const sealed = await by.seal(JSON.stringify({ key: 'newer' }), [customerId, 'fathom', id]);
  await world.db.doc(`importCredentials/${id}`).update({ sealed });
}

/** An instance that has read the key file, and so seals by the version before for as long as it lives. */
async function openStaleSealer(): Promise<Sealer> {
  const stale = createKeyFileSealer({ file });
  await stale.currentKey();
  return stale;
}

const open = (id: string) => world.engine.vault.open({ id, customerId, platform: 'fathom' });

describe('rotating the keys', () => {
  it('seals every credential anew while imports run, and no call is lost', async () => {
    const ids = await keep(5);
    const jobs = [await startImport(world, { platform: 'fathom' })];
    jobs.push(await startImport(world, { platform: 'fathom', customerId: 'customer-2' }));
    let rotation: KeyRotation | null = null;
    await drive(world, {
      until: async () => {
        if (!rotation?.finishedAt) rotation = await world.engine.keys.advance(2);
        return false;
      },
    });
    expect(rotation).toMatchObject({ keyVersion: 'key-file/2', failed: 0 });
    for (const { id } of jobs) {
      expect(await readJob(world, id)).toMatchObject({
        status: 'completed',
        totals: { imported: 12 },
      });
    }
    expect(world.thrown).toEqual([]);
    // Those of the imports were one-off.
    expect(await keyVersions()).toEqual({ 'key-file/2': 5 });
    world.clock.advance(60_000);
    const opened = await Promise.all(ids.map(open));
    expect(opened.map(({ key }) => key).sort()).toEqual(
      ['0', '1', '2', '3', '4'].map((index) => `secret of ${index}`),
    );
  });

  it('goes on where a crash left it, under the same version, and counts each credential once', async () => {
    await keep(5);
    await world.engine.keys.advance(2);
    expect(await keyVersions()).toEqual({ 'key-file/1': 3, 'key-file/2': 2 });
    const restarted = openRotator(createKeyFileSealer({ file }));
    expect(await restarted.advance(2)).toMatchObject({ rewrapped: 4, finishedAt: null });
    expect(await restarted.advance(2)).toMatchObject({
      ...{ rewrapped: 5, alreadyCurrent: 0, failed: 0, finishedAt: world.clock.now() },
      keyVersion: 'key-file/2',
    });
    expect(await versionsInFile()).toEqual(['1', '2']);
  });

  it.each(['before', 'after'] as const)(
    'goes on after a crash %s the new version is made, and forgets none that is in use',
    async (side) => {
      const ids = await keep(1);
      const mortal = {
        ...sealer,
        renewKey: async () => {
          if (side === 'after') await sealer.renewKey();
          throw new Error('The process died.');
        },
      };
      await expect(openRotator(mortal).advance(10)).rejects.toThrow('died');
      expect(await rotate(10)).toMatchObject({ rewrapped: 1, previousKeyVersion: 'key-file/1' });
      expect(await versionsInFile()).toEqual(side === 'after' ? ['1', '3'] : ['1', '2']);
      expect(await open(ids[0] ?? '')).toEqual(secretOf('0'));
    },
  );

  it('has nothing left to do the second time a batch is repeated', async () => {
    await keep(3);
    await world.engine.keys.advance(2);
    await world.db.doc('keyRotations/credentials').update({ after: null, rewrapped: 0 });
    expect(await rotate(10)).toMatchObject({ rewrapped: 1, alreadyCurrent: 2, failed: 0 });
  });

  it('keeps the version before, which others may have in memory, and forgets what is older', async () => {
    await keep(1);
    await rotate(10);
    expect(await versionsInFile()).toEqual(['1', '2']);
    await rotate(10);
    expect(await versionsInFile()).toEqual(['2', '3']);
    expect(await keyVersions()).toEqual({ 'key-file/3': 1 });
  });

  it('reads again what somebody has changed meanwhile, so that the newer secret stays', async () => {
    const [id = ''] = await keep(1);
    const stale = await openStaleSealer();
    let changes = 0;
    const rotator = openRotator(
      sealing(async () => {
        changes += 1;
        if (changes === 1) await change(id, stale);
      }),
    );
    expect(await rotator.advance(10)).toMatchObject({ rewrapped: 1, failed: 0 });
    expect(changes).toBe(2);
    expect(await keyVersions()).toEqual({ 'key-file/2': 1 });
    expect(await open(id)).toEqual({ key: 'newer' });
  });

  it('takes what somebody has sealed by the new version meanwhile as done', async () => {
    const [id = ''] = await keep(1);
    const rotator = openRotator(sealing(() => change(id, sealer)));
    expect(await rotator.advance(10)).toMatchObject({ rewrapped: 0, alreadyCurrent: 1 });
    expect(await open(id)).toEqual({ key: 'newer' });
  });

  it('gives up on one that somebody changes again and again', async () => {
    const [id = ''] = await keep(1);
    const stale = await openStaleSealer();
    const rotator = openRotator(sealing(() => change(id, stale)));
    expect(await rotator.advance(10)).toMatchObject({ rewrapped: 0, failed: 1, failedIds: [id] });
  });

  it('knows its own writes again when their answers were lost', async () => {
    await keep(2);
    world.meter.loseAnswers((paths) => paths.length > 0);
    expect(await rotate(1)).toMatchObject({ rewrapped: 2, alreadyCurrent: 0, failed: 0 });
    // The beginning and its version, two credentials, and three batches of which one is empty.
    expect(world.meter.lost).toBe(7);
    expect(await keyVersions()).toEqual({ 'key-file/2': 2 });
  });

  it('leaves alone what was destroyed meanwhile', async () => {
    const [id = ''] = await keep(1);
    const rotator = openRotator(sealing(() => world.engine.vault.destroy(id)));
    expect(await rotator.advance(10)).toMatchObject({ rewrapped: 0, alreadyCurrent: 0, failed: 0 });
    expect(await keyVersions()).toEqual({});
  });

  it('moves nothing on while the key service does not answer', async () => {
    await keep(3);
    await world.engine.keys.advance(1);
    const down = new ImportError({
      kind: 'unavailable',
      source: 'kms',
      publicMessage: 'No answer.',
    });
    const rotator = openRotator(sealing(() => Promise.reject(down)));
    await expect(rotator.advance(1)).rejects.toBe(down);
    expect(await rotate(1)).toMatchObject({ rewrapped: 3, failed: 0 });
  });

  it('names what opens under no key or can’t be read, goes on with the rest, and forgets no version', async () => {
    const [first = '', second = ''] = await keep(3);
    await world.db.doc(`importCredentials/${first}`).update({ 'sealed.keyVersion': 'key-file/7' });
    await world.db.doc(`importCredentials/${second}`).update({ platform: 'odd' });
    const failed = { rewrapped: 1, failed: 2, failedIds: [first, second] };
    expect(await rotate(1)).toMatchObject(failed);
    expect(await rotate(10)).toMatchObject(failed);
    expect(await versionsInFile()).toEqual(['1', '2', '3']);
  });

  it('lets one of two who rotate at the same time win each batch', async () => {
    await keep(2);
    const other = openRotator();
    let advances = 0;
    const rotator = openRotator(
      sealing(async () => {
        advances += 1;
        if (advances === 1) await other.advance(10);
      }),
    );
    await expect(rotator.advance(10)).rejects.toMatchObject({
      kind: 'conflict',
      publicMessage:
        'Somebody else rotates the keys at this moment. Ask again: it goes on from there.',
    });
    expect(await keyVersions()).toEqual({ 'key-file/2': 2 });
  });
});
