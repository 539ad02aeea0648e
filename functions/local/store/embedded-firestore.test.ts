import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openEmbeddedFirestore } from './embedded-firestore.ts';

const projectId = 'demo-journal';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Type stripping needs the pinned node: the one that runs jest. */
function startWriter(): { stop: () => Promise<void>; lines: AsyncIterable<string>; pid: number } {
  const script = join(__dirname, 'testing', 'journal-writer.ts');
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  if (child.pid === undefined) throw new Error('The writer did not start.');
  return { stop, lines: createInterface({ input: child.stdout }), pid: child.pid };
}

describe('a store in a folder', () => {
  it('restores whole commits up to one point after SIGKILL amid writes, and takes over the lock', async () => {
    const writer = startWriter();
    const savedBy = { n: 0 };
    let acknowledged = 0;
    for await (const line of writer.lines) {
      acknowledged = Number(line);
      if (acknowledged === 120) {
        // What was acknowledged longer ago than the flush interval must survive.
        savedBy.n = acknowledged;
        await new Promise((resolve) => setTimeout(resolve, 150));
        await writer.stop();
        break;
      }
    }
    const store = await openEmbeddedFirestore({ folder, projectId });
    const [a, b] = await store.firestore.getAll(
      store.firestore.doc('pairs/a'),
      store.firestore.doc('pairs/b'),
    );
    const log = await store.firestore.collection('log').get();
    // Each transaction n set a and b to n and created log/n: all of it is there, for 1 to some n.
    expect(a?.get('n')).toBe(b?.get('n'));
    expect(log.size).toBe(a?.get('n'));
    expect(log.docs.map((doc) => doc.get('n')).sort((x, y) => x - y)).toEqual(
      Array.from({ length: log.size }, (_, index) => index + 1),
    );
    expect(log.size).toBeGreaterThanOrEqual(savedBy.n);
    await store.close();
  }, 20_000);

  it('refuses a folder that a living process has, naming it', async () => {
    const writer = startWriter();
    for await (const line of writer.lines) if (line === '1') break;
    await expect(openEmbeddedFirestore({ folder, projectId })).rejects.toMatchObject({
      kind: 'conflict',
      publicMessage: expect.stringContaining(`the process ${writer.pid}`),
    });
    await writer.stop();
  }, 20_000);

  it('refuses a folder that is open in this process already', async () => {
    const store = await openEmbeddedFirestore({ folder, projectId });
    await expect(openEmbeddedFirestore({ folder, projectId })).rejects.toMatchObject({
      kind: 'conflict',
    });
    await store.close();
    await (await openEmbeddedFirestore({ folder, projectId })).close();
  });

  it('takes over the lock of an earlier process with the same pid, and a torn one', async () => {
    for (const lock of [`{"pid":${process.pid},"startedAt":1}`, '{"pi']) {
      await writeFile(join(folder, 'lock'), lock);
      await (await openEmbeddedFirestore({ folder, projectId })).close();
    }
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^firestore\.\d+\.jsonl$/)]);
  });

  it('ignores a torn last line', async () => {
    const first = await openEmbeddedFirestore({ folder, projectId });
    await first.firestore.doc('a/1').set({ n: 1 });
    await first.close();
    const [log = ''] = await readdir(folder);
    await appendFile(join(folder, log), '["commit",1700000000000,["a/2",{"n":');
    const second = await openEmbeddedFirestore({ folder, projectId });
    expect((await second.firestore.collection('a').get()).docs.map(({ id }) => id)).toEqual(['1']);
    await second.close();
  });

  it('keeps one compacted log, whatever was overwritten and deleted', async () => {
    const store = await openEmbeddedFirestore({ folder, projectId });
    for (let n = 0; n < 20; n += 1) await store.firestore.doc('a/1').set({ n });
    await store.firestore.doc('a/2').set({ n: 1 });
    await store.firestore.doc('a/2').delete();
    await store.close();
    const files = await readdir(folder);
    expect(files).toHaveLength(1);
    const { readFile } = await import('node:fs/promises');
    const lines = (await readFile(join(folder, files[0] ?? ''), 'utf8')).trim().split('\n');
    expect(lines).toEqual([expect.stringMatching(/^\["doc","a\/1",\d+,\d+,\{"n":19\}\]$/)]);
  });

  it('saves nothing without a folder', async () => {
    const store = await openEmbeddedFirestore({ folder: null, projectId });
    await store.firestore.doc('a/1').set({ n: 1 });
    await store.flush();
    await store.close();
    expect(await readdir(folder)).toEqual([]);
  });
});
