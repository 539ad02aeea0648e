export const metadataQualities = ['full', 'partial', 'minimal'] as const;
export type MetadataQuality = (typeof metadataQualities)[number];

/**
 * How much we know of a conversation beside its recording:
 * - `full`: title, start, duration, and a participant who can be reached (e-mail or phone);
 * - `partial`: the start, and a duration or a named or reachable participant;
 * - `minimal`: anything less.
 */
export function toMetadataQuality(facts: {
  readonly title: string | null;
  readonly startedAt: Date | null;
  readonly durationSeconds: number | null;
  readonly participants: readonly {
    readonly name: string | null;
    readonly email: string | null;
    readonly phone: string | null;
  }[];
}): MetadataQuality {
  const isReachable = facts.participants.some((person) => person.email ?? person.phone);
  const isNamed = facts.participants.some((person) => person.name);
  if (!facts.startedAt) return 'minimal';
  if (facts.title && facts.durationSeconds !== null && isReachable) return 'full';
  return facts.durationSeconds !== null || isReachable || isNamed ? 'partial' : 'minimal';
}
