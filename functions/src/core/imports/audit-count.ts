import { ImportError, toImportError } from '../errors.ts';
import { findGaps, type CallsByDay } from './find-gaps.ts';
import type { ImportJob } from './import-job.ts';
import { supports } from './import-context.ts';
import { withCredentials } from './job-credentials.ts';
import { requireContext, update, type JobRun } from './job-run.ts';
import { pagesAtOnce, requirePages } from './job-steps.ts';
import type { DateRange } from './source-call.ts';

/** A platform that can't be asked now is asked again so often; the import does not fail of it. */
const maxFailures = 3;

/**
 * Before a job ends to which the platform has listed fewer calls than it counts: asks for the count
 * anew, as calls may have been deleted meanwhile, and where it is still higher, on which days. A
 * repetition asks again and writes the same.
 */
export async function auditCount(run: JobRun): Promise<boolean> {
  const { clock } = run.engine;
  const found = await findMissing(run);
  const now = clock.now();
  return update(run, (job) => ({
    ...job,
    listing: { ...job.listing, ...found, failures: 0 },
    updatedAt: now,
  }));
}

async function findMissing(
  run: JobRun,
): Promise<Pick<ImportJob['listing'], 'platformCount' | 'gaps'>> {
  const range = toClosedRange(run);
  const listedOn = await readCallsByDay(run);
  try {
    const platformCount = await count(run, range);
    const whole = { ...range, platformCount };
    const ask = (part: DateRange) => count(run, part);
    return { platformCount, gaps: [...(await findGaps({ whole, listedOn, count: ask }))] };
  } catch (error) {
    const { kind, retryable } = toImportError(error, run.job.platform);
    const { platformCount, failures } = run.job.listing;
    if (kind === 'rate_limited' || (retryable && failures < maxFailures)) throw error;
    return { platformCount, gaps: [] };
  }
}

/** What began after the import was not there to be listed. */
function toClosedRange({ job }: JobRun): { start: Date | null; end: Date } {
  const { start, end } = job.config.dateRange;
  const ends = [end, job.startedAt].flatMap((date) => date?.getTime() ?? []);
  return { start, end: new Date(Math.min(...ends)) };
}

function count({ engine, job }: JobRun, dateRange: DateRange): Promise<number> {
  const context = requireContext(engine, job.platform);
  return withCredentials(engine, { job, context }, (credentials) => {
    if (supports(context, 'countCalls')) {
      return context.countCalls(credentials, { dateRange, filters: job.config.filters });
    }
    throw new ImportError({
      kind: 'contract',
      source: job.platform,
      publicMessage: `${context.displayName} no longer counts its calls.`,
    });
  });
}

/** What the job's pages hold, over all of them: a read for 100 calls. */
async function readCallsByDay(run: JobRun): Promise<CallsByDay> {
  const sums: Record<string, number> = {};
  for (let from = 0; from < run.job.listing.pages; from += pagesAtOnce) {
    const pages = await requirePages(run, from);
    for (const [day, calls] of pages.flatMap((page) => Object.entries(page.days))) {
      sums[day] = (sums[day] ?? 0) + calls;
    }
  }
  return sums;
}
