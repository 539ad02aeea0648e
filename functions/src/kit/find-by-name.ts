import type { SourceParticipant } from '../core/imports/source-call.ts';

/**
 * Finds the one participant whom a speaker's name means: by name, or by an address that spells it;
 * null for none or several. Case, accents and spaces do not matter.
 */
export function findByName(
  participants: readonly SourceParticipant[],
  name: string,
): SourceParticipant | null {
  const wanted = toComparableName(name);
  const found = participants.filter(
    (person) =>
      toComparableName(person.name ?? '') === wanted ||
      toComparableName(person.email?.replace(/@.*/, '').replaceAll(/[._-]/g, ' ') ?? '') === wanted,
  );
  return found.length === 1 && wanted !== '' ? (found[0] ?? null) : null;
}

/** A name as it is compared. */
export function toComparableName(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}
