import type { SeedReport } from './run-seeds.ts';

/** What a run of many seeds comes to. */
export interface Summary {
  readonly seeds: number;
  readonly calls: number;
  readonly jobs: number;
  readonly engagements: number;
  readonly missing: number;
  readonly duplicate: number;
  readonly foreign: number;
  readonly violations: number;
  /** The seeds that violated something, by rule; the first ones of each. */
  readonly failing: Readonly<Record<string, readonly number[]>>;
  readonly jobsByStatus: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly storedJobs: number;
  readonly renewals: number;
  readonly lostGrants: number;
  readonly steps: number;
  readonly virtualHours: number;
}

const shownSeeds = 10;

/** Adds up the seeds of a run. */
export function summarize(results: readonly SeedReport[]): Summary {
  const sum = (of: (result: SeedReport) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const failing: Record<string, number[]> = {};
  const jobsByStatus: Record<string, number> = {};
  const faults: Record<string, number> = {};
  for (const result of results) {
    for (const rule of new Set(result.violations.map((violation) => violation.rule))) {
      const seeds = (failing[rule] ??= []);
      if (seeds.length < shownSeeds) seeds.push(result.seed);
    }
    for (const status of result.statuses) jobsByStatus[status] = (jobsByStatus[status] ?? 0) + 1;
    for (const [name, count] of Object.entries(result.faults)) {
      faults[name] = (faults[name] ?? 0) + count;
    }
  }
  return {
    seeds: results.length,
    calls: sum((result) => result.calls),
    jobs: sum((result) => result.jobs),
    engagements: sum((result) => result.engagements),
    missing: sum((result) => result.missing),
    duplicate: sum((result) => result.duplicate),
    foreign: sum((result) => result.foreign),
    violations: sum((result) => result.violations.length),
    ...{ failing, jobsByStatus, faults },
    storedJobs: sum((result) => result.storedJobs),
    renewals: sum((result) => result.renewals),
    lostGrants: sum((result) => result.lostGrants),
    steps: sum((result) => result.stepCount),
    virtualHours: Math.round(sum((result) => result.virtualSeconds) / 3_600),
  };
}

const shownViolations = 10;

/** What was violated, the steps before it, and the command that repeats it. */
export function describeFailure(result: SeedReport, breakName: string | null = null): string {
  const { seed, violations, steps } = result;
  const more = violations.length - shownViolations;
  const broken = breakName === null ? '' : ` --break ${breakName}`;
  return [
    `Seed ${String(seed)} violated:`,
    ...violations.slice(0, shownViolations).map(({ rule, detail }) => `  ${rule}: ${detail}`),
    ...(more > 0 ? [`  and ${String(more)} more`] : []),
    'The last steps before the first of these (seconds since the start, who, what):',
    ...steps.map((step) => `  ${step}`),
    `To repeat it: npm run simulate --${broken} --seeds 1 --seed ${String(seed)}`,
  ].join('\n');
}
