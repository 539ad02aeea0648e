import { fc } from '../../../test/support/properties.ts';
import { errorKinds, ImportError, type ErrorKind } from '../errors.ts';
import { defaultSettings } from '../settings.ts';
import { sampleAttempt, sampleCall } from '../testing/sample-records.ts';
import type { ImportedCall } from './imported-call.ts';
import {
  decideAfterFailure,
  toAttempt,
  toBackoffMs,
  type FailureDecision,
} from './retry-policy.ts';

const settings = {
  ...defaultSettings,
  maxAttempts: 5,
  maxNotReady: 12,
  backoffMs: 2_000,
  maxBackoffMs: 600_000,
};
const noon = new Date('2026-03-02T12:00:00Z');

function decide(
  error: Partial<ConstructorParameters<typeof ImportError>[0]> & { readonly kind: ErrorKind },
  call: Partial<Pick<ImportedCall, 'failures' | 'notReady' | 'attempts'>> = {},
  random = 0.5,
): FailureDecision {
  return decideAfterFailure({
    call: sampleCall('downloading', { failures: 0, notReady: 0, ...call }),
    error: new ImportError({ source: 'gong', publicMessage: 'It failed.', ...error }),
    now: noon,
    settings,
    random: () => random,
  });
}

const release = (
  after: string | null,
  counts: 'failure' | 'not_ready' | 'nothing',
): FailureDecision => ({
  type: 'release',
  notBefore: after === null ? null : new Date(`2026-03-02T${after}Z`),
  counts,
  rethrow: after === null,
});
const failForGood = { type: 'fail', retryable: false } as const;
const failForNow = { type: 'fail', retryable: true } as const;

describe('decideAfterFailure', () => {
  /** After no earlier failure, before the last try (4 failed), and a try too many. */
  const table: Record<ErrorKind, readonly [FailureDecision, FailureDecision, FailureDecision]> = {
    bad_request: [failForGood, failForGood, failForGood],
    auth_invalid: [{ type: 'stop_job' }, { type: 'stop_job' }, { type: 'stop_job' }],
    permission_denied: [failForGood, failForGood, failForGood],
    payment_required: [{ type: 'stop_job' }, { type: 'stop_job' }, { type: 'stop_job' }],
    not_found: [
      { type: 'skip', reason: 'gone' },
      { type: 'skip', reason: 'gone' },
      { type: 'skip', reason: 'gone' },
    ],
    not_ready: [
      release('12:00:01', 'not_ready'),
      release('12:00:01', 'not_ready'),
      release('12:00:01', 'not_ready'),
    ],
    rate_limited: [
      release('12:00:01', 'nothing'),
      release('12:00:01', 'nothing'),
      release('12:00:01', 'nothing'),
    ],
    timeout: [release(null, 'failure'), failForNow, failForNow],
    unavailable: [release(null, 'failure'), failForNow, failForNow],
    contract: [failForGood, failForGood, failForGood],
    conflict: [release('12:00:01', 'failure'), failForNow, failForNow],
    internal: [release(null, 'failure'), failForNow, failForNow],
  };

  it.each(errorKinds.flatMap((kind) => [0, 4, 5].map((failures) => [kind, failures] as const)))(
    'takes %s after %i counted failures as the table says',
    (kind, failures) => {
      const expected = { 0: table[kind][0], 4: table[kind][1], 5: table[kind][2] }[failures];

      expect(decide({ kind }, { failures })).toEqual(expected);
    },
  );

  it.each(['timeout', 'unavailable', 'internal'] as const)(
    'hands %s back to the queue until the fifth try has failed',
    (kind) => {
      const decisions = [0, 1, 2, 3, 4].map((failures) => decide({ kind }, { failures }).type);

      expect(decisions).toEqual(['release', 'release', 'release', 'release', 'fail']);
    },
  );

  it.each(['timeout', 'unavailable', 'internal', 'conflict'] as const)(
    'waits as long as was asked for after %s, and a little more, in a task of its own',
    (kind) => {
      expect(decide({ kind, retryAfterMs: 60_000 })).toEqual(release('12:01:01', 'failure'));
    },
  );

  it('waits for a rate limit as long as was asked for, however often: it counts as no failure', () => {
    expect(decide({ kind: 'rate_limited', retryAfterMs: 3_600_000 }, { failures: 50 })).toEqual(
      release('13:00:01', 'nothing'),
    );
  });

  it('takes a hint of zero for a hint', () => {
    expect(decide({ kind: 'unavailable', retryAfterMs: 0 })).toEqual(
      release('12:00:01', 'failure'),
    );
  });

  it.each([
    // Half of 2, 4, 8, … seconds, and of ten minutes from there on.
    [0, '12:00:01'],
    [1, '12:00:02'],
    [2, '12:00:04'],
    [7, '12:02:08'],
    [8, '12:04:16'],
    [9, '12:05:00'],
    [10, '12:05:00'],
  ])('asks less and less often for a call that was not ready %i times', (notReady, expected) => {
    expect(decide({ kind: 'not_ready' }, { notReady })).toEqual(release(expected, 'not_ready'));
  });

  it('gives a call up for now that was not ready twelve times', () => {
    expect(decide({ kind: 'not_ready' }, { notReady: 11 })).toEqual(failForNow);
    expect(decide({ kind: 'not_ready', retryAfterMs: 5_000 }, { notReady: 11 })).toEqual(
      failForNow,
    );
  });

  it('adds the wait that the platform asked for to the backoff of a call that is not ready', () => {
    expect(decide({ kind: 'not_ready', retryAfterMs: 30_000 }, { notReady: 1 })).toEqual(
      release('12:00:32', 'not_ready'),
    );
  });

  it('waits longer from limit to limit in a row, and not for those before another failure', () => {
    const limit = { ...sampleAttempt, kind: 'rate_limited' } as const;
    const other = { ...sampleAttempt, kind: 'timeout' } as const;
    const after = (attempts: ImportedCall['attempts']) =>
      decide({ kind: 'rate_limited' }, { attempts });
    expect(after([])).toEqual(release('12:00:01', 'nothing'));
    expect(after([limit])).toEqual(release('12:00:02', 'nothing'));
    expect(after([other, limit, limit])).toEqual(release('12:00:04', 'nothing'));
    expect(after([limit, limit, other])).toEqual(release('12:00:01', 'nothing'));
  });

  it.each(['not_ready', 'rate_limited', 'timeout', 'unavailable', 'conflict', 'internal'] as const)(
    'believes who knows that %s will not pass',
    (kind) => {
      expect(decide({ kind, retryable: false, retryAfterMs: 1_000 })).toEqual(failForGood);
    },
  );

  it.each(['bad_request', 'permission_denied', 'contract'] as const)(
    'believes who knows that %s may pass',
    (kind) => {
      expect(decide({ kind, retryable: true })).toEqual(release(null, 'failure'));
      expect(decide({ kind, retryable: true }, { failures: 4 })).toEqual(failForNow);
    },
  );

  it('comes back at once and after the whole bound at the ends of the jitter', () => {
    expect(decide({ kind: 'rate_limited' }, {}, 0)).toEqual(release('12:00:00', 'nothing'));
    expect(decide({ kind: 'rate_limited' }, {}, 0.9999)).toEqual(release('12:00:02', 'nothing'));
  });
});

