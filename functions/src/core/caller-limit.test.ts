import { createCallerLimit } from './caller-limit.ts';

const start = new Date('2026-03-02T12:00:00Z');
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);

describe('createCallerLimit', () => {
  it('lets a minute’s requests through at once, and then one as each is refilled', () => {
    const limit = createCallerLimit(3);
    expect([1, 2, 3].map(() => limit.take('ann', start))).toEqual([0, 0, 0]);
    expect(limit.take('ann', start)).toBe(20_000);
    expect(limit.take('ann', at(5))).toBe(15_000);
    expect(limit.take('ann', at(20))).toBe(0);
    expect(limit.take('ann', at(20))).toBe(20_000);
  });

  it('saves up no more than a minute’s requests', () => {
    const limit = createCallerLimit(2);
    limit.take('ann', start);
    expect([1, 2, 3].map(() => limit.take('ann', at(3600)))).toEqual([0, 0, 30_000]);
  });

  it('counts each caller alone', () => {
    const limit = createCallerLimit(1);
    expect(limit.take('ann', start)).toBe(0);
    expect(limit.take('bob', start)).toBe(0);
    expect(limit.take('ann', start)).toBe(60_000);
  });

  it('takes nothing away when a clock goes back', () => {
    const limit = createCallerLimit(2);
    limit.take('ann', start);
    expect(limit.take('ann', at(-60))).toBe(0);
  });

  it('forgets callers rather than grow without end', () => {
    const limit = createCallerLimit(1);
    limit.take('ann', start);
    for (let caller = 1; caller < 10_000; caller += 1) limit.take(`caller-${caller}`, start);
    expect(limit.take('bob', start)).toBe(0);
    expect(limit.take('bob', start)).toBe(60_000);
    expect(limit.take('ann', start)).toBe(0);
  });
});
