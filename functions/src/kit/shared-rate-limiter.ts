import type Bottleneck from 'bottleneck';
import { toIntervalMs, toRequestsPerSecond, toSliceRequests } from '../core/budgets/pace.ts';
import type { BudgetAccount, BudgetStore } from '../core/budgets/rate-budget.ts';
import { maxConfirmLeadMs, recordRefusal } from '../core/budgets/record-refusal.ts';
import { reserveSlice, type Reservation, type Slice } from '../core/budgets/reserve-slice.ts';
import { useSlot } from '../core/budgets/spend-slice.ts';
import { ImportError, toImportError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Sleep } from './fetch.ts';
import { createLatency } from './latency.ts';
import { readRateLimitHeaders } from './rate-limit-headers.ts';
import type {
  CreateRateLimiter,
  LimitedAccount,
  LimitedAnswer,
  RateLimiter,
} from './rate-limiter.ts';
import { createRefusalReport, type SharedRefusal } from './refusal-report.ts';
import { createReturnTimes, type ReturnTimes } from './return-times.ts';
import { createSlotsInHand, type Hand } from './slots-in-hand.ts';
import { createWaitingRequests, type WaitingRequest } from './waiting-requests.ts';

export interface SharedRateLimiterOptions {
  readonly store: BudgetStore;
  /** Names this process among those that share accounts. */
  readonly instanceId: string;
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** The part of a daily quota that is left to the customer: 0 to 1. */
  readonly customerQuotaShare: number;
  /** Whoever would wait longer is refused, and comes again. Default 10 seconds. */
  readonly maxWaitMs?: number;
}

/** A shorter block is over before other instances would have heard of it. */
const sharedBlockMs = 1000;
const dayMs = 24 * 60 * 60 * 1000;
const shortestReturnMs = 1000;
const longestGatherMs = 1000;
const saveLimitMs = 5000;
/** How far ahead the requests of whoever has an account alone are expected. */
const expectedMs = 3000;

/**
 * Creates limiters that keep one pace for an account over all instances: each reserves slices of the
 * account's slots in the store and spends them one by one.
 */
export function createSharedRateLimiters(options: SharedRateLimiterOptions): CreateRateLimiter {
  return (account) => new SharedRateLimiter(account, options);
}

class SharedRateLimiter implements RateLimiter {
  readonly #limited: LimitedAccount;
  readonly #account: BudgetAccount;
  readonly #options: SharedRateLimiterOptions;
  readonly #maxWaitMs: number;
  readonly #waiting = createWaitingRequests();
  readonly #writes = createLatency();
  readonly #reads = createLatency();
  readonly #hands = createSlotsInHand();
  readonly #returns: ReturnTimes;
  readonly #report = createRefusalReport((refusal) => this.#saveRefusal(refusal));
  #line: Promise<Bottleneck> | null = null;
  #reserving: Promise<void> | null = null;
  #sleeping = new AbortController();
  /** Rises with each refusal that we see: a slice that is on its way to us then is void. */
  #refusals = 0;
  #blockedUntilMs = 0;
  #daySpentUntilMs = 0;
  /** When the account's next slot is free, as far as we know. */
  #tailMs = 0;
  #intervalMs: number;
  #allowedPerSecond: number | null = null;
  #spent = 0;
  #spentBefore = { atMs: 0, spent: 0 };

  constructor(account: LimitedAccount, options: SharedRateLimiterOptions) {
    this.#limited = account;
    this.#account = { ...account, customerQuotaShare: options.customerQuotaShare };
    this.#options = options;
    this.#maxWaitMs = options.maxWaitMs ?? 10_000;
    this.#intervalMs = toIntervalMs(account.requestsPerSecond);
    this.#returns = createReturnTimes(this.#intervalMs);
  }

