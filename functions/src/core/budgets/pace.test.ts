import {
  currentRate,
  currentSpeed,
  halveSpeed,
  isQuiet,
  toIntervalMs,
  toRequestsPerSecond,
  toSliceRequests,
} from './pace.ts';
import { createBudget, type BudgetAccount } from './rate-budget.ts';

const account: BudgetAccount = {
  key: 'acme-0',
  platform: 'acme',
  requestsPerSecond: 10,
  requestsPerDay: null,
  quotaTimeZone: 'UTC',
  customerQuotaShare: 0.2,
};
const start = new Date('2026-03-04T12:00:00Z');
const budget = createBudget(account, start);
const later = (ms: number) => new Date(start.getTime() + ms);

describe('the pace of an account', () => {
  it('spaces slots by a second and 35 ms of lateness over the limit', () => {
    expect(toIntervalMs(5)).toBe(207);
    expect(toIntervalMs(0.5)).toBe(2070);
    expect(toRequestsPerSecond(207)).toBe(5);
  });

  it.each([
    [150, 150],
    [25, 25],
    [5, 12],
    [3, 12],
    [2, 10],
    [1, 5],
    [0.1, 1],
  ])('makes slices at %d requests a second of %d requests', (rate, requests) => {
    expect(toSliceRequests(rate)).toBe(requests);
  });

  it('halves down to a sixteenth', () => {
    expect([1, 0.5, 0.1].map(halveSpeed)).toEqual([0.5, 0.25, 0.0625]);
  });

  it.each([
    [0, 0.5],
    [9_999, 0.5],
    [10_000, 0.6],
    [49_999, 0.9],
    [50_000, 1],
    [3_600_000, 1],
  ])('has, %d ms after a block, a speed of %d', (ms, speed) => {
    const slowed = { ...budget, speed: 0.5, refusedAt: later(-7000), blockedUntil: start };
    expect(currentSpeed(slowed, later(ms))).toBe(speed);
  });

  it('does not get faster during a block', () => {
    const slowed = { ...budget, speed: 0.5, refusedAt: start, blockedUntil: later(60_000) };
    expect(currentSpeed(slowed, later(59_000))).toBe(0.5);
    expect(isQuiet(slowed, later(69_999))).toBe(false);
    expect(isQuiet(slowed, later(70_000))).toBe(true);
  });

  it('is what answers allow, never more than is documented', () => {
    expect(currentRate(account, budget, start)).toBe(10);
    expect(currentRate(account, { ...budget, allowedPerSecond: 2 }, start)).toBe(2);
    expect(currentRate(account, { ...budget, allowedPerSecond: 99 }, start)).toBe(10);
    const slowed = { ...budget, allowedPerSecond: 4, speed: 0.5, refusedAt: start };
    expect(currentRate(account, slowed, start)).toBe(2);
  });
});
