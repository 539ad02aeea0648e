import type { BudgetAccount, RateBudget } from './rate-budget.ts';

/**
 * A request that has not left this long after its slot gives the slot up: later, it could meet the
 * next ones within one window.
 */
export const sendLatenessMs = 20;
/** How much longer one request may be on its way than another, on top. */
const transitJitterMs = 15;
const windowMs = 1000;
const latenessMs = sendLatenessMs + transitJitterMs;

/** Firestore sustains about one write a second per document: a slice under load is no shorter. */
const shortestSliceSeconds = 1;
/** Nor does it cost more than a twelfth of a write per request. */
const fewestRequests = 12;
/** Whoever waits behind a slice waits for all of it. */
const longestSliceSeconds = 5;

const smallestSpeed = 1 / 16;
const speedStep = 0.1;
const quietMs = 10_000;

/**
 * Milliseconds between slots. Slots this far apart, each used at most `latenessMs` late, are at most
 * `requestsPerSecond` in any sliding second: r + 1 of them span r intervals, less the lateness.
 */
export function toIntervalMs(requestsPerSecond: number): number {
  return (windowMs + latenessMs) / requestsPerSecond;
}

/** The rate whose slots are this far apart. */
export function toRequestsPerSecond(intervalMs: number): number {
  return (windowMs + latenessMs) / intervalMs;
}

/** How many requests a slice has when enough wait. */
export function toSliceRequests(requestsPerSecond: number): number {
  const atLeast = Math.max(Math.ceil(requestsPerSecond * shortestSliceSeconds), fewestRequests);
  return Math.min(atLeast, Math.max(1, Math.floor(requestsPerSecond * longestSliceSeconds)));
}

/** Requests a second that an account's budget allows now: never more than is documented. */
export function currentRate(account: BudgetAccount, budget: RateBudget, now: Date): number {
  const allowed = Math.min(account.requestsPerSecond, budget.allowedPerSecond ?? Infinity);
  return allowed * currentSpeed(budget, now);
}

/** The part of the rate that is in use: each quiet ten seconds after a block add a tenth. */
export function currentSpeed(budget: RateBudget, now: Date): number {
  const steps = Math.floor(quietSinceMs(budget, now) / quietMs);
  return steps <= 0 ? budget.speed : Math.min(1, budget.speed + steps * speedStep);
}

/** Half the speed, down to a sixteenth. */
export function halveSpeed(speed: number): number {
  return Math.max(smallestSpeed, speed / 2);
}

/** Whether the last refusal is long enough over for the next one to be a first. */
export function isQuiet(budget: RateBudget, now: Date): boolean {
  return quietSinceMs(budget, now) >= quietMs;
}

function quietSinceMs({ refusedAt, blockedUntil }: RateBudget, now: Date): number {
  const lastMs = Math.max(refusedAt?.getTime() ?? -Infinity, blockedUntil?.getTime() ?? -Infinity);
  return now.getTime() - lastMs;
}
