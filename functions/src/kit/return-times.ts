/** When those come again who were refused for want of slots: some together, then the next. */
export interface ReturnTimes {
  /** In epoch milliseconds; not before `turnMs`, when there are likely to be slots again. */
  next(at: {
    readonly turnMs: number;
    readonly nowMs: number;
    /** How many come at the same time. */
    readonly together: number;
  }): number;
  /** How far apart two requests are that this instance gets slots for. */
  space(intervalMs: number): void;
}

/** However many are refused, each comes again within this time. */
const longestMs = 5 * 60_000;

/** Creates an empty book of appointments. */
export function createReturnTimes(firstIntervalMs: number): ReturnTimes {
  let intervalMs = firstIntervalMs;
  let atMs = 0;
  let left = 0;
  return {
    next: ({ turnMs, nowMs, together }) => {
      if (left === 0 || atMs < turnMs) {
        atMs = Math.min(Math.max(turnMs, atMs + together * intervalMs), nowMs + longestMs);
        left = together;
      }
      left -= 1;
      return atMs;
    },
    space: (wantedMs) => {
      intervalMs = wantedMs;
    },
  };
}
