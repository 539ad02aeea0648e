import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { ImportError } from '../../src/core/errors.ts';

export interface StateLogOptions<Entry> {
  readonly folder: string;
  /** Several logs may share a folder: `[a-zA-Z0-9-]+`. */
  readonly name: string;
  /** Takes one line of the log, in the order of writing. */
  replay(record: unknown): void;
  /** What `replay` has built up, as the fewest records that build it up again. */
  snapshot(): Iterable<unknown>;
  /** An appended entry as JSON; called when it is written, not when it is appended. */
  encode(entry: Entry): unknown;
  /** Appended entries wait at most so long. */
  readonly flushMs: number;
  /** Called once when the disk refuses: nothing is kept from then on. */
  onFailure(error: ImportError): void;
}

/** An append-only file of JSON lines that survives SIGKILL but for the last `flushMs`. */
export interface StateLog<Entry> {
  append(entry: Entry): void;
  /** Resolves when all that was appended before is with the operating system. @throws `unavailable` */
  flush(): Promise<void>;
  /**
   * Puts a compacted log in this one's place, while entries are appended: what they have superseded
   * is in no file after it. @throws `unavailable`
   */
  compact(): Promise<void>;
  /** Flushes, compacts and closes. @throws `unavailable` */
  close(): Promise<void>;
}

const chunkBytes = 1 << 20;

/**
 * Replays the newest complete log of that name, and starts a compacted one. A log is written whole
 * under another name before it takes its own, so a kill at any moment leaves one that is complete; a
 * line that lacks its end was being written at a kill and was never acknowledged: it is ignored.
 */
export async function openStateLog<Entry>(
  options: StateLogOptions<Entry>,
): Promise<StateLog<Entry>> {
  await mkdir(options.folder, { recursive: true });
  const generations = await listGenerations(options);
  const newest = generations.at(-1) ?? 0;
  if (newest > 0) {
    for await (const line of readLines(fileOf(options, newest))) options.replay(JSON.parse(line));
  }
  const handle = await writeSnapshot(options, newest + 1);
  await publish(options, { handle, generation: newest + 1 });
  await removeAll(options, generations);
  return new FileStateLog(options, handle, newest + 1);
}

class FileStateLog<Entry> implements StateLog<Entry> {
  readonly #options: StateLogOptions<Entry>;
  #handle: FileHandle;
  #generation: number;
  #waiting: Entry[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #failure: ImportError | null = null;
  #appended = 0;
  /** What was written since a compaction began: it goes into the new log too. */
  #sinceSnapshot: string[] | null = null;
  #compacting: Promise<void> = Promise.resolve();

  constructor(options: StateLogOptions<Entry>, handle: FileHandle, generation: number) {
    this.#options = options;
    this.#handle = handle;
    this.#generation = generation;
  }

  append(entry: Entry): void {
    if (this.#failure !== null) return;
    this.#waiting.push(entry);
    this.#appended += 1;
    this.#timer ??= setTimeout(() => void this.#write(), this.#options.flushMs);
  }

  async flush(): Promise<void> {
    await this.#write();
    if (this.#failure !== null) throw this.#failure;
  }

  compact(): Promise<void> {
    const compacted = this.#compacting.then(() => this.#compact());
    this.#compacting = compacted.catch(() => undefined);
    return compacted;
  }

  async close(): Promise<void> {
    try {
      await this.#compacting;
      await this.flush();
      if (this.#appended > 0) await this.#compact();
    } finally {
      await this.#handle.close();
    }
  }

  /**
   * The snapshot is taken while commits go on, so it may hold them wholly or in part; repeated after
   * it in their order they lead to the same state.
   */
  async #compact(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const generation = this.#generation + 1;
    this.#sinceSnapshot = [];
    try {
      const handle = await writeSnapshot(this.#options, generation);
      const replaced = this.#writing.then(() => this.#replaceLog({ handle, generation }));
      this.#writing = replaced.catch(() => undefined);
      await replaced;
    } catch (cause) {
      throw cannotCompact(this.#options.name, cause);
    } finally {
      this.#sinceSnapshot = null;
    }
  }

  async #replaceLog(next: NewLog): Promise<void> {
    try {
      await next.handle.appendFile((this.#sinceSnapshot ?? []).join(''));
      await publish(this.#options, next);
    } catch (error) {
      await next.handle.close();
      throw error;
    }
    const { handle, generation } = { handle: this.#handle, generation: this.#generation };
    this.#handle = next.handle;
    this.#generation = next.generation;
    await handle.close();
    await removeAll(this.#options, [generation]);
  }

  /** One write after the other: a commit never overtakes an earlier one. */
  #write(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#writeWaiting());
    return this.#writing;
  }

  async #writeWaiting(): Promise<void> {
    const entries = this.#waiting;
    if (entries.length === 0 || this.#failure !== null) return;
    this.#waiting = [];
    try {
      let text = '';
      for (const entry of entries) text += `${JSON.stringify(this.#options.encode(entry))}\n`;
      await this.#handle.appendFile(text);
      this.#sinceSnapshot?.push(text);
    } catch (cause) {
      this.#failure = cannotWrite(this.#options.name, cause);
      this.#options.onFailure(this.#failure);
    }
  }
}

interface NewLog {
  readonly handle: FileHandle;
  readonly generation: number;
}

function cannotWrite(name: string, cause: unknown): ImportError {
  return new ImportError({
    kind: 'unavailable',
    source: 'store',
    publicMessage: `The log ${name} can't be written: nothing is saved any more.`,
    cause,
  });
}

/** The log as it is goes on. */
function cannotCompact(name: string, cause: unknown): ImportError {
  return new ImportError({
    kind: 'unavailable',
    source: 'store',
    publicMessage: `The log ${name} can't be compacted: what was deleted stays in it until the next start.`,
    cause,
  });
}

/** Under a name that no start looks for; an unfinished one of an earlier run is overwritten. */
async function writeSnapshot<Entry>(
  options: StateLogOptions<Entry>,
  generation: number,
): Promise<FileHandle> {
  const handle = await open(`${fileOf(options, generation)}.tmp`, 'w');
  try {
    let text = '';
    for (const record of options.snapshot()) {
      text += `${JSON.stringify(record)}\n`;
      if (text.length < chunkBytes) continue;
      await handle.appendFile(text);
      text = '';
    }
    await handle.appendFile(text);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
}

/** Gives a log that is complete its name. */
async function publish(
  options: { readonly folder: string; readonly name: string },
  { handle, generation }: NewLog,
): Promise<void> {
  const file = fileOf(options, generation);
  await handle.sync();
  await rename(`${file}.tmp`, file);
}

/** Lines without their ends; what follows the last end is dropped. */
async function* readLines(file: string): AsyncGenerator<string> {
  const handle = await open(file, 'r');
  try {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for await (const chunk of handle.createReadStream({ highWaterMark: chunkBytes })) {
      // A stream without an encoding yields Buffers.
      const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    await handle.close();
  }
}

async function listGenerations(options: { folder: string; name: string }): Promise<number[]> {
  const pattern = new RegExp(`^${options.name}\\.(\\d+)\\.jsonl$`);
  const files = await readdir(options.folder);
  return files
    .flatMap((file) => pattern.exec(file)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

async function removeAll(
  options: { folder: string; name: string },
  generations: readonly number[],
): Promise<void> {
  for (const generation of generations) await rm(fileOf(options, generation), { force: true });
}

function fileOf(options: { folder: string; name: string }, generation: number): string {
  return join(options.folder, `${options.name}.${generation}.jsonl`);
}
