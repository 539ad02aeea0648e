import type { Slice } from '../core/budgets/reserve-slice.ts';
import { dropMissed, holdSlice, slotsLeft, type HeldSlice } from '../core/budgets/spend-slice.ts';

/** A slice that is being spent. */
export interface Hand {
  held: HeldSlice;
  /** Whether it was seen, shortly before it began, that nothing has made it void. */
  isConfirmed: boolean;
}

/** The slices that an instance has reserved, in their order, and what it did not use of them. */
export interface SlotsInHand {
  /** Reserved slots of one day that were of no use: the next reservation takes them off its count. */
  readonly unspent: { readonly day: string; readonly count: number };
  /** The slice whose slot is next, without the slots that were missed; null: there is none. */
  current(nowMs: number): Hand | null;
  count(nowMs: number): number;
  take(slice: Slice, options: { readonly nowMs: number; readonly isConfirmed: boolean }): void;
  giveBack(slice: Slice): void;
  drop(): void;
  /** So many of the unspent slots were taken off the day's count. */
  settle(count: number): void;
}

/** Creates an empty hand. */
export function createSlotsInHand(): SlotsInHand {
  let hands: Hand[] = [];
  let unspent = { day: '', count: 0 };

  function noteUnspent(day: string, count: number): void {
    if (count === 0) return;
    const before = unspent.day === day ? unspent.count : 0;
    unspent = { day, count: before + count };
  }

  return {
    get unspent() {
      return unspent;
    },
    current: (nowMs) => {
      for (let hand = hands[0]; hand !== undefined; hand = hands[0]) {
        const held = dropMissed(hand.held, nowMs);
        noteUnspent(held.slice.day, slotsLeft(hand.held) - slotsLeft(held));
        hand.held = held;
        if (slotsLeft(held) > 0) return hand;
        hands.shift();
      }
      return null;
    },
    count: (nowMs) => hands.reduce((sum, { held }) => sum + slotsLeft(dropMissed(held, nowMs)), 0),
    take: (slice, { nowMs, isConfirmed }) => {
      hands.push({ held: holdSlice(slice, nowMs), isConfirmed });
    },
    giveBack: ({ day, count }) => {
      noteUnspent(day, count);
    },
    drop: () => {
      for (const { held } of hands) noteUnspent(held.slice.day, slotsLeft(held));
      hands = [];
    },
    settle: (count) => {
      unspent = { ...unspent, count: unspent.count - count };
    },
  };
}
