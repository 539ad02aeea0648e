/** How much of each fault is wanted; null for none of it. */
export type Faults<TFault extends string> = Readonly<Record<TFault, number | null>>;

/**
 * Reads `late-transcripts` or, with a number of one's own, `late-transcripts:5`. `known` has every
 * fault of a sandbox with how many times or how often it happens by default.
 * @throws a RangeError that lists the known names when one is unknown
 */
export function parseFaults<TFault extends string>(
  known: Readonly<Record<TFault, number>>,
  names: readonly string[],
): Faults<TFault> {
  const wanted = new Map<string, number>();
  const defaults = new Map<string, number>(Object.entries(known));
  for (const text of names) {
    const [, name = '', amount] = /^([a-z-]+)(?::([1-9]\d{0,5}))?$/.exec(text) ?? [];
    const usual = defaults.get(name);
    if (usual === undefined) {
      const list = [...defaults.keys()].join(', ');
      throw new RangeError(`no fault "${text}"; known: ${list}, each with an optional :number`);
    }
    wanted.set(name, amount === undefined ? usual : Number(amount));
  }
  const faults = Object.fromEntries(
    [...defaults.keys()].map((name) => [name, wanted.get(name) ?? null]),
  );
  // The keys are those of `known`, each once: `Object.fromEntries` only forgets their type.
  return faults as Faults<TFault>;
}
