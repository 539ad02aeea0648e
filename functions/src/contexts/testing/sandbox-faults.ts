/** How much of each fault is wanted; null for none of it. */
export type Faults<TFault extends string> = Readonly<Record<TFault, number | null>>;

/**
 * Reads `late-transcripts` or, with a number of one's own, `late-transcripts:5`; with a question mark
 * at its end a name may be unknown. `known` has every fault of a sandbox with how many times or how
 * often it happens by default. The names are read at each look: a list that changes has effect.
 * @throws a RangeError that lists the known names when one is unknown
 */
export function parseFaults<TFault extends string>(
  known: Readonly<Record<TFault, number>>,
  names: readonly string[],
): Faults<TFault> {
  const defaults = new Map<string, number>(Object.entries(known));
  for (const text of names) requireKnown(text, defaults);
  const faults = {};
  for (const [name, usual] of defaults) {
    Object.defineProperty(faults, name, {
      enumerable: true,
      get: () => readAmount(names, { name, usual }),
    });
  }
  // The keys are those of `known`, each once: their type is lost on the way through the map.
  return faults as Faults<TFault>;
}

const form = /^([a-z-]+)(?::([1-9]\d{0,5}))?(\?)?$/;

function requireKnown(text: string, defaults: ReadonlyMap<string, number>): void {
  const [, name = '', , isOptional] = form.exec(text) ?? [];
  if (isOptional !== undefined || defaults.has(name)) return;
  const list = [...defaults.keys()].join(', ');
  throw new RangeError(`no fault "${text}"; known: ${list}, each with an optional :number`);
}

/** What the last of the names says of a fault; null when none does. */
function readAmount(
  names: readonly string[],
  { name, usual }: { readonly name: string; readonly usual: number },
): number | null {
  const text = names.findLast((one) => form.exec(one)?.[1] === name);
  if (text === undefined) return null;
  const amount = form.exec(text)?.[2];
  return amount === undefined ? usual : Number(amount);
}
