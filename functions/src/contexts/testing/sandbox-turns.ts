/** Counts asks by key: true for the first `turns` of each; null is none. */
export function createTurns(turns: number | null): (key: string) => boolean {
  const asked = new Map<string, number>();
  return (key) => {
    if (turns === null) return false;
    const before = asked.get(key) ?? 0;
    asked.set(key, before + 1);
    return before < turns;
  };
}
