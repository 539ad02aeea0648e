import type { SourceCall } from '../core/imports/source-call.ts';
import { isInRange, widen } from './date-range.ts';
import { toListedCall } from './listed-call.ts';
import { isSettling, notReadyYet, requireSettled } from './settling.ts';

const now = new Date('2025-11-20T12:00:00Z');
const settlingMs = 7_200_000;

function callAt(startedAt: string | null, durationSeconds: number | null): SourceCall {
  return toListedCall({ id: 'c', startedAt, durationSeconds });
}

describe('isSettling', () => {
  it.each([
    ['ended a minute less than the time ago', '2025-11-20T09:01:00Z', 3600, true],
    ['ended exactly so long ago', '2025-11-20T09:00:00Z', 3600, false],
    ['began lately and nobody knows how long it was', '2025-11-20T11:00:00Z', null, true],
    ['began nobody knows when', null, 60, false],
  ])('judges a call that %s', (_what, startedAt, durationSeconds, expected) => {
    const call = callAt(startedAt, durationSeconds);
    expect(isSettling(call, { now, settlingMs })).toBe(expected);
  });
});

describe('notReadyYet', () => {
  it.each([
    ['has just ended', '2025-11-20T11:55:00Z', 300, 600_000],
    ['ended an hour ago', '2025-11-20T10:00:00Z', 3600, 3_600_000],
    ['ended yesterday', '2025-11-19T10:00:00Z', 60, 14_400_000],
    ['began nobody knows when', null, 60, 14_400_000],
  ])('says when to ask again for a call that %s', (_what, startedAt, durationSeconds, expected) => {
    const call = callAt(startedAt, durationSeconds);
    const missing = { what: 'recording', now, source: 'gong', displayName: 'Gong' };
    expect(notReadyYet(call, missing)).toMatchObject({
      kind: 'not_ready',
      publicMessage: 'Gong has not finished this call’s recording yet.',
      retryAfterMs: expected,
    });
  });
});

describe('requireSettled', () => {
  it('throws while the call is settling, and lets it be missing afterwards', () => {
    const missing = { what: 'transcript', now, source: 'grain', displayName: 'Grain', settlingMs };
    const fresh = callAt('2025-11-20T11:00:00Z', 60);
    expect(() => {
      requireSettled(fresh, missing);
    }).toThrow('grain: not_ready: Grain has not finished this call’s transcript yet.');
    requireSettled(callAt('2025-11-20T09:00:00Z', 60), missing);
  });
});

describe('isInRange', () => {
  const start = new Date('2025-11-01T00:00:00Z');
  const end = new Date('2025-12-01T00:00:00Z');

  it.each([
    ['at the start', start, true],
    ['just before the start', new Date('2025-10-31T23:59:59.999Z'), false],
    ['just before the end', new Date('2025-11-30T23:59:59.999Z'), true],
    ['at the end', end, false],
    ['nobody knows when', null, true],
  ])('judges a call %s', (_what, startedAt, expected) => {
    expect(isInRange(startedAt, { start, end })).toBe(expected);
  });

  it('has no edge where the range is open', () => {
    expect(isInRange(new Date(0), { start: null, end })).toBe(true);
    expect(isInRange(new Date(8.64e15), { start, end: null })).toBe(true);
  });
});

describe('widen', () => {
  it('moves the ends apart, and leaves open ones open', () => {
    const range = {
      start: new Date('2025-11-01T00:00:00Z'),
      end: new Date('2025-12-01T00:00:00Z'),
    };
    expect(widen(range, { startMs: 1000, endMs: 60_000 })).toEqual({
      start: new Date('2025-10-31T23:59:59Z'),
      end: new Date('2025-12-01T00:01:00Z'),
    });
    const open = { start: null, end: null };
    expect(widen(open, { startMs: 1000, endMs: 1000 })).toEqual(open);
  });
});
