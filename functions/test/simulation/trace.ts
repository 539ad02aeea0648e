/** What happened in a world, step by step: its digest tells whether two runs were the same. */
export interface Trace {
  /** `isRoutine` steps count, but are not worth showing. */
  add(step: string, isRoutine?: boolean): void;
  /** The last steps that are worth showing, oldest first. */
  last(): readonly string[];
  readonly digest: string;
  readonly steps: number;
}

const kept = 60;

/** Creates a trace of steps, each with the seconds since the start. */
export function createTrace(nowMs: () => number): Trace {
  const startedAtMs = nowMs();
  const steps: string[] = [];
  let [high, low] = [0x811c9dc5, 0x01000193];
  let [count, shown] = [0, 0];
  return {
    add(step, isRoutine = false) {
      const line = `${((nowMs() - startedAtMs) / 1000).toFixed(3)} ${step}`;
      for (let at = 0; at < line.length; at += 1) {
        // FNV-1a, twice from different starts.
        high = Math.imul(high ^ line.charCodeAt(at), 0x01000193);
        low = Math.imul(low ^ line.charCodeAt(at), 0x85ebca6b);
      }
      count += 1;
      if (isRoutine) return;
      shown += 1;
      steps[shown % kept] = line;
    },
    last: () => {
      const from = Math.max(1, shown - kept + 1);
      const length = shown - from + 1;
      return Array.from({ length }, (_, index) => steps[(from + index) % kept] ?? '');
    },
    get digest() {
      return `${toHex(high)}${toHex(low)}`;
    },
    get steps() {
      return count;
    },
  };
}

function toHex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
