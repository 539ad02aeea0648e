/** What a platform's refusal means for everybody who shares the account. */
export interface SharedRefusal {
  /** In epoch milliseconds; null: the platform did not say. */
  readonly untilMs: number | null;
  /** Whether it was the pace, and not only that a window is used up. */
  readonly isTooFast: boolean;
}

/** Tells the other instances of refusals, one write at a time. */
export interface RefusalReport {
  /** Resolves when it is written, with whatever came meanwhile. */
  share(refusal: SharedRefusal): Promise<void>;
  /** What is being written; null: nothing. */
  readonly pending: Promise<void> | null;
}

/** Creates a report by `save`, which may fail: then the others are going to be refused as we were. */
export function createRefusalReport(
  save: (refusal: SharedRefusal) => Promise<void>,
): RefusalReport {
  let unsaved: SharedRefusal | null = null;
  let pending: Promise<void> | null = null;

  async function saveNext(): Promise<void> {
    const refusal = unsaved;
    if (refusal === null) return;
    unsaved = null;
    await save(refusal).catch(() => undefined);
  }

  return {
    get pending() {
      return pending;
    },
    share: async (refusal) => {
      unsaved = join(unsaved, refusal);
      const saving = (pending ?? Promise.resolve()).then(saveNext);
      pending = saving;
      await saving;
      if (pending === saving) pending = null;
    },
  };
}

/** Refusals that come together are one: the longest, and too fast if any was. */
function join(one: SharedRefusal | null, other: SharedRefusal): SharedRefusal {
  if (one === null) return other;
  const untilMs = Math.max(one.untilMs ?? 0, other.untilMs ?? 0) || null;
  return { untilMs, isTooFast: one.isTooFast || other.isTooFast };
}
