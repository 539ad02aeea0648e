import { sendLatenessMs } from './pace.ts';
import type { Slice } from './reserve-slice.ts';

/** A slice in an instance's hands. */
export interface HeldSlice {
  readonly slice: Slice;
  /** When the next slot is due, in epoch milliseconds. */
  readonly dueMs: number;
  /** No slot is due later. */
  readonly lastMs: number;
}

/** Sums of fractions of milliseconds are off by less. */
const roundingMs = 0.001;

/** Takes a slice into use: one that the instance learns of late starts later, as far as it may. */
export function holdSlice(slice: Slice, nowMs: number): HeldSlice {
  const lateMs = Math.max(0, nowMs - slice.startMs);
  const dueMs = slice.startMs + Math.min(lateMs, slice.graceMs);
  return { slice, dueMs, lastMs: dueMs + (slice.count - 1) * slice.intervalMs };
}

/** How many slots are left. */
export function slotsLeft({ slice, dueMs, lastMs }: HeldSlice): number {
  return Math.max(0, Math.floor((lastMs - dueMs + roundingMs) / slice.intervalMs) + 1);
}

/** The slice after its next slot was used. */
export function useSlot(held: HeldSlice): HeldSlice {
  return { ...held, dueMs: held.dueMs + held.slice.intervalMs };
}

/**
 * The slice as far as it can still be used: a slot that is too late moves, and all after it, which
 * costs those at the end. Slots stay their interval apart, within the slice and to the next one.
 */
export function dropMissed(held: HeldSlice, nowMs: number): HeldSlice {
  return { ...held, dueMs: Math.max(held.dueMs, nowMs - sendLatenessMs) };
}
