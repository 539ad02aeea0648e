/** A counting semaphore, first come, first served. */
export interface Slots {
  /** Resolves with the function that gives the place back; calling it again does nothing. */
  acquire(): Promise<() => void>;
}

/** Creates `count` free places. */
export function createSlots(count: number): Slots {
  let free = count;
  let waiting: (() => void)[] = [];
  let head = 0;

  function release(): void {
    const next = waiting[head];
    if (next === undefined) {
      free += 1;
      return;
    }
    head += 1;
    if (head > 1000) {
      waiting = waiting.slice(head);
      head = 0;
    }
    next();
  }

  function once(): () => void {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      release();
    };
  }

  return {
    async acquire() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return once();
    },
  };
}
