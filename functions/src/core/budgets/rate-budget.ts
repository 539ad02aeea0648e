import { z } from 'zod';

/** What a platform account still lets us ask, over all instances: `rateBudgets/{accountKey}`. */
export const RateBudget = z.object({
  platform: z.string(),
  /** Rises with each refusal: slices that were reserved under an earlier one are void. */
  epoch: z.int().nonnegative(),
  /** The GCRA clock: when the next request that nobody has reserved yet may start. */
  nextSlotAt: z.date(),
  /** The instance that reserved last: who finds itself here has the account to itself. */
  holderId: z.string(),
  /** Of all slices so far: one that has begun runs on for no longer, whatever happens. */
  longestSliceMs: z.number().nonnegative(),
  /** `YYYY-MM-DD` where the platform's day begins. */
  day: z.string(),
  usedToday: z.int().nonnegative(),
  /** The part of the allowed rate that we use: 1, halved by a refusal, restored by quiet. */
  speed: z.number().positive().max(1),
  /** What answers say that this account is allowed; null: as documented. */
  allowedPerSecond: z.number().positive().nullable(),
  refusedAt: z.date().nullable(),
  /** Refusals in a row, for platforms that do not say how long to wait. */
  refusals: z.int().nonnegative(),
  blockedUntil: z.date().nullable(),
  /** Firestore deletes it then: a day's use is of no interest on the next but one. */
  expiresAt: z.date(),
});
export type RateBudget = z.infer<typeof RateBudget>;

/** Whose budget it is, and what the platform allows. */
export interface BudgetAccount {
  /** Platform and a digest of the credentials: never the secret itself. */
  readonly key: string;
  readonly platform: string;
  readonly requestsPerSecond: number;
  /** Null: no daily quota. */
  readonly requestsPerDay: number | null;
  /** Where the quota's day begins at midnight: an IANA name. */
  readonly quotaTimeZone: string;
  /** The part of the daily quota that is left to the customer: 0 to 1. */
  readonly customerQuotaShare: number;
  /** The wait after a refusal that does not say, doubled by each further one. Default 1 second. */
  readonly firstWaitMs?: number;
}

/** What a decision leaves behind: null writes nothing. */
export interface BudgetDecision<T> {
  readonly budget: RateBudget | null;
  readonly result: T;
}

/** Budgets by account key. Both methods throw `unavailable` while the store does not answer. */
export interface BudgetStore {
  /** Decides in a transaction; `decide` may run several times, the last one counts. */
  transact<T>(
    accountKey: string,
    decide: (found: RateBudget | null) => BudgetDecision<T>,
  ): Promise<T>;
  /** The budget as it is now; null when nobody has asked this account anything yet. */
  get(accountKey: string): Promise<RateBudget | null>;
}

const keptMs = 3 * 24 * 60 * 60 * 1000;

/** The budget of an account that nobody has asked anything yet. */
export function createBudget(account: BudgetAccount, now: Date): RateBudget {
  return {
    platform: account.platform,
    epoch: 0,
    nextSlotAt: now,
    holderId: '',
    longestSliceMs: 0,
    day: '',
    usedToday: 0,
    speed: 1,
    allowedPerSecond: null,
    refusedAt: null,
    refusals: 0,
    blockedUntil: null,
    expiresAt: toExpiry(now),
  };
}

/** When a budget that was written now may be forgotten. */
export function toExpiry(now: Date): Date {
  return new Date(now.getTime() + keptMs);
}
