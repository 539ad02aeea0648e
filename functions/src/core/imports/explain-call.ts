import { toCallKey } from './call-key.ts';
import { tellCall, type CallStory } from './call-story.ts';
import type { ImportedCall } from './imported-call.ts';
import type { ImportJob } from './import-job.ts';
import type { CallStore, JobStore } from './import-store.ts';
import { readReference } from './search-terms.ts';
import { tellUnseen, type UnreadRecord } from './unseen-call.ts';

export interface ExplainedCall extends CallStory {
  readonly call: ImportedCall;
}

/** The answer to "why is this call not there?". */
export interface CallExplanation extends CallStory {
  /** The calls that the reference fits; none: nothing is known of such a call. */
  readonly calls: readonly ExplainedCall[];
  /** The customer's imports, newest first: what was asked of the platforms. */
  readonly jobs: readonly ImportJob[];
}

/** What an explanation is read from. */
interface Stores {
  readonly calls: Pick<CallStore, 'getMany' | 'search' | 'getPage'>;
  readonly jobs: Pick<JobStore, 'list' | 'get'>;
}

const maxCalls = 20;
const maxSearched = 200;
const maxJobs = 100;
const maxPages = 200;

/**
 * Finds a call by whatever a person has of it, and tells its whole story: by our id or the platform's
 * at once, else by the terms of `toSearchTerms`. Costs some dozen reads, a search up to 200 more.
 */
export async function explainCall(
  stores: Stores,
  question: {
    readonly customerId: string;
    readonly reference: string;
    /** When the call was, if anybody knows: tells whether an import asked for that time. */
    readonly startedAt: Date | null;
  },
): Promise<CallExplanation> {
  const { customerId, startedAt } = question;
  const jobs = await stores.jobs.list({
    ...{ customerId, status: null, platform: null, after: null },
    limit: maxJobs,
  });
  const found = await findCalls(stores, question, jobs);
  if (found.length === 0) {
    const unread = await findUnread(stores, jobs, readReference(question.reference).sourceCallIds);
    return { calls: [], jobs, ...tellUnseen({ customerId, jobs, unread, startedAt }) };
  }
  const calls = await Promise.all(found.map((call) => explain(stores, call, jobs)));
  const [only, another] = calls;
  if (only && !another) {
    const { explanation, next } = only;
    return { calls, jobs, explanation, next };
  }
  return {
    calls,
    jobs,
    explanation: `${found.length === maxCalls ? `${maxCalls} or more` : found.length} calls fit "${question.reference}".`,
    next: 'Look through them, and ask again with the id of the one that is meant.',
  };
}

async function explain(
  stores: Stores,
  call: ImportedCall,
  jobs: readonly ImportJob[],
): Promise<ExplainedCall> {
  const listed = jobs.find((job) => job.id === call.jobId);
  return { call, ...tellCall(call, listed ?? (await stores.jobs.get(call.jobId))) };
}

async function findCalls(
  { calls }: Stores,
  { customerId, reference }: { readonly customerId: string; readonly reference: string },
  jobs: readonly ImportJob[],
): Promise<readonly ImportedCall[]> {
  const { sourceCallIds, terms } = readReference(reference);
  const platforms = [...new Set(jobs.map((job) => job.platform))];
  const keys = sourceCallIds.flatMap((sourceCallId) =>
    platforms.map((platform) => toCallKey({ customerId, platform, sourceCallId })),
  );
  const ownKeys = sourceCallIds.filter((id) => /^[a-z2-7]{52}$/.test(id));
  const byId = await calls.getMany([...ownKeys, ...keys]);
  // Another customer's call is as good as none.
  const own = byId.filter((call) => call.customerId === customerId);
  if (own.length > 0 || terms.length === 0) return own;
  const found = await calls.search({ customerId, terms, limit: maxSearched });
  return found.slice(0, maxCalls);
}

/** Records that broke the platform's contract stand on the pages of their listing, and nowhere else. */
async function findUnread(
  { calls }: Stores,
  jobs: readonly ImportJob[],
  sourceCallIds: readonly string[],
): Promise<UnreadRecord | null> {
  let pages = 0;
  for (const job of jobs.filter(({ listing }) => listing.rejected > 0)) {
    for (let index = 0; index < job.listing.pages && pages < maxPages; index += 1) {
      pages += 1;
      const page = await calls.getPage(job.id, index);
      const record = page?.rejected.find((one) => sourceCallIds.includes(one.sourceCallId ?? ''));
      if (record) return { job, reason: record.reason };
    }
  }
  return null;
}
