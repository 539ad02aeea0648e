import type { Engagement } from '../engagements/engagement.ts';
import type { CallsByDay } from './find-gaps.ts';
import type { CallStatus, ImportedCall } from './imported-call.ts';
import type { CallTotals, ImportJob, JobStatus } from './import-job.ts';

/** A page of a listing as recorded: by it calls are dispatched, 100 for one read. */
export interface CallPage {
  readonly index: number;
  /** Where its listing began; null at the beginning, and for a page that no listing gave. */
  readonly cursor: string | null;
  readonly callKeys: readonly string[];
  readonly duplicates: readonly DuplicateCall[];
  readonly rejected: readonly { readonly sourceCallId: string | null; readonly reason: string }[];
  /** What it added to the calls that the job was shown: each is counted on one page only. */
  readonly days: CallsByDay;
}

/** A listed call that this job leaves alone, and who has it. */
export interface DuplicateCall {
  readonly callKey: string;
  readonly sourceCallId: string;
  readonly title: string | null;
  readonly heldByJobId: string;
  readonly reason: 'imported_before' | 'in_another_import';
}

/**
 * Stores run `decide` inside one transaction on what they have just read, and write what it
 * returns: it is pure and may run several times. A commit whose outcome is unknown is tried again;
 * `decide` then sees what the first one wrote, and must recognise it.
 */
export interface JobStore {
  /** @throws `conflict` when the id is taken */
  create(job: ImportJob): Promise<void>;
  get(jobId: string): Promise<ImportJob | null>;
  /** Newest first. */
  list(query: JobQuery): Promise<readonly ImportJob[]>;
  /** The job that a one-off credential belongs to. */
  findByCredential(customerId: string, credentialId: string): Promise<ImportJob | null>;
  /** One that has not ended and works with that credential; null: there is none. */
  findOpenByCredential(customerId: string, credentialId: string): Promise<ImportJob | null>;
  /** Oldest first, across customers; a record that can't be read is reported and left out. */
  listByStatus(statuses: readonly JobStatus[], limit: number): Promise<readonly ImportJob[]>;
  /** Jobs whose `settleAt` has come, longest first. */
  listUnsettled(now: Date, limit: number): Promise<readonly ImportJob[]>;
  /** Returns `result`; writes `job` unless it is null. @throws `not_found` */
  transact<T>(jobId: string, decide: (job: ImportJob) => JobDecision<T>): Promise<T>;
  /** The counters as they stand: the sum over the job's shards. */
  sumTotals(jobId: string): Promise<CallTotals>;
}

export interface JobQuery {
  readonly customerId: string;
  readonly status: JobStatus | null;
  readonly platform: string | null;
  readonly limit: number;
  /** The last job of the page before. */
  readonly after: { readonly createdAt: Date; readonly id: string } | null;
}

export interface JobDecision<T> {
  readonly job: ImportJob | null;
  readonly result: T;
}

export interface CallStore {
  get(callKey: string): Promise<ImportedCall | null>;
  /** Those of the keys that there are, in their order. */
  getMany(callKeys: readonly string[]): Promise<readonly ImportedCall[]>;
  /**
   * A customer's calls that have all of these terms of `toSearchTerms`, among the first `limit` that
   * have the longest of them.
   */
  search(query: {
    readonly customerId: string;
    readonly terms: readonly string[];
    readonly limit: number;
  }): Promise<readonly ImportedCall[]>;
  getEngagement(callKey: string): Promise<Engagement | null>;
  getPage(jobId: string, index: number): Promise<CallPage | null>;
  /** In the order of `callKey`. */
  list(query: CallQuery): Promise<readonly ImportedCall[]>;
  /**
   * Reads the call, and with `jobId` the job beside it; writes the call and the engagement that
   * `decide` returns, and moves the job's counters by the difference between the call's old and new
   * state. The engagement is created, never replaced. @throws `conflict` when it exists already
   */
  transact<T>(target: CallTarget, decide: (found: FoundCall) => CallDecision<T>): Promise<T>;
  /** The same over a page: reads the job, the calls, and the states of other jobs that hold them. */
  transactPage<T>(
    target: { readonly jobId: string; readonly callKeys: readonly string[] },
    decide: (found: PageFacts) => PageDecision<T>,
  ): Promise<T>;
  /** Live calls of the job whose `checkAfter` has passed, longest first. */
  listOverdue(jobId: string, now: Date, limit: number): Promise<readonly ImportedCall[]>;
  /** Calls that wait on a page below `page`. */
  listPendingBelow(jobId: string, page: number, limit: number): Promise<readonly ImportedCall[]>;
  /** Calls on a page below `page` that have not ended, at one instant. */
  countOpenBelow(jobId: string, page: number): Promise<number>;
  /** Counted by the store itself, not by the counters. */
  countByStatus(jobId: string, status: CallStatus): Promise<number>;
}

export interface CallQuery {
  readonly jobId: string;
  readonly status: CallStatus | null;
  readonly limit: number;
  readonly afterCallKey: string | null;
}

export interface CallTarget {
  readonly callKey: string;
  /** Null: the job is not looked at. */
  readonly jobId: string | null;
  /**
   * The call as an earlier `transact` of this process wrote it. While nobody has changed it since, it
   * is not read again; the job is not looked at then.
   */
  readonly known?: ImportedCall;
}

export interface FoundCall {
  readonly call: ImportedCall | null;
  readonly job: ImportJob | null;
}

export interface CallDecision<T> {
  readonly call: ImportedCall | null;
  readonly engagement?: Engagement;
  readonly result: T;
}

export interface PageFacts {
  readonly job: ImportJob;
  readonly calls: ReadonlyMap<string, ImportedCall>;
  /** The status of each other job that holds one of the calls; jobs that are gone are missing. */
  readonly holders: ReadonlyMap<string, JobStatus>;
  /** Which of the calls this job has noted as duplicates already, on an earlier page. */
  readonly noted: ReadonlySet<string>;
}

export interface PageDecision<T> {
  readonly job: ImportJob | null;
  readonly calls: readonly ImportedCall[];
  readonly page: CallPage | null;
  /** A page that was recorded before, as it is now. */
  readonly changedPage?: CallPage;
  readonly result: T;
}
