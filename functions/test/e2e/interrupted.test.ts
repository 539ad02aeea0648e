import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  createFolder,
  killAll,
  readStored,
  startProcess,
  type StartProcess,
  type StoredFacts,
} from './support/start-process.ts';

/** More than are on their way at once, which Ctrl-C lets end. */
const calls = 40;
const Job = z.object({ status: z.string(), processedCalls: z.number() });

function start(folder: string): StartProcess {
  return startProcess(['--once', '--calls', String(calls), '--port', '0', '--folder', folder]);
}

/** Waits until some calls are through, and some are not. */
async function waitForMiddle(run: StartProcess, folder: string): Promise<string> {
  const [, url = ''] = await run.waitFor(/serves at (http:\S+) \(/);
  const [, jobId = ''] = await run.waitFor(/Import (\w{20}): about/);
  const token = await readFile(join(folder, 'token'), 'utf8');
  for (;;) {
    const response = await fetch(`${url}/admin/imports/${jobId}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const job = Job.parse(await response.json());
    if (job.processedCalls === calls) throw new Error('The import was too quick to interrupt.');
    if (job.processedCalls > 0) return jobId;
    await sleep(20);
  }
}

interface Interrupted {
  readonly jobId: string;
  readonly code: number | null;
  readonly output: string;
  readonly between: StoredFacts;
  readonly nextCode: number | null;
  readonly nextOutput: string;
  readonly after: StoredFacts;
}

/** One start that a signal ends in the middle of its import, and the next start on that folder. */
async function interrupt(signal: 'SIGINT' | 'SIGKILL'): Promise<Interrupted> {
  const { path, remove } = await createFolder();
  const run = start(path);
  const jobId = await waitForMiddle(run, path);
  run.child.kill(signal);
  const code = await run.exited;
  const between = await readStored(path);
  const next = start(path);
  const nextCode = await next.exited;
  const after = await readStored(path);
  await remove();
  return {
    ...{ jobId, code, between, nextCode, after },
    output: run.output(),
    nextOutput: next.output(),
  };
}

let ctrlC: Interrupted;
let kill: Interrupted;

beforeAll(async () => {
  // Side by side: most of the time both wait for the platform's pace.
  [ctrlC, kill] = await Promise.all([interrupt('SIGINT'), interrupt('SIGKILL')]);
}, 120_000);

afterAll(() => {
  killAll();
});

describe('Ctrl-C in the middle of an import', () => {
  it('ends in order, without an error, and the exit code does not claim that all was imported', () => {
    expect(ctrlC.code).toBe(130);
    expect(ctrlC.output).toContain('Stopping: what runs is finished or kept for the next start.');
    expect(ctrlC.output).not.toMatch(/fetch failed|ECONNREFUSED|Error/);
  });

  it('keeps the import open with what is done', () => {
    const { jobs, engagements, credentials } = ctrlC.between;
    expect(jobs).toEqual([expect.objectContaining({ id: ctrlC.jobId, status: 'in_progress' })]);
    expect(engagements.length).toBeGreaterThan(0);
    expect(credentials).toBe(1);
  });
});

describe('SIGKILL in the middle of an import', () => {
  it('leaves the import open', () => {
    expect(kill.code).toBeNull();
    expect(kill.between.jobs).toEqual([
      expect.objectContaining({ id: kill.jobId, status: 'in_progress' }),
    ]);
    expect(kill.between.engagements.length).toBeLessThan(calls);
  });
});

describe('the next start', () => {
  it.each([
    ['Ctrl-C', () => ctrlC],
    ['SIGKILL', () => kill],
  ])('after %s brings the same import to its end, no call twice', (_, get) => {
    const { jobId, nextCode, nextOutput, after } = get();
    expect(nextOutput).toContain(
      `Going on with import ${jobId}, which the last run left unfinished.`,
    );
    expect(nextOutput).toContain(
      `Import ${jobId} completed: 40 new, 0 known from before, 0 failed`,
    );
    expect(nextCode).toBe(0);
    expect(after.jobs).toEqual([expect.objectContaining({ id: jobId, status: 'completed' })]);
    expect(after.engagements).toHaveLength(calls);
    expect(new Set(after.engagements.map(({ sourceCallId }) => sourceCallId)).size).toBe(calls);
    expect(after.credentials).toBe(0);
  });
});
