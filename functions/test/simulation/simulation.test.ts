import { breaks, createBrokenCopy, findStaleBreaks } from './breaks.ts';
import { runSeeds } from './run-seeds.ts';
import { describeFailure } from './summary.ts';

const seeds = 300;
const folder = import.meta.dirname;
const minuteMs = 60_000;

describe('the simulation', () => {
  it(
    `brings every call of ${String(seeds)} worlds over, each once, whatever goes wrong`,
    async () => {
      const results = await runSeeds({ from: 1, count: seeds, processes: 2, folder });
      const failed = results.filter(({ violations }) => violations.length > 0);
      expect(failed.slice(0, 3).map((result) => describeFailure(result))).toEqual([]);
      expect(results.map(({ seed }) => seed)).toEqual(
        Array.from({ length: seeds }, (_, index) => index + 1),
      );
      const engagements = results.reduce((sum, result) => sum + result.engagements, 0);
      const faults = results.map((result) => Object.values(result.faults).reduce((a, b) => a + b));
      expect(engagements).toBeGreaterThan(20 * seeds);
      const renewals = results.reduce((sum, result) => sum + result.renewals, 0);
      expect(renewals).toBeGreaterThan(seeds / 2);
      const storedJobs = results.reduce((sum, result) => sum + result.storedJobs, 0);
      expect(storedJobs).toBeGreaterThan(seeds / 2);
      expect(faults.filter((count) => count > 0).length).toBeGreaterThan(seeds / 2);
    },
    20 * minuteMs,
  );

  it(
    'does the same for the same seed, in whatever process and after whatever seed',
    async () => {
      const together = await runSeeds({ from: 3, count: 4, processes: 1, folder });
      const alone = await runSeeds({ from: 6, count: 1, processes: 1, folder });
      const last = together.at(-1);
      expect(last?.stepCount).toBeGreaterThan(500);
      expect({ ...alone[0], durationMs: 0 }).toEqual({ ...last, durationMs: 0 });
      expect(new Set(together.map(({ digest }) => digest)).size).toBe(4);
    },
    2 * minuteMs,
  );

  it(
    'notices counters that are moved outside of the completing transaction',
    async () => {
      const copy = await createBrokenCopy('counters-outside');
      try {
        const results = await runSeeds({ from: 1, count: 3, processes: 1, folder: copy.folder });
        const found = results.find(({ violations }) => violations.length > 0);
        expect(found?.violations.map(({ rule }) => rule)).toContain('counters');
        expect(found?.steps.length).toBeGreaterThan(10);
      } finally {
        await copy.remove();
      }
    },
    3 * minuteMs,
  );

  it('knows the code that it breaks on purpose', async () => {
    expect(Object.keys(breaks).length).toBeGreaterThan(4);
    expect(await findStaleBreaks()).toEqual([]);
  });

  it('says of a failing seed what was violated, what came before, and how to repeat it', () => {
    const nothing = { calls: 0, jobs: 0, engagements: 0, missing: 0, duplicate: 0, foreign: 0 };
    const report = describeFailure(
      {
        ...{ seed: 7, ...nothing, statuses: [], digest: '', stepCount: 0, faults: {} },
        ...{ virtualSeconds: 0, storedJobs: 0, renewals: 0, lostGrants: 0, durationMs: 0 },
        violations: [{ rule: 'missing', detail: 'job 1: call 2 was never listed' }],
        steps: ['1.000 i1/advanceJob#1 firestore.commit [crash after]'],
      },
      'no-epoch-check',
    );
    expect(report).toBe(
      [
        'Seed 7 violated:',
        '  missing: job 1: call 2 was never listed',
        'The last steps before the first of these (seconds since the start, who, what):',
        '  1.000 i1/advanceJob#1 firestore.commit [crash after]',
        'To repeat it: npm run simulate -- --break no-epoch-check --seeds 1 --seed 7',
      ].join('\n'),
    );
  });
});
