import { toText, type CallStory } from './call-story.ts';
import { platformNames } from './import-context.ts';
import type { ImportJob } from './import-job.ts';
import type { DateRange } from './source-call.ts';

/** A record that a platform listed and that could not be read. */
export interface UnreadRecord {
  readonly job: ImportJob;
  readonly reason: string;
}

type StartedJob = ImportJob & { readonly startedAt: Date };

/**
 * Tells why nothing is known of a call: what was asked of the platforms, when and for which range.
 * `jobs` are the customer's imports, newest first; `startedAt` is when the call was, if anybody knows.
 */
export function tellUnseen(facts: {
  readonly customerId: string;
  readonly jobs: readonly ImportJob[];
  readonly unread: UnreadRecord | null;
  readonly startedAt: Date | null;
}): CallStory {
  const { customerId, jobs, unread, startedAt } = facts;
  if (unread) return tellUnread(unread);
  const listed = jobs.filter((job): job is StartedJob => job.startedAt !== null);
  if (listed.length === 0) {
    return {
      explanation: `No import has asked a platform for the calls of customer ${customerId} yet.`,
      next: 'Start an import: POST /admin/imports.',
    };
  }
  const seen = `${describeListings(listed)}.`;
  const open = listed.find((job) => !job.listing.isFinished && job.completedAt === null);
  const hasWhole = listed.some((job) => job.listing.isFinished);
  const unfinished = open ?? (hasWhole ? undefined : listed[0]);
  if (unfinished) return tellUnfinished(seen, unfinished);
  return tellReason(seen, listed, startedAt);
}

function tellUnread({ job, reason }: UnreadRecord): CallStory {
  const platform = platformNames[job.platform];
  return {
    explanation: `${platform} listed it for import ${job.id}, but its record could not be read: ${reason}.`,
    next: `Tell the engineers this reason: when the adapter is mended, POST /admin/imports/${job.id}/retry?code=contract takes it up.`,
  };
}

function tellUnfinished(seen: string, job: ImportJob): CallStory {
  const { id, status, lastError } = job;
  const explanation = `${seen} Import ${id} has not listed everything`;
  const address = `/admin/imports/${id}`;
  if (status === 'paused') {
    return { explanation: `${explanation}: it is paused.`, next: `POST ${address}/resume.` };
  }
  if (job.completedAt === null) {
    return { explanation: `${explanation} yet.`, next: `Wait until it has: GET ${address}.` };
  }
  const reason = lastError ? `: ${lastError.message}` : '.';
  return {
    explanation: `${explanation}, and has ended${reason}`,
    next:
      status === 'cancelled'
        ? 'Start a new import: POST /admin/imports.'
        : `Mend what stopped it, then let it go on: POST ${address}/retry.`,
  };
}

function tellReason(
  seen: string,
  listed: readonly StartedJob[],
  startedAt: Date | null,
): CallStory {
  const isCovered = listed.some(({ config }) => startedAt && isWithin(startedAt, config.dateRange));
  if (startedAt && !isCovered) {
    return {
      explanation: `${seen} It was started outside the requested range, on ${toText(startedAt)}.`,
      next: `Start an import whose dateRange has ${startedAt.toISOString()} in it.`,
    };
  }
  if (!startedAt && listed.every(({ config }) => hasEdge(config.dateRange))) {
    return {
      explanation: `${seen} It was started outside the requested range, unless something else kept it out.`,
      next: 'Find out when the call was, and ask again with startedAt.',
    };
  }
  if (listed.every(({ config }) => Object.keys(config.filters).length > 0)) {
    return {
      explanation: `${seen} Every import left calls out by its filters.`,
      next: 'Start an import without filters.',
    };
  }
  return {
    explanation: `${seen} The credentials may not show it, or it is not there.`,
    next: 'Ask the customer whether the user whose key we have sees the call at the platform.',
  };
}

/** `Grain did not list it between … and … (calls from … until …)`, for each platform. */
function describeListings(jobs: readonly StartedJob[]): string {
  const platforms = [...new Set(jobs.map((job) => job.platform))];
  return platforms
    .map((platform) => {
      const own = jobs.filter((job) => job.platform === platform);
      const from = Math.min(...own.map((job) => job.startedAt.getTime()));
      const until = Math.max(...own.map((job) => (job.completedAt ?? job.updatedAt).getTime()));
      const times = `between ${toText(new Date(from))} and ${toText(new Date(until))}`;
      const ranges = [...new Set(own.map((job) => describeRange(job.config.dateRange)))];
      return `${platformNames[platform]} did not list it ${times} (asked for ${ranges.join('; ')})`;
    })
    .join('. ');
}

function describeRange({ start, end }: DateRange): string {
  if (start && end) return `calls from ${toText(start)} until ${toText(end)}`;
  if (start) return `calls from ${toText(start)} on`;
  return end ? `calls until ${toText(end)}` : 'all calls';
}

function hasEdge({ start, end }: DateRange): boolean {
  return start !== null || end !== null;
}

function isWithin(at: Date, { start, end }: DateRange): boolean {
  return (start === null || at >= start) && (end === null || at < end);
}
