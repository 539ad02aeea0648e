import type { AuditLog } from './audit/audit-log.ts';
import type { BudgetStore } from './budgets/rate-budget.ts';
import type { CredentialRecords } from './credentials/credential-record.ts';
import type { KeyRotator } from './credentials/rotate-keys.ts';
import type { Vault } from './credentials/vault.ts';
import type { Directory } from './engagements/match-participants.ts';
import type { IdempotencyStore } from './idempotency/idempotency-record.ts';
import type { CallStore, JobStore } from './imports/import-store.ts';
import type { Logs } from './logs.ts';
import type { Clock, CreateId, FindContext, ObjectStore, TaskQueue, Transcriber } from './ports.ts';
import type { EngineSettings } from './settings.ts';

/** Everything that the use cases work with; `app.ts` puts it together. */
export interface Engine {
  readonly clock: Clock;
  readonly createId: CreateId;
  /** In [0, 1). */
  readonly random: () => number;
  readonly settings: EngineSettings;
  readonly jobs: JobStore;
  readonly calls: CallStore;
  readonly vault: Vault;
  readonly credentials: CredentialRecords;
  readonly keys: KeyRotator;
  readonly audit: AuditLog;
  readonly budgets: BudgetStore;
  readonly idempotencyKeys: IdempotencyStore;
  readonly directory: Directory;
  readonly objects: ObjectStore;
  readonly queue: TaskQueue;
  readonly transcriber: Transcriber;
  readonly findContext: FindContext;
  readonly logs: Logs;
}
