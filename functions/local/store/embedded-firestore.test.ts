import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
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

  it('forgets what was deleted or replaced where that is asked for, and loses no commit to it', async () => {
    const forgets = { route: 'secrets/{id}', withinMs: 5 };
    const store = await openEmbeddedFirestore({ folder, projectId, flushMs: 1, forgets });
    const secrets = store.firestore.collection('secrets');
    const numbers = store.firestore.collection('numbers');
    await store.firestore.doc('others/a').set({ text: 'first-of-others' });
    await store.firestore.doc('others/a').set({ text: 'second-of-others' });
    await secrets.doc('gone').set({ text: 'deleted-secret' });
    await secrets.doc('kept').set({ text: 'replaced-secret' });
    await store.flush();
    expect(await readFolder(folder)).toMatch(
      /first-of-others[^]*deleted-secret[^]*replaced-secret/,
    );
    await secrets.doc('gone').delete();
    await secrets.doc('kept').set({ text: 'new-secret' });
    let written = 0;
    // Commits go on all the time: before, during and after compactions.
    for (; written < 400; written += 1) {
      await numbers.doc(String(written)).set({ n: written });
      if (written % 100 === 0) await secrets.doc('kept').update({ times: written });
    }
    for (;;) {
      const text = await readFolder(folder);
      if (!/deleted-secret|replaced-secret|first-of-others/.test(text)) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await store.flush();
    // What a SIGKILL now would leave.
    const copy = await mkdtemp(join(tmpdir(), 'journal-copy-'));
    for (const file of await readdir(folder)) {
      if (file.endsWith('.jsonl')) await copyFile(join(folder, file), join(copy, file));
    }
    await store.close();
    for (const left of [copy, folder]) {
      const next = await openEmbeddedFirestore({ folder: left, projectId });
      expect((await next.firestore.collection('numbers').get()).size).toBe(400);
      const { docs } = await next.firestore.collection('secrets').get();
      expect(docs.map((doc) => doc.data())).toEqual([{ text: 'new-secret', times: 300 }]);
      await next.close();
    }
    await rm(copy, { recursive: true });
  });

  it('says once that it can not forget, and goes on', async () => {
    const failures: string[] = [];
    const store = await openEmbeddedFirestore({
      ...{ folder, projectId, flushMs: 1 },
      forgets: { route: 'secrets/{id}', withinMs: 1 },
      onSaveFailure: (error) => failures.push(error.publicMessage),
    });
    await store.firestore.doc('secrets/a').set({ n: 1 });
    await store.flush();
    await rm(folder, { recursive: true });
    await store.firestore.doc('secrets/a').set({ n: 2 });
    while (failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(failures[0]).toBe(
      "The log firestore can't be compacted: what was deleted stays in it until the next start.",
    );
    expect((await store.firestore.doc('secrets/a').get()).get('n')).toBe(2);
    await store.close().catch(() => undefined);
  });
});

async function readFolder(path: string): Promise<string> {
  const files = (await readdir(path)).filter((file) => /jsonl/.test(file));
  const texts = files.map((file) => readFile(join(path, file), 'utf8').catch(() => ''));
  return (await Promise.all(texts)).join('');
}
