import { z } from 'zod';
import type { EmbeddedFirestore } from '../../local/store/embedded-store.ts';

/** What was held by workers at their kills, and how long it lay there. */
export interface LeaseReport {
  readonly heldAtKills: number;
  /** Milliseconds from each kill until another holder claimed what was held. */
  readonly takeUpMs: readonly number[];
  /** Held at a kill and neither claimed again nor ended since: ids. */
  readonly leftBehind: readonly string[];
}

export interface LeaseWatch {
  /** To be called when the worker whose ids begin with `tag` has been killed. */
  killed(tag: string): void;
  report(): LeaseReport;
}

const Leased = z.object({
  lease: z.object({ holder: z.string(), epoch: z.number(), expiresAt: z.unknown() }),
});
type Lease = z.infer<typeof Leased>['lease'];

interface Orphan {
  readonly epoch: number;
  readonly killedAtMs: number;
}

/**
 * Follows the leases of a collection's documents by the store's own writes. A document that a killed
 * worker held and that leaves its hands by the same epoch was freed by a commit on its way at the
 * kill: it did not have to be taken up again.
 */
export function watchLeases(options: {
  readonly store: EmbeddedFirestore;
  /** `importedCalls/{id}` */
  readonly route: string;
  readonly now: () => number;
}): LeaseWatch {
  const held = new Map<string, Lease>();
  const orphans = new Map<string, Orphan>();
  const takeUpMs: number[] = [];
  let heldAtKills = 0;

  options.store.onDocumentWritten(options.route, ({ path, after }) => {
    if (after === null) return;
    const { lease } = Leased.parse(after.data);
    if (lease.expiresAt === null) held.delete(path);
    else held.set(path, lease);
    const orphan = orphans.get(path);
    if (!orphan) return;
    const isTakenUp = lease.epoch > orphan.epoch;
    if (!isTakenUp && lease.expiresAt !== null) return;
    orphans.delete(path);
    if (isTakenUp) takeUpMs.push(options.now() - orphan.killedAtMs);
    else heldAtKills -= 1;
  });

  return {
    killed(tag) {
      const killedAtMs = options.now();
      for (const [path, { holder, epoch }] of held) {
        if (!holder.startsWith(tag) || orphans.has(path)) continue;
        heldAtKills += 1;
        orphans.set(path, { epoch, killedAtMs });
      }
    },
    report: () => ({ heldAtKills, takeUpMs, leftBehind: [...orphans.keys()] }),
  };
}
