import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { openEmbeddedFirestore } from '../../../local/store/embedded-firestore.ts';

/** The repository's root, where the commands are run. */
export const repository = join(import.meta.dirname, '../../../..');

/** One run of a command as a process of its own. */
export interface StartProcess {
  readonly child: ChildProcess;
  /** Everything that it printed so far, without colours. */
  output(): string;
  /** Waits for a line; its match. @throws Error with the output when the process ends without it */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its exit code; null when a signal ended it. @throws Error with the output when it hangs */
  readonly exited: Promise<number | null>;
}

const running = new Set<ChildProcess>();

/** Far more than any run takes, also on a busy machine: longer, and it hangs. */
const hangsAfterMs = 50_000;

/** Starts `npm start -- <args>` under this Node. */
export function startProcess(args: readonly string[], options: ScriptOptions = {}): StartProcess {
  return startScript('scripts/start/main.ts', args, options);
}

export interface ScriptOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input. */
  readonly input?: string;
  /** One that runs for longer hangs. */
  readonly limitMs?: number;
}

/** Starts a command of ours under this Node. */
export function startScript(
  script: string,
  args: readonly string[],
  { env = {}, input = '', limitMs = hangsAfterMs }: ScriptOptions = {},
): StartProcess {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: repository,
    stdio: 'pipe',
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      // As under `npm start`, when it is `npm test` that runs.
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...env,
    },
  });
  running.add(child);
  // One that ends without reading it is no failure of ours.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  let text = '';
  const takeIn = (chunk: Buffer): void => {
    text += chunk.toString();
  };
  child.stdout.on('data', takeIn);
  child.stderr.on('data', takeIn);
  const output = (): string => withoutColours(text);
  let hasEnded = false;
  const exited = new Promise<number | null>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`It hangs:\n${output()}`));
    }, limitMs);
    child.on('close', (code) => {
      clearTimeout(timer);
      hasEnded = true;
      running.delete(child);
      resolve(code);
    });
  });
  // Whoever waits for a line only learns of the end by that.
  exited.catch(() => undefined);
  return {
    child,
    output,
    exited,
    waitFor: async (pattern) => {
      for (;;) {
        const match = pattern.exec(output());
        if (match) return match;
        if (hasEnded) throw new Error(`It ended without ${pattern.source}:\n${output()}`);
        await sleep(20);
      }
    },
  };
}

/** Ends what a test has left running. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

function withoutColours(text: string): string {
  // eslint forbids control characters in patterns: the escape comes by its code.
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]`, 'g'), '');
}

/** A folder whose name needs quoting, and its removal. */
export async function createFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const parent = await mkdtemp(join(tmpdir(), 'start-'));
  const remove = (): Promise<void> => rm(parent, { recursive: true, force: true, maxRetries: 5 });
  return { path: join(parent, "it's here"), remove };
}

const StoredJob = z.object({
  id: z.string(),
  status: z.string(),
  credential: z.object({ id: z.string() }).nullable(),
});
const StoredEngagement = z.object({
  id: z.string(),
  sourceCallId: z.string(),
  importBatchId: z.string(),
  media: z.object({ key: z.string(), sha256: z.string(), sizeBytes: z.number() }).nullable(),
});

export interface StoredFacts {
  readonly jobs: readonly z.infer<typeof StoredJob>[];
  readonly engagements: readonly z.infer<typeof StoredEngagement>[];
  readonly credentials: number;
}

/** What a run has left in its folder. @throws `conflict` while a process has it open */
export async function readStored(folder: string): Promise<StoredFacts> {
  const store = await openEmbeddedFirestore({
    folder: join(folder, 'firestore'),
    projectId: 'demo-import-engine',
  });
  try {
    const read = async <T>(name: string, schema: z.ZodType<T>): Promise<T[]> => {
      const { docs } = await store.firestore.collection(name).get();
      return docs.map((doc) => schema.parse(doc.data()));
    };
    return {
      jobs: await read('importJobs', StoredJob),
      engagements: await read('engagements', StoredEngagement),
      credentials: (await store.firestore.collection('importCredentials').get()).size,
    };
  } finally {
    await store.close();
  }
}

export interface CommandResult {
  readonly code: number | string | null;
  readonly stdout: string;
}

/** Runs a line in a shell, from where the commands are run. */
export function runShell(script: string): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd: repository }, (error, stdout) => {
      resolve({ code: error ? (error.code ?? null) : 0, stdout });
    });
  });
}
