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
  const handle = await writeCompacted(options, newest + 1);
  await removeAll(options, generations);
  return new FileStateLog(options, handle, newest + 1);
}

class FileStateLog<Entry> implements StateLog<Entry> {
  readonly #options: StateLogOptions<Entry>;
  readonly #handle: FileHandle;
  readonly #generation: number;
  #waiting: Entry[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #failure: ImportError | null = null;
  #appended = 0;

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

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#handle.close();
    }
    if (this.#appended === 0) return;
    const compacted = await writeCompacted(this.#options, this.#generation + 1);
    await compacted.close();
    await removeAll(this.#options, [this.#generation]);
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
    } catch (cause) {
      this.#failure = new ImportError({
        kind: 'unavailable',
        source: 'store',
        publicMessage: `The log ${this.#options.name} can't be written: nothing is saved any more.`,
        cause,
      });
      this.#options.onFailure(this.#failure);
    }
  }
}

async function writeCompacted<Entry>(
  options: StateLogOptions<Entry>,
  generation: number,
): Promise<FileHandle> {
  const file = fileOf(options, generation);
  const handle = await open(`${file}.tmp`, 'w');
  try {
    let text = '';
    for (const record of options.snapshot()) {
      text += `${JSON.stringify(record)}\n`;
      if (text.length < chunkBytes) continue;
      await handle.appendFile(text);
      text = '';
    }
    await handle.appendFile(text);
    await handle.sync();
    await rename(`${file}.tmp`, file);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
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
