/**
 * The names a queue refuses: those of its tasks, and for a while those of tasks that are done. Names
 * are forgotten in the order in which they ended, so nothing is searched.
 */
export interface TaskNames {
  /** False when the name is taken. */
  claim(name: string, nowMs: number): boolean;
  /** The task of that name is done or dropped. */
  release(name: string, nowMs: number): void;
  /** Names of ended tasks with the instant at which each is free again. */
  remembered(): Iterable<readonly [string, number]>;
  /** For the start: a name that an earlier run remembered. */
  remember(name: string, untilMs: number): void;
}

/** Creates the memory of a queue that keeps a name for `rememberMs` after its task ended. */
export function createTaskNames(rememberMs: number): TaskNames {
  const live = new Set<string>();
  // A Map iterates in the order of insertion, which is that of expiry.
  const ended = new Map<string, number>();

  function forgetExpired(nowMs: number): void {
    for (const [name, untilMs] of ended) {
      if (untilMs > nowMs) return;
      ended.delete(name);
    }
  }

  return {
    claim(name, nowMs) {
      forgetExpired(nowMs);
      if (live.has(name) || ended.has(name)) return false;
      live.add(name);
      return true;
    },
    release(name, nowMs) {
      live.delete(name);
      ended.delete(name);
      if (rememberMs > 0) ended.set(name, nowMs + rememberMs);
    },
    remembered: () => ended,
    remember: (name, untilMs) => void ended.set(name, untilMs),
  };
}
