import { currentRate } from '../budgets/pace.ts';
import { nextQuotaDay, toQuotaDay } from '../budgets/quota-day.ts';
import type { BudgetAccount, RateBudget } from '../budgets/rate-budget.ts';
import { hoursLeft, nextNight, nightHours } from '../night-window.ts';
import type { EngineSettings } from '../settings.ts';

/** What a plan is made of. */
export interface PlanFacts {
  readonly calls: number;
  /** What one call costs of the account's limits. */
  readonly requestsPerCall: number;
  readonly account: BudgetAccount;
  /** What is known of the account's use; null: nobody has asked it anything yet. */
  readonly budget: RateBudget | null;
  readonly schedule: 'now' | 'nightly';
  /** Other customers with nightly imports under way: the night's calls are shared with them. */
  readonly otherCustomers: number;
  readonly settings: Pick<EngineSettings, 'night' | 'nightlyCalls'>;
  readonly now: Date;
}

/** How an import of known size will go. */
export interface ImportPlan {
  readonly requests: number;
  /** Null for an import that does not wait for the night. */
  readonly nights: {
    /** With the nights to itself, and shared with the other customers. */
    readonly fewest: number;
    readonly most: number;
    /** Calls of a night that it has to itself. */
    readonly callsPerNight: number;
  } | null;
  /** Null where the account's share of the daily quota does not let a single call through. */
  readonly completion: { readonly earliest: Date; readonly latest: Date } | null;
  /** The largest part of the account's daily quota that one day takes, 0 to 1; null without a quota. */
  readonly quotaShare: number | null;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * What the engine itself brings over in a second where no limit holds it back: short recordings that
 * are stored as fast as they come, and long ones that have to be transcribed.
 */
const bestCallsPerSecond = 50;
const poorCallsPerSecond = 5;
/** What a refusal leaves of the allowed rate. */
const poorSpeed = 0.5;

/**
 * Plans an import. The earliest end has the account, the engine and the nights to itself; the latest
 * has half the rate, long recordings, and its fair share of the nights. Changes of the clock in between
 * are not reckoned with: they move an end by an hour.
 */
export function planImport(facts: PlanFacts): ImportPlan {
  const { calls, requestsPerCall, account, schedule } = facts;
  const best = toPace(facts, { isPoor: false });
  const poor = toPace(facts, { isPoor: true });
  const requests = Math.ceil(calls * requestsPerCall);
  const perDay = Math.min(calls, schedule === 'now' ? best.callsPerDay : best.callsPerNight);
  const plan = { requests, quotaShare: toShare(account, Math.ceil(perDay * requestsPerCall)) };
  if (best.callsPerDay < 1) return { ...plan, nights: null, completion: null };
  if (schedule === 'now') {
    const completion = { earliest: endByDay(facts, best), latest: endByDay(facts, poor) };
    return { ...plan, nights: null, completion };
  }
  const earliest = endByNight(facts, best);
  const latest = endByNight(facts, poor);
  return {
    ...plan,
    nights: { fewest: earliest.nights, most: latest.nights, callsPerNight: best.callsPerNight },
    completion: { earliest: earliest.end, latest: latest.end },
  };
}

interface Pace {
  readonly startsAt: Date;
  readonly callsPerSecond: number;
  /** By the account's daily quota and the pace. */
  readonly callsPerDay: number;
  /** The same for what is left of the quota's present day. */
  readonly callsToday: number;
  /** What one hour of the night starts. */
  readonly callsPerHour: number;
  readonly callsPerNight: number;
}

function toPace(facts: PlanFacts, { isPoor }: { readonly isPoor: boolean }): Pace {
  const { account, budget, now, requestsPerCall, settings } = facts;
  const { requestsPerDay, customerQuotaShare, quotaTimeZone } = account;
  const blockedUntil = budget?.blockedUntil ?? now;
  const startsAt = blockedUntil > now ? blockedUntil : now;
  const rate = budget ? currentRate(account, budget, startsAt) : account.requestsPerSecond;
  const callsPerSecond = isPoor
    ? Math.min((rate * poorSpeed) / requestsPerCall, poorCallsPerSecond)
    : Math.min(rate / requestsPerCall, bestCallsPerSecond);
  const ours = (requestsPerDay ?? Infinity) * (1 - customerQuotaShare);
  const isToday = budget?.day === toQuotaDay(startsAt, quotaTimeZone);
  const used = isToday ? budget.usedToday : 0;
  const toCalls = (requests: number) => Math.max(Math.floor(requests / requestsPerCall), 0);
  const callsPerDay = Math.min(toCalls(ours), Math.floor(callsPerSecond * 86_400));
  const hours = nightHours(settings.night);
  const share = isPoor ? settings.nightlyCalls / (facts.otherCustomers + 1) : settings.nightlyCalls;
  const callsPerHour = Math.max(
    Math.min(Math.ceil(share / hours), Math.floor(callsPerSecond * 3600)),
    1,
  );
  return {
    startsAt,
    callsPerSecond,
    callsPerDay,
    callsToday: Math.min(toCalls(ours - used), callsPerDay),
    callsPerHour,
    callsPerNight: Math.min(Math.ceil(share), callsPerHour * hours, callsPerDay),
  };
}

function toShare({ requestsPerDay }: BudgetAccount, requests: number): number | null {
  return requestsPerDay === null ? null : requests / requestsPerDay;
}

/** Without a quota the import goes through at its pace; with one, each day's share at the day's start. */
function endByDay({ calls, account }: PlanFacts, pace: Pace): Date {
  const { startsAt, callsPerSecond, callsToday, callsPerDay } = pace;
  const straightEnd = after(startsAt, (calls / callsPerSecond) * 1000);
  if (account.requestsPerDay === null || calls <= callsToday) return straightEnd;
  const rest = calls - callsToday;
  const fullDays = Math.ceil(rest / callsPerDay) - 1;
  const lastDay = after(nextQuotaDay(startsAt, account.quotaTimeZone), fullDays * dayMs);
  const lastCalls = rest - fullDays * callsPerDay;
  const end = after(lastDay, (lastCalls / callsPerSecond) * 1000);
  return end > straightEnd ? end : straightEnd;
}

/** Hour by hour through what is left of tonight, then by whole nights, then hour by hour again. */
function endByNight(
  { calls, settings: { night } }: PlanFacts,
  pace: Pace,
): { readonly nights: number; readonly end: Date } {
  const { startsAt, callsPerHour, callsPerNight, callsToday } = pace;
  const tonight = hoursLeft(startsAt, night);
  const tonightCalls = Math.min(tonight.length * callsPerHour, callsPerNight, callsToday);
  const [first] = tonight;
  if (first && calls <= tonightCalls) return { nights: 1, end: endInNight(first, calls, pace) };
  const rest = calls - tonightCalls;
  const fullNights = Math.max(Math.ceil(rest / callsPerNight) - 1, 0);
  const start = nextNight(
    after(nextNight(startsAt, night), fullNights * dayMs - 2 * hourMs),
    night,
  );
  const nights = fullNights + 1 + (tonightCalls > 0 ? 1 : 0);
  return { nights, end: endInNight(start, rest - fullNights * callsPerNight, pace) };
}

/** Calls are given out at each full hour, and done at the pace until the next. */
function endInNight(start: Date, calls: number, { callsPerHour, callsPerSecond }: Pace): Date {
  const fullHours = Math.max(Math.ceil(calls / callsPerHour) - 1, 0);
  const lastCalls = calls - fullHours * callsPerHour;
  return after(start, fullHours * hourMs + (lastCalls / callsPerSecond) * 1000);
}

function after(start: Date, milliseconds: number): Date {
  return new Date(start.getTime() + Math.ceil(milliseconds));
}
