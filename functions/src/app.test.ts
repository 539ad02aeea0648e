import { createPorts } from '../test/e2e/support/app-ports.ts';
import { drive } from '../test/support/engine/drive.ts';
import { readWholeImport, wholeImport } from '../test/support/engine/facts.ts';
import { startImport } from '../test/support/engine/start-import.ts';
import { openWorld } from '../test/support/engine/test-world.ts';
import { createApp, createRandomId, getApp, provideApp } from './app.ts';

describe('createApp', () => {
  it('puts an engine together that brings an import to its end', async () => {
    const world = await openWorld({ calls: 3 });
    const app = createApp(createPorts(world));
    const wired = { ...world, engine: await app.engine() };
    const job = await startImport(wired);
    await drive(wired);
    expect(await readWholeImport(wired, job.id)).toEqual(wholeImport(wired));
  });

  it('opens nothing before it is asked for, and each thing once', async () => {
    const world = await openWorld({ calls: 1 });
    const opened: string[] = [];
    const ports = createPorts(world);
    const counted = createPorts(world, {
      db: () => (opened.push('db'), ports.db()),
      objects: async () => (opened.push('objects'), ports.objects()),
      queue: async () => (opened.push('queue'), ports.queue()),
      transcriber: async () => (opened.push('transcriber'), ports.transcriber()),
      sealer: async () => (opened.push('sealer'), ports.sealer()),
      messenger: async () => (opened.push('messenger'), null),
    });
    const app = createApp(counted);
    expect(opened).toEqual([]);
    const engines = await Promise.all([app.engine(), app.engine()]);
    expect(engines[0]).toBe(engines[1]);
    expect(new Set(opened)).toEqual(new Set(['db', 'objects', 'queue', 'transcriber', 'sealer']));
    expect(opened.filter((name) => name === 'queue')).toHaveLength(1);
    await app.notifier();
    expect(opened).toContain('messenger');
  });

  it('tries again after a port that could not be opened', async () => {
    const world = await openWorld({ calls: 1 });
    const ports = createPorts(world);
    let tries = 0;
    const queue = async () => {
      tries += 1;
      if (tries === 1) throw new Error('no network yet');
      return ports.queue();
    };
    const app = createApp({ ...ports, queue });
    await expect(app.engine()).rejects.toThrow('no network yet');
    expect((await app.engine()).queue).toBe(world.queue.port);
  });

  it('knows every platform by any spelling, and has a context where there is one', async () => {
    const world = await openWorld({ calls: 1 });
    const { rows, resolve, find } = await createApp(createPorts(world)).platforms();
    expect(rows).toHaveLength(12);
    expect(resolve('Zoom Phone')).toBe('zoom_phone');
    expect(resolve('FIVE29')).toBe('five9');
    expect(resolve('nope')).toBeNull();
    expect(find('grain')?.displayName).toBe('Grain');
    expect(find('grain')).toBe(find('grain'));
  });
});

describe('getApp', () => {
  it('answers the app that was provided', async () => {
    const app = createApp(createPorts(await openWorld({ calls: 1 })));
    provideApp(app);
    expect(getApp()).toBe(app);
  });
});

describe('createRandomId', () => {
  it('makes ids that are safe in a path and never the same', () => {
    const ids = Array.from({ length: 1_000 }, createRandomId);
    expect(ids.every((id) => /^[a-z0-9]{20}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(1_000);
    expect(new Set(ids.join('')).size).toBe(36);
  });
});
