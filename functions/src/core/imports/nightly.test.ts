import { fc } from '../../../test/support/properties.ts';
import { sampleJob } from '../testing/sample-records.ts';
import type { ImportJob } from './import-job.ts';
import { shareOut } from './nightly.ts';

/** A job with so many calls to start; null: it is still listing. */
function waiting(id: string, customerId: string, openCalls: number | null): ImportJob {
  const { listing, dispatch } = sampleJob('in_progress');
  return sampleJob('in_progress', {
    id,
    customerId,
    listing: { ...listing, isFinished: openCalls !== null },
    // Some are under way already.
    listedCalls: 10 + (openCalls ?? 0),
    dispatch: { ...dispatch, calls: 10 },
  });
}

type Row = readonly [id: string, customerId: string, openCalls: number | null];

describe('shareOut', () => {
  it.each<[string, readonly Row[], number, Record<string, number>]>([
    ['gives one job what it can use', [['a', 'A', 30]], 100, { a: 30 }],
    ['gives one job no more than there is', [['a', 'A', 300]], 100, { a: 100 }],
    ['gives a job that is still listing all of it', [['a', 'A', null]], 100, { a: 100 }],
    ['gives nothing when there is nothing to give', [['a', 'A', 30]], 0, {}],
    ['gives nothing to a job that has started all its calls', [['a', 'A', 0]], 100, {}],
    ['gives nothing without jobs', [], 100, {}],
    [
      'shares evenly between customers, not between jobs',
      [
        ['a1', 'A', 500],
        ['a2', 'A', 500],
        ['b1', 'B', 500],
      ],
      100,
      { a1: 50, b1: 50 },
    ],
    [
      'does not let 100,000 calls of one customer starve another',
      [
        ['a1', 'A', 100_000],
        ['b1', 'B', 40],
      ],
      417,
      { a1: 377, b1: 40 },
    ],
    [
      'does not let many jobs of one customer starve another',
      [
        ['a1', 'A', 100],
        ['a2', 'A', 100],
        ['a3', 'A', 100],
        ['b1', 'B', 100],
      ],
      200,
      { a1: 100, b1: 100 },
    ],
    [
      'takes the oldest job of a customer first and goes on with the next',
      [
        ['a1', 'A', 30],
        ['a2', 'A', 30],
        ['a3', 'A', 30],
        ['b1', 'B', 500],
      ],
      100,
      { a1: 30, a2: 20, b1: 50 },
    ],
    [
      'gives what a customer cannot use to the others',
      [
        ['a1', 'A', 10],
        ['b1', 'B', 500],
        ['c1', 'C', null],
      ],
      100,
      { a1: 10, b1: 45, c1: 45 },
    ],
    [
      'lets a job that is still listing take its customer’s share, not more',
      [
        ['a1', 'A', null],
        ['a2', 'A', 30],
        ['b1', 'B', null],
      ],
      100,
      { a1: 50, b1: 50 },
    ],
    [
      'gives single calls to the oldest when there are fewer than customers',
      [
        ['a1', 'A', 10],
        ['b1', 'B', 10],
        ['c1', 'C', 10],
      ],
      2,
      { a1: 1, b1: 1 },
    ],
    [
      'differs by one call where it does not divide',
      [
        ['a1', 'A', 10],
        ['b1', 'B', 10],
        ['c1', 'C', 10],
        ['d1', 'D', 10],
      ],
      5,
      { a1: 2, b1: 1, c1: 1, d1: 1 },
    ],
  ])('%s', (_name, rows, calls, expected) => {
    const jobs = rows.map((row) => waiting(...row));

    expect(Object.fromEntries(shareOut(jobs, calls))).toEqual(expected);
  });

  const world = fc.record({
    rows: fc.array(
      fc.record({
        customerId: fc.constantFrom('A', 'B', 'C', 'D'),
        openCalls: fc.option(fc.nat({ max: 60 }), { nil: null }),
      }),
      { maxLength: 12 },
    ),
    calls: fc.nat({ max: 300 }),
  });
  type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

  function share({ rows, calls }: World) {
    const jobs = rows.map(({ customerId, openCalls }, index) => ({
      id: `job-${index}`,
      customerId,
      openCalls,
    }));
    const shared = shareOut(
      jobs.map(({ id, customerId, openCalls }) => waiting(id, customerId, openCalls)),
      calls,
    );
    const granted = jobs.map((job) => ({
      ...job,
      granted: shared.get(job.id) ?? 0,
      wanted: job.openCalls ?? Infinity,
    }));
    const customers = Object.values(Object.groupBy(granted, ({ customerId }) => customerId)).map(
      (own = []) => ({
        granted: own.reduce((sum, job) => sum + job.granted, 0),
        wanted: own.reduce((sum, job) => sum + job.wanted, 0),
      }),
    );
    return { shared, granted, customers };
  }

  it('gives all of the budget that can be used, never more, and to no job more than it can use', () => {
    fc.assert(
      fc.property(world, (one) => {
        const { shared, granted, customers } = share(one);
        const total = granted.reduce((sum, job) => sum + job.granted, 0);
        const wanted = customers.reduce((sum, customer) => sum + customer.wanted, 0);
        expect(total).toBe(Math.min(one.calls, wanted));
        expect(granted.every((job) => job.granted <= job.wanted)).toBe(true);
        expect([...shared.values()].every((calls) => calls > 0 && Number.isInteger(calls))).toBe(
          true,
        );
      }),
    );
  });

  it('leaves no customer wanting who got two calls less than another', () => {
    fc.assert(
      fc.property(world, (one) => {
        const { customers } = share(one);
        const most = Math.max(0, ...customers.map((customer) => customer.granted));
        for (const { granted, wanted } of customers) {
          if (granted < wanted) expect(granted).toBeGreaterThanOrEqual(most - 1);
        }
      }),
    );
  });

  it('starts no job of a customer before the older ones have all that they can use', () => {
    fc.assert(
      fc.property(world, (one) => {
        const { granted } = share(one);
        for (const [index, job] of granted.entries()) {
          const older = granted.slice(0, index).filter((own) => own.customerId === job.customerId);
          if (job.granted > 0) expect(older.every((own) => own.granted === own.wanted)).toBe(true);
        }
      }),
    );
  });
});
