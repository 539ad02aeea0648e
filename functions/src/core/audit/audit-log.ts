import { z } from 'zod';
import { roles } from '../access.ts';

/** `started`: its end was never written; what became of it is not known. */
export const auditOutcomes = ['started', 'done', 'refused', 'failed'] as const;

/**
 * Who did what, on whom, and what came of it. Never a secret, never a body: ids, names of operations
 * and statuses only.
 */
export const AuditEntry = z.object({
  id: z.string(),
  at: z.date(),
  /** Null while it goes on. */
  endedAt: z.date().nullable(),
  /** E-mail, else user id, of the person. */
  actor: z.string(),
  /** Null: an import did it, on behalf of the person who asked for it. */
  role: z.enum(roles).nullable(),
  /** That import. */
  jobId: z.string().nullable(),
  /** The API's operation id, or `useCredential`. */
  action: z.string(),
  customerId: z.string().nullable(),
  /** `imports/{id}` or `credentials/{id}`. */
  target: z.string().nullable(),
  outcome: z.enum(auditOutcomes),
  /** The HTTP status that was answered. */
  status: z.int().nullable(),
  requestId: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** What became of an entry. */
export type AuditEnd = Pick<AuditEntry, 'endedAt' | 'outcome' | 'status' | 'target'>;

/** Entries are opened and closed, never changed after that, and never removed. */
export interface AuditLog {
  /**
   * Writes an entry before what it tells of happens. One of that id that is there already is as good.
   * @throws `unavailable`: what can't be written down must not happen
   */
  open(entry: AuditEntry): Promise<void>;
  /** @throws `unavailable`: the entry then stays `started` */
  close(id: string, end: AuditEnd): Promise<void>;
  /** Newest first. */
  list(query: AuditQuery): Promise<readonly AuditEntry[]>;
}

export interface AuditFilter {
  readonly customerId: string | null;
  readonly actor: string | null;
  readonly action: string | null;
  /** Inclusive. */
  readonly from: Date | null;
  /** Exclusive. */
  readonly to: Date | null;
}

export interface AuditQuery extends AuditFilter {
  readonly limit: number;
  /** The last entry of the page before. */
  readonly after: Pick<AuditEntry, 'at' | 'id'> | null;
}
