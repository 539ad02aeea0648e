import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ImportError } from '../../src/core/errors.ts';

const LockOwner = z.object({
  pid: z.int(),
  /** When the process began: tells this process from an earlier one with the same pid. */
  startedAt: z.number(),
});
type LockOwner = z.infer<typeof LockOwner>;

const maxTries = 5;

/**
 * Makes `folder` this process's own until the returned function is called. A lock whose process is
 * gone is taken over. @throws `conflict` while another process holds it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'lock');
  for (let tries = 0; tries < maxTries; tries += 1) {
    if (await createLock(file)) return () => rm(file, { force: true });
    const owner = await readOwner(file);
    if (owner !== null && isAlive(owner)) throw alreadyOpen(folder, owner.pid);
    await removeStale(file, owner);
  }
  throw alreadyOpen(folder, null);
}

async function createLock(file: string): Promise<boolean> {
  const owner: LockOwner = { pid: process.pid, startedAt: performance.timeOrigin };
  try {
    await writeFile(file, JSON.stringify(owner), { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function readOwner(file: string): Promise<LockOwner | null> {
  try {
    return LockOwner.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // Gone since, or torn by a kill: either way nobody who lives owns it.
    return null;
  }
}

/** A pid is used again after a restart of a container: our own pid counts only with our own start. */
function isAlive(owner: LockOwner): boolean {
  if (owner.pid === process.pid) return owner.startedAt === performance.timeOrigin;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** Moved aside first, so that of two processes that both saw it stale, only one removes it. */
async function removeStale(file: string, stale: LockOwner | null): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = await readOwner(aside);
  if (moved?.pid === stale?.pid) await rm(aside, { force: true });
  else await rename(aside, file);
}

function alreadyOpen(folder: string, pid: number | null): ImportError {
  const by = pid === null ? 'another process' : `the process ${pid}`;
  return new ImportError({
    kind: 'conflict',
    source: 'store',
    retryable: false,
    publicMessage: `The folder ${folder} is in use by ${by}: stop it, or choose another folder.`,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
