import { currentSpeed, halveSpeed, isQuiet } from './pace.ts';
import {
  createBudget,
  toExpiry,
  type BudgetAccount,
  type BudgetDecision,
  type RateBudget,
} from './rate-budget.ts';

/** An answer by which a platform asks us to wait. */
export interface Refusal {
  /** Null: it did not say how long. */
  readonly waitMs: number | null;
  /** False: the request was answered, and nothing remains of the window. */
  readonly isTooFast: boolean;
}

/** How long before its start an instance may last look whether its slice is still good. */
export const maxConfirmLeadMs = 500;
/** Between such a look and a refusal that was decided, but not yet written. */
const commitMs = 500;
/** Answers to requests that were on their way together are one refusal, not many. */
const sameBurstMs = 1000;
const usualFirstWaitMs = 1000;
const mostDoublings = 6;
const longestWaitMs = 24 * 60 * 60 * 1000;

/**
 * Blocks an account for all instances and halves its speed; slices that have not begun are void. The
 * same refusal twice, or the rest of its burst, only ever makes the block longer.
 */
export function recordRefusal(facts: {
  readonly account: BudgetAccount;
  readonly found: RateBudget | null;
  readonly refusal: Refusal;
  readonly now: Date;
}): BudgetDecision<{ readonly blockedUntilMs: number }> {
  const { account, refusal, now } = facts;
  const nowMs = now.getTime();
  const budget = facts.found ?? createBudget(account, now);
  const blockedMs = budget.blockedUntil?.getTime() ?? 0;
  const isNew = refusal.isTooFast && !isSameBurst(budget, nowMs);
  const refusals = isNew ? (isQuiet(budget, now) ? 1 : budget.refusals + 1) : budget.refusals;
  const untilMs = nowMs + toWaitMs(refusal, { refusals, account });
  if (!isNew && untilMs <= blockedMs) {
    return { budget: null, result: { blockedUntilMs: blockedMs } };
  }
  const blockedUntilMs = Math.max(blockedMs, untilMs);
  const speed = currentSpeed(budget, now);
  return {
    budget: {
      ...budget,
      epoch: budget.epoch + 1,
      nextSlotAt: new Date(Math.max(blockedUntilMs, lastBegunEndsMs(budget, nowMs))),
      speed: isNew ? halveSpeed(speed) : speed,
      refusedAt: isNew ? now : budget.refusedAt,
      refusals,
      blockedUntil: new Date(blockedUntilMs),
      expiresAt: toExpiry(new Date(blockedUntilMs)),
    },
    result: { blockedUntilMs },
  };
}

function isSameBurst({ refusedAt, blockedUntil }: RateBudget, nowMs: number): boolean {
  if (refusedAt === null) return false;
  const blockedMs = blockedUntil?.getTime() ?? 0;
  return nowMs < Math.max(refusedAt.getTime() + sameBurstMs, blockedMs);
}

function toWaitMs(
  { waitMs }: Refusal,
  { refusals, account }: { readonly refusals: number; readonly account: BudgetAccount },
): number {
  const { firstWaitMs = usualFirstWaitMs } = account;
  const doublings = Math.min(Math.max(0, refusals - 1), mostDoublings);
  return Math.min(waitMs ?? firstWaitMs * 2 ** doublings, longestWaitMs);
}

/**
 * A slice that was looked at before this refusal is written goes on to its end, beside the slots
 * that are reserved from now on: these start no earlier.
 */
function lastBegunEndsMs({ nextSlotAt, longestSliceMs }: RateBudget, nowMs: number): number {
  const atMostMs = nowMs + commitMs + maxConfirmLeadMs + longestSliceMs;
  return Math.min(nextSlotAt.getTime(), atMostMs);
}
