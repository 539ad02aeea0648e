/** What can be broken on demand, with how many times or how often by default. */
export const grainFaults = {
  /** The first so many asks for each transcript answer 404. */
  'late-transcripts': 2,
  /** The first link of each call to its recording has expired already (the number has no effect). */
  'expired-links': 1,
  /** Every so many calls have no transcript, ever. */
  'no-transcripts': 3,
  /** A recording comes in pieces, so many milliseconds apart. */
  'slow-media': 20,
  /** Every so many API requests answer 500. */
  'server-errors': 7,
  /** From the second page on, the cursor is the one that was sent (the number has no effect). */
  'repeated-cursor': 1,
  /** The first so many of every 20 API requests answer 429, whatever the pace. */
  'rate-limit-storm': 3,
} as const;

export type GrainFault = keyof typeof grainFaults;

/** How much of each fault is wanted; null for none of it. */
export type GrainFaults = Readonly<Record<GrainFault, number | null>>;

/**
 * Reads `late-transcripts` or, with a number of one's own, `late-transcripts:5`.
 * @throws a RangeError that lists the known names when one is unknown
 */
export function parseGrainFaults(names: readonly string[]): GrainFaults {
  const wanted: Record<GrainFault, number | null> = {
    'late-transcripts': null,
    'expired-links': null,
    'no-transcripts': null,
    'slow-media': null,
    'server-errors': null,
    'repeated-cursor': null,
    'rate-limit-storm': null,
  };
  for (const text of names) {
    const [, name = '', amount] = /^([a-z-]+)(?::([1-9]\d{0,5}))?$/.exec(text) ?? [];
    if (!isFault(name)) {
      const known = Object.keys(grainFaults).join(', ');
      throw new RangeError(`no fault "${text}"; known: ${known}, each with an optional :number`);
    }
    wanted[name] = amount === undefined ? grainFaults[name] : Number(amount);
  }
  return wanted;
}

function isFault(name: string): name is GrainFault {
  return Object.hasOwn(grainFaults, name);
}
