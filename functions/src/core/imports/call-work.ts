import type { Engine } from '../engine.ts';
import type { ClaimedCall } from './claim-call.ts';

/** What one try at a call has to work with. */
export interface CallWork {
  readonly engine: Engine;
  readonly claim: ClaimedCall;
  /** Aborts when the lease is lost, or the job was paused or cancelled. */
  readonly signal: AbortSignal;
}