  async acquire(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const nowMs = this.#nowMs();
    const position = this.#waiting.count - this.#hands.count(nowMs);
    const refusal = this.#whyNot({ deadlineMs: nowMs + this.#maxWaitMs, position, nowMs });
    if (refusal !== null) throw refusal;
    const request = this.#waiting.add(nowMs + this.#maxWaitMs, signal);
    const line = await (this.#line ??= openLine());
    void line.schedule(() => this.#serve(request)).catch(request.refuse);
    await request.turn;
  }

  observe(answer: LimitedAnswer): Promise<void> | undefined {
    const nowMs = this.#nowMs();
    const said = readRateLimitHeaders(answer.headers, this.#options.clock.now());
    if (answer.status === 429) {
      const waitMs = answer.retryAfterMs ?? said.resetMs;
      this.#block(nowMs + Math.min(waitMs ?? 0, dayMs), nowMs);
      return this.#share({ untilMs: waitMs === null ? null : nowMs + waitMs, isTooFast: true });
    }
    this.#learnRate(said.limit, said.windowSeconds ?? this.#limited.limitWindowSeconds);
    if (said.remaining !== 0 || said.resetMs === null || said.resetMs === 0) return undefined;
    const untilMs = nowMs + said.resetMs;
    if (untilMs <= this.#blockedUntilMs) return undefined;
    this.#block(untilMs, nowMs);
    if (said.resetMs <= sharedBlockMs) return undefined;
    return this.#share({ untilMs, isTooFast: false });
  }

  /** Waits for the request's slot. The line runs one of these at a time, in order. */
  async #serve(request: WaitingRequest): Promise<void> {
    while (!request.isOver) {
      const nowMs = this.#nowMs();
      const hand = this.#hands.current(nowMs);
      const slotMs = hand === null ? nowMs : hand.held.dueMs;
      if (slotMs > request.deadlineMs || nowMs > request.deadlineMs) {
        request.refuse(this.#full(Math.max(slotMs, this.#tailMs), nowMs));
      } else if (this.#mustRest(hand === null, slotMs)) {
        await this.#sleepUntil(this.#blockedUntilMs);
      } else if (hand === null) {
        const gatherMs = request.deadlineMs - this.#maxWaitMs + this.#gatherMs(nowMs);
        if (nowMs < gatherMs) await this.#sleepUntil(gatherMs);
        else await this.#within(this.#reserve(), request.deadlineMs);
      } else {
        this.#reserveAhead(nowMs);
        if (await this.#isReady(hand, slotMs)) {
          hand.held = useSlot(hand.held);
          this.#spent += 1;
          request.start();
        }
      }
    }
  }

  /** During a block that others know of, the slots after it can be reserved. */
  #mustRest(hasNoSlot: boolean, slotMs: number): boolean {
    const restMs = this.#blockedUntilMs - slotMs;
    return restMs > 0 && !(hasNoSlot && restMs > sharedBlockMs);
  }

  /** One step towards the slot; false: look again. */
  async #isReady(hand: Hand, slotMs: number): Promise<boolean> {
    const nowMs = this.#nowMs();
    const confirmMs = slotMs - this.#confirmLeadMs();
    if (hand.isConfirmed) {
      if (nowMs >= slotMs) return true;
      await this.#sleepUntil(slotMs);
    } else if (nowMs < confirmMs) {
      await this.#sleepUntil(confirmMs);
    } else {
      await this.#confirm(hand);
    }
    return false;
  }

  /** Sees whether another instance was refused since the slice was reserved. */
  async #confirm(hand: Hand): Promise<void> {
    const found = await this.#reads.measure(this.#options.clock, () =>
      this.#options.store.get(this.#account.key),
    );
    if (found !== null && found.epoch === hand.held.slice.epoch) {
      hand.isConfirmed = true;
      this.#tailMs = found.nextSlotAt.getTime();
      return;
    }
    this.#block(found?.blockedUntil?.getTime() ?? 0, this.#nowMs());
  }

