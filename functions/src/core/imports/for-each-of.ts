/**
 * Does `work` for each item, one after another; a failure keeps none of the later ones waiting and
 * is thrown at the end, the first of them.
 */
export async function forEachOf<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) await work(item).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
