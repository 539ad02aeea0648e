/** `Inbound` as `inbound`: the value of ours that a platform means; null for one that it adds later. */
export function oneOf<const T extends string>(
  value: string | null | undefined,
  known: readonly T[],
): T | null {
  const wanted = value?.toLowerCase();
  return known.find((each) => each === wanted) ?? null;
}
