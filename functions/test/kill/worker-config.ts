import type { EngineSettings } from '../../src/core/settings.ts';

/** What the coordinator tells a worker that it has started; both are of the same source tree. */
export interface WorkerConfig {
  /** Begins every lease holder's id of this worker, so that the store says who held what. */
  readonly tag: string;
  readonly projectId: string;
  /** Objects and keys, shared by all. */
  readonly folder: string;
  readonly tasksUrl: string;
  readonly speechUrl: string;
  readonly sandboxOrigin: string;
  /** Hex; signs the tokens between coordinator and workers. */
  readonly sharedKey: string;
  readonly settings: EngineSettings;
}

/** What a worker answers once it serves. */
export interface WorkerReady {
  readonly url: string;
}

export const tagLength = 4;
