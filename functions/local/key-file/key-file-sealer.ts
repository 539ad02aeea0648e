import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ImportError } from '../../src/core/errors.ts';
import type { Sealer } from '../../src/core/ports.ts';
import {
  createDataKey,
  createEnvelopeSealer,
  decrypt,
  doesNotOpen,
  encodeBinding,
  encrypt,
} from '../../src/gcp/kms/envelope.ts';

const KeyFile = z.strictObject({
  /** The version that seals; the others only open. */
  current: z.string(),
  /** Base64 of 32 bytes each. */
  keys: z.record(
    z.string().regex(/^[\w-]{1,40}$/),
    z.base64().refine((text) => Buffer.from(text, 'base64').length === 32),
  ),
});
type KeyFile = z.infer<typeof KeyFile>;

const versionPrefix = 'key-file/';
const ivBytes = 12;
const tagBytes = 16;

/**
 * Seals secrets under a key in a file, which is created on first use and belongs to its owner alone.
 * Losing the file is losing the secrets. @throws `internal` when others can read it
 */
export function createKeyFileSealer(options: { readonly file: string }): Sealer {
  const { file } = options;
  let reading: Promise<KeyFile> | null = null;
  const readKeys = async (): Promise<KeyFile> => {
    reading ??= openKeyFile(file);
    try {
      return await reading;
    } catch (error) {
      // Whoever mends the file need not start us again.
      reading = null;
      throw error;
    }
  };
  /** One change after the other: two at once would lose a key. Of processes, one alone has a store. */
  let changing: Promise<unknown> = Promise.resolve();
  const change = (next: (keys: KeyFile) => KeyFile): Promise<void> => {
    const changed = changing.then(async () => {
      const keys = next(await openKeyFile(file));
      await replaceKeyFile(file, keys);
      reading = Promise.resolve(keys);
    });
    changing = changed.catch(() => undefined);
    return changed;
  };

  return createEnvelopeSealer({
    renew: () => change(addVersion),
    retire: (keep) => change((keys) => keepVersions(keys, keep)),
    async wrap(dataKey, additionalData) {
      const { current, keys } = await readKeys();
      const keyVersion = `${versionPrefix}${current}`;
      const { iv, ciphertext, tag } = encrypt({
        key: keyOf(keys, current),
        plaintext: dataKey,
        additionalData: bindVersion(additionalData, keyVersion),
      });
      return { keyVersion, wrappedKey: Buffer.concat([iv, tag, ciphertext]) };
    },
    async unwrap({ keyVersion, wrappedKey, additionalData }) {
      if (!keyVersion.startsWith(versionPrefix)) throw doesNotOpen();
      const version = keyVersion.slice(versionPrefix.length);
      // Another process may have made a version since.
      if (!Object.hasOwn((await readKeys()).keys, version)) reading = null;
      const { keys } = await readKeys();
      return decrypt({
        key: keyOf(keys, version),
        iv: wrappedKey.subarray(0, ivBytes),
        tag: wrappedKey.subarray(ivBytes, ivBytes + tagBytes),
        ciphertext: wrappedKey.subarray(ivBytes + tagBytes),
        additionalData: bindVersion(additionalData, keyVersion),
      });
    },
  });
}

function bindVersion(additionalData: Buffer, keyVersion: string): Buffer {
  return Buffer.concat([encodeBinding([keyVersion]), additionalData]);
}

function keyOf(keys: KeyFile['keys'], version: string): Buffer {
  const key = Object.hasOwn(keys, version) ? keys[version] : undefined;
  if (key === undefined) throw doesNotOpen();
  return Buffer.from(key, 'base64');
}

async function openKeyFile(file: string): Promise<KeyFile> {
  try {
    return (await readKeyFile(file)) ?? (await createKeyFile(file));
  } catch (error) {
    if (error instanceof ImportError) throw error;
    throw refused(`The key file ${file} can not be read or created.`, error);
  }
}

/** Null when there is none. */
async function readKeyFile(file: string): Promise<KeyFile | null> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    // Of the open file, not of its name: nobody can change what is looked at in between.
    const { mode } = await handle.stat();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw refused(`Others can read the key file: run "chmod 600 ${file}".`);
    return parseKeyFile(await handle.readFile('utf8'), file);
  } finally {
    await handle.close();
  }
}

function parseKeyFile(text: string, file: string): KeyFile {
  const problem = `The key file ${file} is damaged: restore it, or remove it and enter every credential again.`;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Without a cause: the parser quotes the text, and the text is a key.
    throw refused(problem);
  }
  const parsed = KeyFile.safeParse(body);
  if (!parsed.success || !Object.hasOwn(parsed.data.keys, parsed.data.current))
    throw refused(problem);
  return parsed.data;
}

function addVersion({ keys }: KeyFile): KeyFile {
  const numbers = Object.keys(keys).map((version) => Number.parseInt(version, 10) || 0);
  const current = String(Math.max(...numbers) + 1);
  return { current, keys: { ...keys, [current]: createDataKey().toString('base64') } };
}

function keepVersions({ current, keys }: KeyFile, keep: readonly string[]): KeyFile {
  const kept = Object.entries(keys).filter(
    ([version]) => version === current || keep.includes(`${versionPrefix}${version}`),
  );
  return { current, keys: Object.fromEntries(kept) };
}

/** The whole file or the one before: a crash never leaves half of the keys. */
async function replaceKeyFile(file: string, keys: KeyFile): Promise<void> {
  const draft = await writeDraft(file, keys);
  await rename(draft, file);
}

async function writeDraft(file: string, keys: KeyFile): Promise<string> {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  const text = `${JSON.stringify(keys, null, 2)}\n`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  return draft;
}

/** Of two processes that begin at once one creates the file, and both use it. */
async function createKeyFile(file: string): Promise<KeyFile> {
  await mkdir(dirname(file), { recursive: true });
  const keys = { current: '1', keys: { '1': createDataKey().toString('base64') } };
  const draft = await writeDraft(file, keys);
  try {
    // A link, unlike a rename, does not replace what another process made meanwhile.
    await link(draft, file);
    return keys;
  } catch (error) {
    const existing = await readKeyFile(file);
    if (existing === null) throw error;
    return existing;
  } finally {
    await unlink(draft);
  }
}

function refused(publicMessage: string, cause?: unknown): ImportError {
  return new ImportError({ kind: 'internal', source: 'kms', publicMessage, cause });
}
