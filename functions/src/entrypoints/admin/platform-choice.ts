import type { PlatformContext, PlatformDirectory } from '../../app.ts';
import type { Platform } from '../../core/imports/import-context.ts';
import { badRequest } from './problem.ts';

/** A platform as the caller named it, and where in the request. */
interface NamedPlatform {
  readonly name: string;
  readonly pointer: string;
}

/** @throws a 400 that lists the platforms, for a name that is none */
export function toPlatform(
  platforms: PlatformDirectory,
  { name, pointer }: NamedPlatform,
): Platform {
  const platform = platforms.resolve(name);
  if (platform) return platform;
  const known = platforms.rows.map((row) => row.platform).join(', ');
  throw badRequest(`There is no platform "${name}".`, [
    { pointer, detail: `must be one of ${known}` },
  ]);
}

/** @throws a 400 that lists what can be imported from, for any other platform */
export function requireContext(
  platforms: PlatformDirectory,
  named: NamedPlatform,
): PlatformContext {
  const { name, pointer } = named;
  const context = platforms.find(toPlatform(platforms, named));
  if (context) return context;
  const ready = platforms.rows.filter(({ platform }) => platforms.find(platform) !== null);
  throw badRequest(`${name} can't be imported from yet.`, [
    { pointer, detail: `possible are ${ready.map((row) => row.platform).join(', ')}` },
  ]);
}
