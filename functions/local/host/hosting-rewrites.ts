import { z } from 'zod';

/** A path that Firebase Hosting hands to a function. */
export interface HostingRewrite {
  readonly source: string;
  readonly functionName: string;
  matches(path: string): boolean;
}

const Rewrite = z.object({
  source: z.string().optional(),
  function: z
    .union([z.string(), z.object({ functionId: z.string() }).transform((it) => it.functionId)])
    .optional(),
});
const Site = z.object({ rewrites: z.array(Rewrite).optional() });
const FirebaseJson = z.object({ hosting: z.union([Site, z.array(Site)]).optional() });

/**
 * The rewrites to functions of a parsed `firebase.json`, in their order; the first that matches wins.
 * @see https://firebase.google.com/docs/hosting/full-config#rewrites
 */
export function readHostingRewrites(firebaseJson: unknown): HostingRewrite[] {
  const { hosting } = FirebaseJson.parse(firebaseJson);
  const sites = hosting === undefined ? [] : [hosting].flat();
  return sites
    .flatMap((site) => site.rewrites ?? [])
    .flatMap(({ source, function: functionName }) => {
      if (source === undefined || functionName === undefined) return [];
      const pattern = toPattern(source);
      return { source, functionName, matches: (path: string) => pattern.test(path) };
    });
}

/** Hosting's globs: `**` is any number of whole segments, also none; `*` is within one. */
function toPattern(glob: string): RegExp {
  const body = glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\/\*\*|\*\*|\*/g, (stars) => {
    if (stars === '*') return '[^/]*';
    return stars === '**' ? '.*' : '(?:/.*)?';
  });
  return new RegExp(`^${body}$`);
}
