import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { SandboxChoice } from '../../functions/local/runtime/sandboxes.ts';
import { sandboxes } from '../../functions/src/contexts/testing/sandboxes.ts';
import { platforms, type Platform } from '../../functions/src/core/imports/import-context.ts';

const Account = z.object({
  calls: z.int().nonnegative(),
  seed: z.int().nonnegative(),
  faults: z.array(z.string()),
});
const Accounts = z.partialRecord(z.enum(platforms), Account);

const firstAccount: SandboxChoice = { calls: 25, seed: 1, faults: [] };

/**
 * What each platform's sandbox holds: what this start asks for its platform, for the others what
 * the last start that asked had, so that an import that goes on finds the account it began with.
 */
export async function chooseAccounts(
  folder: string,
  asked: SandboxChoice & { readonly platform: Platform },
): Promise<ReadonlyMap<Platform, SandboxChoice>> {
  const path = join(folder, 'accounts.json');
  const known = await readAccounts(path);
  const { calls, seed, faults } = asked;
  const wanted = platforms.filter((platform) => sandboxes[platform] !== undefined);
  const accounts = new Map<Platform, SandboxChoice>(
    wanted.map((platform) => [platform, known[platform] ?? firstAccount]),
  );
  if (accounts.has(asked.platform)) accounts.set(asked.platform, { calls, seed, faults });
  await writeFile(path, JSON.stringify(Object.fromEntries(accounts)));
  return accounts;
}

async function readAccounts(path: string): Promise<z.infer<typeof Accounts>> {
  try {
    return Accounts.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return {};
  }
}
