import type { Context } from 'hono';
import { z } from 'zod';
import type { ListPosition } from '../testing/sandbox-account.ts';
import type { GongAccount } from './gong.sandbox-account.ts';
import type { SandboxCallItem } from './gong.sandbox-call.ts';
import type { CursorSigner } from './gong.sandbox-cursor.ts';
import type { GongFaults } from './gong.sandbox-faults.ts';
import { refuse, toRequestId } from './gong.sandbox-gate.ts';
import type { Filter } from './gong.sandbox-schema.ts';

export interface GongListingOptions {
  readonly account: GongAccount;
  readonly faults: GongFaults;
  readonly pageSize: number;
}

interface ListRequest {
  readonly filter: Filter;
  readonly cursor: string | undefined;
  /** What the dates of the filter are compared with. */
  readonly by: 'started' | 'scheduled';
  /** Which of the calls there is anything to say of. */
  readonly where?: (call: SandboxCallItem) => boolean;
}

interface ListedPage {
  readonly calls: readonly SandboxCallItem[];
  readonly records: Readonly<Record<string, unknown>>;
}

type Lister = (
  c: Context,
  request: ListRequest,
  toBody: (page: ListedPage) => Readonly<Record<string, unknown>>,
) => Response;

/** Answers page by page, nothing found with a 404, as all of Gong's listings do. */
export function createLister(
  options: GongListingOptions & { readonly cursors: CursorSigner },
): Lister {
  const { cursors, faults, pageSize } = options;
  let cursorsSent = 0;
  return (c, request, toBody) => {
    const { cursor, filter } = request;
    const signed = { path: c.req.path, filter };
    if (cursor !== undefined) cursorsSent += 1;
    const expiry = faults['expired-cursors'];
    const isExpired = cursor !== undefined && expiry !== null && cursorsSent % expiry === 0;
    const place = cursor === undefined ? null : cursors.verify(cursor, signed);
    if (isExpired || typeof place === 'string') {
      return refuse(c, 400, typeof place === 'string' ? place : 'cursor has expired');
    }
    const found = findCalls(options, { request, after: place?.after ?? null });
    const page: SandboxCallItem[] = [];
    let total = place?.total ?? 0;
    let isLast = true;
    for (const call of found) {
      if (place === null) total += 1;
      if (isHidden(call, faults)) continue;
      if (page.length < pageSize) page.push(call);
      else isLast = false;
      // The first page counts to the end; its cursor tells the others.
      if (!isLast && place !== null) break;
    }
    if (page.length === 0 && total === 0) {
      return refuse(c, 404, 'No calls found corresponding to the provided filters');
    }
    const number = place?.page ?? 0;
    const last = page.at(-1);
    const next =
      isLast || last === undefined
        ? undefined
        : cursors.sign({ after: toPosition(last), total, page: number + 1 }, signed);
    const repeated = faults['repeated-cursor'] === null ? next : (cursor ?? next);
    const records = {
      ...{ totalRecords: total, currentPageSize: page.length, currentPageNumber: number },
      ...(repeated !== undefined && { cursor: repeated }),
    };
    return c.json({ requestId: toRequestId(c), ...toBody({ calls: page, records }) });
  };
}

function isHidden({ id }: SandboxCallItem, faults: GongFaults): boolean {
  const every = faults['hidden-calls'];
  return every !== null && Number(id.slice(-6)) % every === 0;
}

function toPosition({ id, startMs }: SandboxCallItem): ListPosition {
  return { startMs, id };
}

const Filtered = z.object({
  metaData: z
    .object({ workspaceId: z.string().catch(''), primaryUserId: z.string().catch('') })
    .catch({ workspaceId: '', primaryUserId: '' }),
});

function* findCalls(
  { account }: GongListingOptions,
  options: { readonly request: ListRequest; readonly after: ListPosition | null },
): Generator<SandboxCallItem> {
  const { filter, by, where = () => true } = options.request;
  const fromMs = filter.fromDateTime === undefined ? -Infinity : Date.parse(filter.fromDateTime);
  const toMs = filter.toDateTime === undefined ? Infinity : Date.parse(filter.toDateTime);
  const ids = filter.callIds === undefined ? null : new Set(filter.callIds);
  const calls =
    ids === null
      ? account.list({ after: options.after, beforeMs: null })
      : [...ids].map((id) => account.find(id)).filter((call) => call !== null);
  for (const call of calls) {
    const timeMs = by === 'started' ? call.startMs : call.scheduledMs;
    // A start that can't be read is in every range, so that a broken record is always met.
    const isInRange = timeMs === Infinity || (timeMs >= fromMs && timeMs < toMs);
    if (isInRange && matches(call, filter) && where(call)) yield call;
  }
}

function matches({ record }: SandboxCallItem, filter: Filter): boolean {
  if (filter.workspaceId === undefined && filter.primaryUserIds === undefined) return true;
  const { workspaceId, primaryUserId } = Filtered.parse(record).metaData;
  return (
    (filter.workspaceId === undefined || filter.workspaceId === workspaceId) &&
    (filter.primaryUserIds === undefined || filter.primaryUserIds.includes(primaryUserId))
  );
}
