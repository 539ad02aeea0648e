import { sampleJob } from '../testing/sample-records.ts';
import type { ImportJob } from './import-job.ts';
import { tellUnseen } from './unseen-call.ts';

const { config, listing } = sampleJob('completed');
const march = { start: new Date('2026-03-01T00:00:00Z'), end: new Date('2026-04-01T00:00:00Z') };
const inMarch = new Date('2026-03-15T10:00:00Z');
const inMay = new Date('2026-05-15T10:00:00Z');
const whole = { listing: { ...listing, isFinished: true } };
const ofMarch = { ...whole, config: { ...config, dateRange: march } };
const lastError = {
  ...{ kind: 'auth_invalid', source: 'gong', message: 'Gong rejected the key.' },
  at: new Date('2026-03-02T09:00:00Z'),
};
const times = 'between 2026-03-02 09:00 UTC and 2026-03-02 10:00 UTC';
const all = `Gong did not list it ${times} (asked for all calls).`;
const some = `Gong did not list it ${times} (asked for calls from 2026-03-01 00:00 UTC until 2026-04-01 00:00 UTC).`;

function tell(jobs: readonly ImportJob[], startedAt: Date | null = null) {
  const { explanation, next } = tellUnseen({
    ...{ customerId: 'customer-1', jobs, unread: null, startedAt },
  });
  return [explanation, next];
}

describe('tellUnseen', () => {
  it.each<[string, readonly ImportJob[], Date | null, readonly [string, string]]>([
    [
      'that nobody has asked for yet',
      [],
      null,
      [
        'No import has asked a platform for the calls of customer customer-1 yet.',
        'Start an import: POST /admin/imports.',
      ],
    ],
    [
      'whose import waits for its start',
      [sampleJob('queued')],
      null,
      [
        'No import has asked a platform for the calls of customer customer-1 yet.',
        'Start an import: POST /admin/imports.',
      ],
    ],
    [
      'while an import still lists',
      [sampleJob('in_progress'), sampleJob('completed', whole)],
      null,
      [
        `${all} Import job-1 has not listed everything yet.`,
        'Wait until it has: GET /admin/imports/job-1.',
      ],
    ],
    [
      'while the import is paused',
      [sampleJob('paused', { updatedAt: new Date('2026-03-02T10:00:00Z') })],
      null,
      [
        `${all} Import job-1 has not listed everything: it is paused.`,
        'POST /admin/imports/job-1/resume.',
      ],
    ],
    [
      'whose import was stopped',
      [sampleJob('failed', { lastError })],
      null,
      [
        `${all} Import job-1 has not listed everything, and has ended: Gong rejected the key.`,
        'Mend what stopped it, then let it go on: POST /admin/imports/job-1/retry.',
      ],
    ],
    [
      'whose import was cancelled',
      [sampleJob('cancelled')],
      null,
      [
        `${all} Import job-1 has not listed everything, and has ended.`,
        'Start a new import: POST /admin/imports.',
      ],
    ],
    [
      'that was at a time which no import asked for',
      [sampleJob('completed', ofMarch)],
      inMay,
      [
        `${some} It was started outside the requested range, on 2026-05-15 10:00 UTC.`,
        'Start an import whose dateRange has 2026-05-15T10:00:00.000Z in it.',
      ],
    ],
    [
      'of an unknown time, where imports asked for some',
      [sampleJob('completed', ofMarch)],
      null,
      [
        `${some} It was started outside the requested range, unless something else kept it out.`,
        'Find out when the call was, and ask again with startedAt.',
      ],
    ],
    [
      'that filters may have kept out',
      [
        sampleJob('completed', {
          ...whole,
          config: { ...config, dateRange: march, filters: { owner: 'ann' } },
        }),
      ],
      inMarch,
      [`${some} Every import left calls out by its filters.`, 'Start an import without filters.'],
    ],
    [
      'that nothing of ours kept out',
      [sampleJob('completed', whole), sampleJob('completed', ofMarch)],
      null,
      [
        `Gong did not list it ${times} (asked for all calls; calls from 2026-03-01 00:00 UTC until 2026-04-01 00:00 UTC). The credentials may not show it, or it is not there.`,
        'Ask the customer whether the user whose key we have sees the call at the platform.',
      ],
    ],
  ])('of a call %s', (_name, jobs, startedAt, expected) => {
    expect(tell(jobs, startedAt)).toEqual(expected);
  });

  it('says so for each platform, and of ranges that are open at one end', () => {
    const { start, end } = march;
    const from = { ...config, dateRange: { start, end: null } };
    const until = { ...config, dateRange: { start: null, end } };
    const jobs = [
      sampleJob('completed', { ...whole, config: from }),
      sampleJob('completed', { ...whole, config: until, platform: 'grain' }),
    ];
    expect(tell(jobs)[0]).toBe(
      `Gong did not list it ${times} (asked for calls from 2026-03-01 00:00 UTC on). Grain did not list it ${times} (asked for calls until 2026-04-01 00:00 UTC). It was started outside the requested range, unless something else kept it out.`,
    );
    expect(tell(jobs, inMarch)[1]).toContain('Ask the customer whether');
  });

  it('says that its record could not be read', () => {
    const unread = { job: sampleJob('partial'), reason: 'started: not a date' };
    expect(
      tellUnseen({ customerId: 'customer-1', jobs: [unread.job], unread, startedAt: null }),
    ).toEqual({
      explanation:
        'Gong listed it for import job-1, but its record could not be read: started: not a date.',
      next: 'Tell the engineers this reason: when the adapter is mended, POST /admin/imports/job-1/retry?code=contract takes it up.',
    });
  });
});
