import { currentRate, sendLatenessMs, toIntervalMs, toSliceRequests } from './pace.ts';
import { nextQuotaDay, toQuotaDay } from './quota-day.ts';
import {
  createBudget,
  toExpiry,
  type BudgetAccount,
  type BudgetDecision,
  type RateBudget,
} from './rate-budget.ts';

/** What an instance asks for. */
export interface SliceRequest {
  readonly instanceId: string;
  /** Until when each waiting request may start, in epoch milliseconds, earliest first; one at least. */
  readonly deadlinesMs: readonly number[];
  /** How many requests are likely to come while a slice lasts: for whoever has the account alone. */
  readonly expected: number;
  /** Slots that were reserved for `day` and not used. */
  readonly unspent: { readonly day: string; readonly count: number };
  /** How long it may take until the instance learns that it was given the slice. */
  readonly graceMs: number;
  /** What the last answers said that the account is allowed; null: they said nothing. */
  readonly allowedPerSecond: number | null;
}

/** Consecutive slots of an account: request `n` may start at `startMs + n * intervalMs`. */
export interface Slice {
  readonly epoch: number;
  readonly day: string;
  /** Epoch milliseconds. */
  readonly startMs: number;
  /** All slots together may start up to this much later. */
  readonly graceMs: number;
  readonly intervalMs: number;
  readonly count: number;
}

export type Reservation =
  /** `tailMs`: when the next slot is free that nobody has. */
  | { readonly kind: 'granted'; readonly slice: Slice; readonly tailMs: number }
  /** None of the requests could start in time. */
  | { readonly kind: 'full'; readonly tailMs: number }
  | { readonly kind: 'blocked'; readonly untilMs: number }
  /** Our share of the day's quota is spent. */
  | { readonly kind: 'day_spent'; readonly untilMs: number };

/**
 * Gives an instance the next slots of an account: as many as it has requests that can still start in
 * time, at most a slice. A second execution reserves again: what is lost is capacity.
 */
export function reserveSlice(facts: {
  readonly account: BudgetAccount;
  readonly found: RateBudget | null;
  readonly request: SliceRequest;
  readonly now: Date;
}): BudgetDecision<Reservation> {
  const { account, request, now } = facts;
  const budget = learn(facts.found ?? createBudget(account, now), request);
  const blockedUntilMs = budget.blockedUntil?.getTime() ?? 0;
  if (blockedUntilMs > (request.deadlinesMs.at(-1) ?? 0)) {
    return { budget: null, result: { kind: 'blocked', untilMs: blockedUntilMs } };
  }
  const rate = currentRate(account, budget, now);
  const intervalMs = toIntervalMs(rate);
  const place = findPlace(facts, budget);
  const most = toSliceRequests(rate);
  const wanted = countWanted({ request, budget, place, intervalMs, most });
  if (wanted === 0) return { budget: null, result: { kind: 'full', tailMs: place.startMs } };
  const use = toDayUse(facts, budget, place.startMs);
  const count = Math.min(wanted, use.left, slotsIn(place, intervalMs));
  if (count <= 0) return { budget: null, result: { kind: 'day_spent', untilMs: use.endsMs } };
  const tailMs = Math.ceil(place.startMs + place.graceMs + count * intervalMs);
  const { startMs, graceMs } = place;
  return {
    budget: {
      ...budget,
      nextSlotAt: new Date(tailMs),
      holderId: request.instanceId,
      longestSliceMs: Math.max(budget.longestSliceMs, tailMs - startMs),
      day: use.day,
      usedToday: use.used + count,
      expiresAt: toExpiry(now),
    },
    result: {
      kind: 'granted',
      slice: { epoch: budget.epoch, day: use.day, startMs, graceMs, intervalMs, count },
      tailMs,
    },
  };
}

interface Place {
  readonly startMs: number;
  readonly graceMs: number;
  /** A slice does not reach into the next day of a quota. */
  readonly endMs: number;
}

function learn(budget: RateBudget, { allowedPerSecond }: SliceRequest): RateBudget {
  return allowedPerSecond === null ? budget : { ...budget, allowedPerSecond };
}

function findPlace(
  { account, request, now }: Parameters<typeof reserveSlice>[0],
  { nextSlotAt, blockedUntil }: RateBudget,
): Place {
  const startMs = Math.max(nextSlotAt.getTime(), blockedUntil?.getTime() ?? 0, now.getTime());
  const graceMs = startMs < now.getTime() + request.graceMs ? request.graceMs : 0;
  if (account.requestsPerDay === null) return { startMs, graceMs, endMs: Infinity };
  const { quotaTimeZone } = account;
  const endMs = nextQuotaDay(new Date(startMs), quotaTimeZone).getTime();
  if (startMs + graceMs + sendLatenessMs < endMs) return { startMs, graceMs, endMs };
  return {
    startMs: endMs,
    graceMs: request.graceMs,
    endMs: nextQuotaDay(new Date(endMs), quotaTimeZone).getTime(),
  };
}

/** How many slots from `startMs` on are over before `endMs`, even when they are used late. */
function slotsIn({ startMs, graceMs, endMs }: Place, intervalMs: number): number {
  return Math.ceil((endMs - startMs - graceMs - sendLatenessMs) / intervalMs);
}

function countWanted(facts: {
  readonly request: SliceRequest;
  readonly budget: RateBudget;
  readonly place: Place;
  readonly intervalMs: number;
  readonly most: number;
}): number {
  const { request, budget, place, intervalMs, most } = facts;
  let count = 0;
  for (const deadlineMs of request.deadlinesMs) {
    if (count === most) break;
    if (place.startMs + count * intervalMs <= deadlineMs) count += 1;
  }
  // Of a line that cannot be served, a few are no better off: others make a whole slice of it.
  if (count < request.deadlinesMs.length && count < most / 2) return 0;
  const isAlone = budget.holderId === request.instanceId;
  return count > 0 && isAlone ? Math.max(count, Math.min(request.expected, most)) : count;
}

function toDayUse(
  { account, request }: Parameters<typeof reserveSlice>[0],
  budget: RateBudget,
  startMs: number,
): {
  readonly day: string;
  readonly used: number;
  readonly left: number;
  readonly endsMs: number;
} {
  const { requestsPerDay, quotaTimeZone, customerQuotaShare } = account;
  const start = new Date(startMs);
  const startDay = toQuotaDay(start, quotaTimeZone);
  // A refusal may set the clock back over midnight: what the new day has used stays counted.
  const day = startDay > budget.day ? startDay : budget.day;
  const givenBack = request.unspent.day === day ? request.unspent.count : 0;
  const used = day === budget.day ? Math.max(0, budget.usedToday - givenBack) : 0;
  if (requestsPerDay === null) return { day, used, left: Infinity, endsMs: Infinity };
  const ours = Math.floor(requestsPerDay * (1 - customerQuotaShare));
  const endsMs = nextQuotaDay(start, quotaTimeZone).getTime();
  return { day, used, left: ours - used, endsMs };
}