  #reserve(): Promise<void> {
    this.#reserving ??= this.#reserveNow().finally(() => {
      this.#reserving = null;
    });
    return this.#reserving;
  }

  /** Before all slots that anybody has are over, the next ones are asked for. */
  #reserveAhead(nowMs: number): void {
    if (this.#reserving !== null || this.#tailMs - nowMs > this.#reserveLeadMs()) return;
    if (this.#waiting.count > this.#hands.count(nowMs)) void this.#reserve();
  }

  /** While many slots are taken, nothing is lost by waiting for more requests to reserve at once. */
  #gatherMs(nowMs: number): number {
    const aheadMs = this.#tailMs - nowMs - this.#reserveLeadMs();
    return Math.min(Math.max(aheadMs / 4, 0), longestGatherMs);
  }

  #reserveLeadMs(): number {
    return Math.max(250, 4 * this.#writes.ms);
  }

  async #reserveNow(): Promise<void> {
    try {
      const { pending } = this.#report;
      if (pending !== null) await this.#within(pending, this.#nowMs() + saveLimitMs);
      const { clock, store, instanceId } = this.#options;
      const refusals = this.#refusals;
      const { unspent } = this.#hands;
      const slotless = this.#waiting.listAfter(this.#hands.count(this.#nowMs()));
      if (slotless.length === 0) return;
      const request = {
        instanceId,
        unspent,
        deadlinesMs: slotless.map(({ deadlineMs }) => deadlineMs),
        expected: this.#countExpected(),
        graceMs: Math.min(Math.max(3 * this.#writes.ms, 20), 500),
        allowedPerSecond: this.#allowedPerSecond,
      };
      const account = this.#account;
      const reservation = await this.#writes.measure(clock, () =>
        store.transact(account.key, (found) =>
          reserveSlice({ account, found, request, now: clock.now() }),
        ),
      );
      if (reservation.kind === 'granted') this.#hands.settle(unspent.count);
      this.#receive(reservation, refusals);
    } catch (error) {
      this.#refuseSlotless(() => toImportError(error, this.#limited.platform));
    }
  }

  #receive(reservation: Reservation, refusals: number): void {
    const nowMs = this.#nowMs();
    if (reservation.kind === 'blocked') this.#block(reservation.untilMs, nowMs);
    else if (reservation.kind === 'day_spent') this.#daySpentUntilMs = reservation.untilMs;
    else {
      this.#tailMs = reservation.tailMs;
      const isGranted = reservation.kind === 'granted';
      if (isGranted) {
        this.#take(reservation.slice, { isVoid: refusals !== this.#refusals, nowMs });
      }
      // Of the slots that are taken, so many are ours: of those to come it may be as many.
      const ours = isGranted ? reservation.slice.count : this.#sliceRequests();
      this.#returns.space(Math.max(this.#intervalMs, (this.#tailMs - nowMs) / ours));
      if (!isGranted) this.#refuseSlotless(() => this.#full(this.#tailMs, nowMs));
    }
    this.#refuseHopeless(nowMs);
  }

  #take(slice: Slice, { isVoid, nowMs }: { readonly isVoid: boolean; readonly nowMs: number }) {
    this.#intervalMs = slice.intervalMs;
    this.#spentBefore = { atMs: nowMs, spent: this.#spent };
    if (isVoid) {
      this.#hands.giveBack(slice);
      return;
    }
    const isConfirmed = slice.startMs - nowMs <= this.#confirmLeadMs();
    this.#hands.take(slice, { nowMs, isConfirmed });
  }

  /** As many requests as came lately, at most twice as many as from the slice before. */
  #countExpected(): number {
    const { atMs, spent } = this.#spentBefore;
    const count = this.#spent - spent;
    const tookMs = Math.max(this.#nowMs() - atMs, this.#intervalMs * count);
    return count === 0 ? 0 : Math.min(2 * count, Math.ceil((count * expectedMs) / tookMs));
  }

  #block(untilMs: number, nowMs: number): void {
    this.#refusals += 1;
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, untilMs);
    this.#hands.drop();
    // What was reserved behind us is void as well.
    this.#tailMs = 0;
    this.#sleeping.abort();
    this.#refuseHopeless(nowMs);
  }

  /** Tells the other instances, and waits for that as long as it is worth. */
  #share(refusal: SharedRefusal): Promise<void> {
    return this.#within(this.#report.share(refusal), this.#nowMs() + saveLimitMs);
  }

  async #saveRefusal({ untilMs, isTooFast }: SharedRefusal): Promise<void> {
    const account = this.#account;
    const { blockedUntilMs } = await this.#options.store.transact(account.key, (found) => {
      const now = this.#options.clock.now();
      const waitMs = untilMs === null ? null : Math.max(0, untilMs - now.getTime());
      return recordRefusal({ account, found, refusal: { waitMs, isTooFast }, now });
    });
    this.#block(blockedUntilMs, this.#nowMs());
  }

  /** A platform may allow an account less than its documentation says, never more. */
  #learnRate(limit: number | null, windowSeconds: number | null): void {
    if (limit === null || limit <= 0 || windowSeconds === null || windowSeconds <= 0) return;
    const allowed = Math.min(this.#account.requestsPerSecond, limit / windowSeconds);
    const before = this.#allowedPerSecond ?? this.#account.requestsPerSecond;
    this.#allowedPerSecond = allowed;
    // What is in hand was reserved at a pace that is not allowed.
    if (allowed < before) this.#hands.drop();
  }

  #refuseSlotless(toError: () => ImportError): void {
    const slotless = this.#waiting.listAfter(this.#hands.count(this.#nowMs()));
    for (const request of slotless) request.refuse(toError());
  }

  #refuseHopeless(nowMs: number): void {
    const slotless = this.#waiting.listAfter(this.#hands.count(nowMs));
    for (const [position, request] of slotless.entries()) {
      const refusal = this.#whyNot({ deadlineMs: request.deadlineMs, position, nowMs });
      if (refusal !== null) request.refuse(refusal);
    }
  }

  /** `position`: how many requests without a slot go first; negative: a slot in hand is free. */
  #whyNot(facts: {
    readonly deadlineMs: number;
    readonly position: number;
    readonly nowMs: number;
  }): ImportError | null {
    const { deadlineMs, position, nowMs } = facts;
    if (this.#blockedUntilMs > deadlineMs) {
      return this.#refusal('it asked us to wait', this.#blockedUntilMs - nowMs);
    }
    if (position < 0) return null;
    if (this.#daySpentUntilMs > nowMs) {
      const why = 'our share of the daily quota is used up';
      return this.#refusal(why, this.#daySpentUntilMs - nowMs);
    }
    const turnMs = Math.max(this.#tailMs, nowMs) + position * this.#intervalMs;
    return turnMs > deadlineMs ? this.#full(turnMs, nowMs) : null;
  }

  /** Those who are refused come again when there are likely to be slots, a slice of them together. */
  #full(turnMs: number, nowMs: number): ImportError {
    const together = this.#sliceRequests();
    const returnMs = this.#returns.next({ turnMs, nowMs, together });
    const waitMs = returnMs - nowMs - this.#maxWaitMs / 2;
    return this.#refusal('too many requests wait already', Math.max(waitMs, shortestReturnMs));
  }

  #refusal(why: string, retryAfterMs: number): ImportError {
    return new ImportError({
      kind: 'rate_limited',
      source: this.#limited.platform,
      publicMessage: `${this.#limited.displayName} limits our requests: ${why}.`,
      retryAfterMs: Math.ceil(retryAfterMs),
    });
  }

  #sliceRequests(): number {
    return toSliceRequests(toRequestsPerSecond(this.#intervalMs));
  }

  #confirmLeadMs(): number {
    return Math.min(Math.max(2 * this.#reads.ms, 5), maxConfirmLeadMs);
  }

  #nowMs(): number {
    return this.#options.clock.now().getTime();
  }

  /** Until then, or until a refusal changes everything. */
  async #sleepUntil(atMs: number): Promise<void> {
    this.#sleeping = new AbortController();
    await this.#sleepOr(this.#sleeping.signal, atMs);
  }

  async #within(work: Promise<void>, deadlineMs: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([work, this.#sleepOr(over.signal, deadlineMs)]);
    over.abort();
  }

  async #sleepOr(signal: AbortSignal, atMs: number): Promise<void> {
    try {
      await this.#options.sleep(Math.max(1, Math.ceil(atMs - this.#nowMs())), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

async function openLine(): Promise<Bottleneck> {
  const { default: Line } = await import('bottleneck');
  return new Line({ maxConcurrent: 1 });
}
