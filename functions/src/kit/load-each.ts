import { ImportError, toImportError, type ErrorKind } from '../core/errors.ts';

/** What requests for several keys brought: each key's value, or what went wrong with it. */
export type LoadedEach<TValue> = ReadonlyMap<string, TValue | ImportError>;

/** Failures that one key among many may have caused. */
const kindsOfOneKey: ReadonlySet<string> = new Set([
  ...['bad_request', 'permission_denied', 'not_found', 'not_ready'],
  ...['timeout', 'contract'],
]);

/**
 * Loads many keys in requests of at most `maxKeys`. What `load` leaves out is asked for alone, so that
 * it fails in its own name; a request that fails as a whole is halved until it is known which keys
 * are to blame: their errors stand in the result.
 * @throws what concerns every key: `auth_invalid`, `payment_required`, `rate_limited`, `unavailable`
 */
export async function loadEach<TValue>(options: {
  readonly source: string;
  readonly keys: readonly string[];
  readonly maxKeys: number;
  readonly load: (keys: readonly string[]) => Promise<ReadonlyMap<string, TValue>>;
  /** Failures that no key among many causes on this platform, besides those that none ever does. */
  readonly wholeKinds?: readonly ErrorKind[];
}): Promise<LoadedEach<TValue>> {
  const { source, load } = options;
  const result = new Map<string, TValue | ImportError>();
  const pending = slice(options.keys, options.maxKeys);
  for (let keys = pending.shift(); keys !== undefined; keys = pending.shift()) {
    try {
      const loaded = await load(keys);
      for (const [key, value] of loaded) result.set(key, value);
      const missing = keys.filter((key) => !loaded.has(key));
      const [only] = keys;
      if (keys.length > 1) pending.push(...slice(missing, 1));
      else if (missing.length > 0 && only !== undefined) result.set(only, forgotten(source));
    } catch (thrown) {
      const error = toImportError(thrown, source);
      const [only] = keys;
      const isWhole = !kindsOfOneKey.has(error.kind) || options.wholeKinds?.includes(error.kind);
      if (isWhole === true || only === undefined) throw error;
      if (keys.length === 1) result.set(only, error);
      else pending.push(...slice(keys, Math.ceil(keys.length / 2)));
    }
  }
  return result;
}

function slice(keys: readonly string[], size: number): (readonly string[])[] {
  const slices: (readonly string[])[] = [];
  for (let at = 0; at < keys.length; at += size) slices.push(keys.slice(at, at + size));
  return slices;
}

function forgotten(source: string): ImportError {
  return new ImportError({
    kind: 'internal',
    source,
    publicMessage: 'A request for several things brought nothing for one of them.',
  });
}

/** Loads one key, whose error is thrown. */
export async function loadOne<TValue>(
  load: (keys: readonly string[]) => Promise<LoadedEach<TValue>>,
  key: string,
): Promise<TValue> {
  for (const value of (await load([key])).values()) {
    if (value instanceof ImportError) throw value;
    return value;
  }
  throw forgotten('kit');
}

/** What was loaded for a key; undefined where it failed: asked for alone, it fails again in its own name. */
export function findLoaded<TValue>(loaded: LoadedEach<TValue>, key: string): TValue | undefined {
  const value = loaded.get(key);
  return value instanceof ImportError ? undefined : value;
}
