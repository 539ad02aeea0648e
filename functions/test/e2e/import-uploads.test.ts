import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  createFolder,
  killAll,
  readStored,
  repository,
  startProcess,
} from './support/start-process.ts';

const audio = join(repository, 'functions/src/contexts/testing/audio');
const recordings = ['pricing.mp3', 'renewal.mp3', 'onboarding.m4a'];

jest.setTimeout(60_000);

let folder: Awaited<ReturnType<typeof createFolder>>;

beforeAll(async () => {
  folder = await createFolder();
});

afterAll(async () => {
  killAll();
  await folder.remove();
});

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

const Calls = z.array(z.object({ id: z.string(), title: z.string(), status: z.string() }));
const Links = z.object({ mediaUrl: z.string() });

describe('npm start -- --platform manual', () => {
  it('imports a folder of recordings byte for byte, and refuses what is none by name', async () => {
    const files = join(folder.path, 'my files');
    await mkdir(files, { recursive: true });
    for (const name of recordings) await copyFile(join(audio, name), join(files, name));
    await writeFile(join(files, 'broken.mp3'), 'this is no recording at all');
    await writeFile(join(files, 'empty.wav'), '');
    await writeFile(join(files, 'notes.txt'), 'left out');
    const kept = join(folder.path, 'kept');
    const upload = ['--platform', 'manual', '--files', files, '--port', '0', '--folder', kept];
    const run = startProcess(upload);
    await run.waitFor(/Ctrl-C ends it/);
    const output = run.output();
    expect(output).toContain('Left out, no recordings by name: notes.txt.');
    expect(output).toContain('5 files uploaded.');
    expect(output).toMatch(/Import \w{20} partial: 3 new, 0 known from before, 2 failed, 0 gone\./);
    expect(output).toMatch(/failed: “broken\.mp3”: .+/);
    expect(output).toMatch(/failed: “empty\.wav”: it was empty .+/);

    const [, url = ''] = await run.waitFor(/serves at (http:\S+) \(/);
    const [, jobId = ''] = await run.waitFor(/Import (\w{20}): 5 files/);
    const authorization = `Bearer ${await readFile(join(kept, 'token'), 'utf8')}`;
    const get = async (path: string): Promise<unknown> =>
      (await fetch(`${url}${path}`, { headers: { authorization } })).json();
    const calls = Calls.parse(await get(`/admin/imports/${jobId}/calls?status=completed`));
    expect(calls.map(({ title }) => title).sort()).toEqual(['onboarding', 'pricing', 'renewal']);
    for (const { id, title } of calls) {
      const { mediaUrl } = Links.parse(await get(`/admin/imports/${jobId}/calls/${id}`));
      const media = await (await fetch(mediaUrl)).bytes();
      const name = recordings.find((recording) => recording.startsWith(title)) ?? '';
      expect(createHash('sha256').update(media).digest('hex')).toBe(
        await sha256(join(files, name)),
      );
    }
    run.child.kill('SIGTERM');
    expect(await run.exited).toBe(0);
    const { engagements } = await readStored(kept);
    const digests = await Promise.all(recordings.map((name) => sha256(join(files, name))));
    expect(engagements.map(({ media }) => media?.sha256).sort()).toEqual(digests.sort());

    const again = startProcess([...upload, '--once']);
    expect(await again.exited).toBe(1);
    expect(again.output()).toMatch(/0 new, 3 known from before, 2 failed, 0 gone\./);
    expect((await readStored(kept)).engagements).toEqual(engagements);
  });

  it('says so when there is no recording, or no such folder', async () => {
    const kept = join(folder.path, 'other');
    for (const [files, message] of [
      [folder.path, 'There is no recording in'],
      [join(folder.path, 'nowhere'), "can't be read."],
    ] as const) {
      const run = startProcess([
        '--platform',
        'manual',
        '--files',
        files,
        '--port',
        '0',
        '--folder',
        kept,
      ]);
      expect(await run.exited).toBe(1);
      expect(run.output()).toContain(message);
    }
  });
});