describe('toBackoffMs', () => {
  it.each([
    [1, 100],
    [2, 200],
    [3, 400],
    [4, 800],
    [5, 1000],
    [2000, 1000],
  ])('is at most, for attempt %i, %i ms', (attempt, expected) => {
    const options = { attempt, baseMs: 100, maxMs: 1000 };

    expect(toBackoffMs({ ...options, random: () => 0 })).toBe(0);
    expect(toBackoffMs({ ...options, random: () => 0.25 })).toBe(expected / 4);
    expect(toBackoffMs({ ...options, random: () => 0.999999 })).toBe(expected);
  });

  it('is whole milliseconds, never negative, never above the maximum', () => {
    const options = fc.record({
      attempt: fc.integer({ min: 1, max: 10_000 }),
      baseMs: fc.integer({ min: 1, max: 60_000 }),
      maxMs: fc.integer({ min: 1, max: 3_600_000 }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(options, ({ random, ...bounds }) => {
        const waitMs = toBackoffMs({ ...bounds, random: () => random });
        expect(Number.isInteger(waitMs)).toBe(true);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(bounds.maxMs);
      }),
    );
  });
});

describe('toAttempt', () => {
  it('keeps what support needs, with secrets taken out', () => {
    const error = new ImportError({
      kind: 'unavailable',
      source: 'gong',
      publicMessage: 'No answer from https://api.example/x?access_token=s3cret.',
      status: 503,
      requestId: 'req-7',
      cause: new Error('Bearer s3cret'),
    });

    expect(toAttempt(error, noon)).toStrictEqual({
      at: noon,
      kind: 'unavailable',
      source: 'gong',
      message: 'No answer from https://api.example/x?access_token=[redacted]',
      status: 503,
      requestId: 'req-7',
    });
  });
});
