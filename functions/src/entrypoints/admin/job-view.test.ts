import { sampleJob } from '../../core/testing/sample-records.ts';
import type { ImportJob } from '../../core/imports/import-job.ts';
import { openWorld } from '../../../test/support/engine/test-world.ts';
import { toJobView, toReportView } from './job-view.ts';

async function reportOf(listing: Partial<ImportJob['listing']>) {
  const base = sampleJob('partial');
  const totals = { ...base.totals, imported: 90 };
  const job = sampleJob('partial', {
    listing: { ...base.listing, isFinished: true, platformCount: 93, ...listing },
    ...{ listedCalls: 90, totals },
  });
  const { engine } = await openWorld({ calls: 0 });
  return toReportView(await toJobView(engine, job), job);
}

const gap = {
  start: new Date('2026-03-01T00:00:00Z'),
  end: new Date('2026-03-02T00:00:00Z'),
  ...{ platformCount: 12, listed: 9 },
};

describe('the report of an import with calls missing', () => {
  it('names the days, and what to do', async () => {
    expect(await reportOf({ gaps: [gap] })).toMatchObject({
      isComplete: false,
      counts: { missing: 3 },
      gaps: [
        {
          ...{ start: '2026-03-01T00:00:00.000Z', end: '2026-03-02T00:00:00.000Z' },
          ...{ platformCount: 12, listed: 9 },
        },
      ],
      explanation:
        'Of 90 calls listed: 3 are counted by the platform but were not listed: 3 on 2026-03-01 ' +
        '(import these days again; what is there is not imported twice).',
    });
  });

  it('says so where the platform can’t be asked for days', async () => {
    expect(await reportOf({ gaps: [] })).toMatchObject({
      gaps: [],
      explanation: 'Of 90 calls listed: 3 are counted by the platform but were not listed.',
    });
  });

  it('shows no days once nothing is missing any more', async () => {
    expect(await reportOf({ gaps: [gap], platformCount: 90 })).toMatchObject({
      ...{ isComplete: true, gaps: [] },
    });
  });
});
