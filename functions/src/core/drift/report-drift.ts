import { toImportError } from '../errors.ts';
import type { Logs } from '../logs.ts';
import type { ChatMessage, Clock, Messenger } from '../ports.ts';
import { toDriftId, type PlatformDrift } from './platform-drift.ts';

/** Tells people of a drift; never throws. */
export type ReportDrift = (drift: PlatformDrift) => Promise<void>;

export interface StoredDrift extends PlatformDrift {
  readonly id: string;
  readonly seenAt: Date;
  /** Then it is forgotten: what is still so, or is so again, is told again. */
  readonly expiresAt: Date;
}

/** Drifts that people were told of. */
export interface DriftStore {
  /** False when there is one of that id. */
  create(drift: StoredDrift): Promise<boolean>;
  remove(id: string): Promise<void>;
}

export interface DriftReporterOptions {
  readonly drifts: DriftStore;
  /** Asked for with the first drift; null when no channel is configured. */
  readonly messenger: () => Promise<Messenger | null>;
  readonly render: (drift: PlatformDrift) => ChatMessage;
  readonly clock: Clock;
  readonly logs: Pick<Logs, 'platformDrifted' | 'driftNotReported'>;
}

const keptMs = 30 * 86_400_000;
/** A platform that changes everything at once is told of by some of it. */
const maxReported = 50;

/**
 * Tells of each drift once: this process remembers what it has seen, so that a thousand broken records
 * cost one write, and the record's id, which follows from the shape, stops all other instances. A crash
 * right after the record leaves the log event or nothing, but the calls that were set aside are there
 * in any case; a message that was refused takes the record back, so that the next instance tries again.
 */
export function createDriftReporter(options: DriftReporterOptions): ReportDrift {
  const { drifts, clock, logs } = options;
  const reported = new Set<string>();
  return async (drift) => {
    const id = toDriftId(drift);
    if (reported.has(id) || reported.size >= maxReported) return;
    reported.add(id);
    try {
      const seenAt = clock.now();
      const expiresAt = new Date(seenAt.getTime() + keptMs);
      const isFirst = await drifts.create({ id, ...drift, seenAt, expiresAt });
      if (!isFirst) return;
      logs.platformDrifted({ driftId: id, ...drift });
      await announce(options, { id, drift });
    } catch (error) {
      const { kind, publicMessage: message } = toImportError(error, 'drift');
      logs.driftNotReported({ driftId: id, kind, message });
    }
  };
}

async function announce(
  { drifts, messenger, render }: DriftReporterOptions,
  { id, drift }: { readonly id: string; readonly drift: PlatformDrift },
): Promise<void> {
  try {
    const channel = await messenger();
    if (channel === null) return;
    const reference = `drift:${id}`;
    // A message whose answer was lost may be there.
    const posted = await channel.findPosted(reference);
    if (posted === null) await channel.post({ ...render(drift), threadId: null, reference });
  } catch (error) {
    await drifts.remove(id);
    throw error;
  }
}
