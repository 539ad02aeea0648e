import type { Engine } from '../engine.ts';
import { isSameCredentials } from '../credentials/refresh.ts';
import { ImportError } from '../errors.ts';
import type { Credentials, ImportContext, Platform } from './import-context.ts';
import { isLive, type CallTotals, type ImportJob } from './import-job.ts';
import { withCredentials } from './job-credentials.ts';
import type { SourceCallPage } from './source-call.ts';

/** One holder's run over a job: what it holds, what it knows, and where its listing stands. */
export interface JobRun {
  readonly engine: Engine;
  readonly epoch: number;
  readonly listing: ReturnType<typeof openListing>;
  job: ImportJob;
  totals: CallTotals;
}

/** Keeps the platform's page generator open between steps; reopens it when the cursor or the token moved without it. */
export function openListing() {
  let open: OpenPages | null = null;
  const close = async (): Promise<void> => {
    const closing = open;
    open = null;
    await closing?.pages.return(undefined);
  };
  return {
    close,
    next: (run: JobRun): Promise<SourceCallPage> => {
      const { engine, job } = run;
      const context = requireContext(engine, job.platform);
      const { dateRange, filters } = job.config;
      const { cursor } = job.listing;
      return withCredentials(engine, { job, context }, async (credentials) => {
        const isOurs = open?.cursor === cursor && isSameCredentials(open.credentials, credentials);
        if (!isOurs) await close();
        const { pages } = open ?? {
          pages: context.listCalls(credentials, { dateRange, filters, cursor }),
        };
        // A generator that threw has ended: until it has given its page there is none to go on with.
        open = null;
        const next: IteratorResult<SourceCallPage, unknown> = await pages.next();
        const page: SourceCallPage = next.done ? { calls: [], nextCursor: null } : next.value;
        open = { pages, credentials, cursor: page.nextCursor };
        return page;
      });
    },
  };
}

interface OpenPages {
  readonly pages: AsyncGenerator<SourceCallPage>;
  readonly credentials: Credentials;
  /** Of the page that it gives next. */
  readonly cursor: string | null;
}

/**
 * Changes the job if this run still holds it and it is live; the run then knows the new one. The
 * commit's answer may be lost and `change` run again on its own result, so it must be idempotent.
 */
export async function update(run: JobRun, change: (job: ImportJob) => ImportJob): Promise<boolean> {
  const next = await run.engine.jobs.transact(run.job.id, (job) => {
    if (job.lease.epoch !== run.epoch || !isLive(job)) return { job: null, result: null };
    const changed = change(renewLease(run.engine, job));
    return { job: changed, result: changed };
  });
  if (next) run.job = next;
  return next !== null;
}

/** Each step that records itself keeps the job for another `leaseMs`, so that a crash is noticed soon. */
export function renewLease(engine: Pick<Engine, 'clock' | 'settings'>, job: ImportJob): ImportJob {
  const expiresAt = new Date(engine.clock.now().getTime() + engine.settings.leaseMs);
  return { ...job, lease: { ...job.lease, expiresAt } };
}

/** @throws `contract` for a platform that has no context yet */
export function requireContext(
  engine: Pick<Engine, 'findContext'>,
  platform: Platform,
): ImportContext {
  const context = engine.findContext(platform);
  if (context) return context;
  throw new ImportError({
    kind: 'contract',
    source: 'imports',
    publicMessage: `The platform ${platform} can't be imported from yet.`,
  });
}
