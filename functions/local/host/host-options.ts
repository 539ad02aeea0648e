import type { Clock } from '../../src/core/ports.ts';
import type { DeliveryFaults, EmbeddedQueueOptions } from '../queue/embedded-queue.ts';
import type { EmbeddedQueues } from '../queue/embedded-queues.ts';
import type { EmbeddedFirestore } from '../store/embedded-store.ts';
import type { HostLog } from './host-log.ts';
import type { OidcIssuer } from './oidc.ts';

export interface FunctionHostOptions {
  /** The module namespace of `index.ts`. */
  readonly functions: Readonly<Record<string, unknown>>;
  readonly projectId: string;
  /** For functions that name none. */
  readonly region?: string;
  readonly store: Pick<EmbeddedFirestore, 'onDocumentWritten'>;
  readonly queues: EmbeddedQueues;
  readonly clock: Clock;
  random(): number;
  /** Where unfinished tasks and events are kept; null: nowhere. */
  readonly folder: string | null;
  /** How many instances of a function this process stands for; its `maxInstances` bounds it. */
  readonly instances?: number;
  readonly faults?: DeliveryFaults;
  readonly rememberNamesMs?: number;
  /** Tasks go over a socket to the function's URL, once `listensAt` said where that is. */
  readonly deliverOverHttp?: boolean;
  /**
   * Tasks and schedules go over a socket to the functions at this base URL, asked for each of them:
   * another process hosts them. A throw is a delivery that failed.
   */
  readonly deliverTo?: () => string;
  /** Default: one of this process alone. Processes that deliver to each other share theirs. */
  readonly oidc?: OidcIssuer;
  /** False: schedules run by `runSchedule` only. */
  readonly runsSchedules?: boolean;
  readonly log: HostLog;
}

/** What the queues of tasks and of events have in common. */
export function toQueueOptions(
  options: FunctionHostOptions,
): Pick<
  EmbeddedQueueOptions,
  'clock' | 'random' | 'folder' | 'onSaveFailure' | 'faults' | 'rememberNamesMs'
> {
  const { faults, rememberNamesMs } = options;
  return {
    clock: options.clock,
    random: options.random,
    folder: options.folder,
    onSaveFailure: (error) => options.log.error(error.publicMessage, error),
    ...(faults && { faults }),
    ...(rememberNamesMs !== undefined && { rememberNamesMs }),
  };
}
