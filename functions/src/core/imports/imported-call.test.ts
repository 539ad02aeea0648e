import { errorKinds } from '../errors.ts';
import {
  noTotals,
  sampleAttempt,
  sampleCall,
  sampleCallBase as base,
} from '../testing/sample-records.ts';
import { skipReasons } from './source-call.ts';
import {
  CallAttempt,
  callStatuses,
  ImportedCall,
  isCallEnded,
  isInWork,
  skipPending,
  toTotal,
  Transcription,
  transitionCall,
  type CallEvent,
  type CallStatus,
} from './imported-call.ts';

const until = new Date('2026-03-02T12:01:00Z');
const later = new Date('2026-03-02T12:05:00Z');
const muchLater = new Date('2026-03-02T12:10:00Z');
const noon = new Date('2026-03-02T12:00:00Z');
const attempt: CallAttempt = {
  at: noon,
  kind: 'timeout',
  source: 'gong',
  message: 'Gong took too long.',
  status: null,
  requestId: null,
};
const release = {
  type: 'release',
  notBefore: later,
  checkAfter: muchLater,
  attempt,
  counts: 'failure',
} as const;

const events = {
  claim: { type: 'claim', holder: 'worker-2', until },
  renew: { type: 'renew', until },
  await_transcript: {
    type: 'await_transcript',
    operation: 'operations/2',
    uri: 'gs://bucket/other.mp3',
    restarts: 2,
    checkAt: later,
    checkAfter: muchLater,
  },
  process: { type: 'process' },
  complete: { type: 'complete', at: noon },
  release,
  fail: { type: 'fail', attempt, retryable: false },
  skip: { type: 'skip', reason: 'no_consent', attempt },
  requeue: { type: 'requeue', jobId: 'job-2', page: 9 },
} as const satisfies Record<CallEvent['type'], CallEvent>;
type EventName = keyof typeof events;

const transcription = {
  operation: 'operations/1',
  uri: 'gs://bucket/media.mp3',
  restarts: 1,
  checkAt: new Date('2026-03-02T09:03:00Z'),
};
const freeLease = { holder: 'worker-1', epoch: 3, expiresAt: null };
const newLease = { holder: 'worker-2', epoch: 4, expiresAt: until };
const renewed = {
  lease: { holder: 'worker-1', epoch: 3, expiresAt: until },
  checkAfter: until,
};

const claimed = { ...base, status: 'downloading', lease: newLease, checkAfter: until };
const waiting = {
  ...base,
  hint: null,
  status: 'transcribing',
  transcription: {
    operation: 'operations/2',
    uri: 'gs://bucket/other.mp3',
    restarts: 2,
    checkAt: later,
  },
  lease: freeLease,
  checkAfter: muchLater,
};
const completed = {
  ...base,
  hint: null,
  status: 'completed',
  completedAt: noon,
  lease: freeLease,
  checkAfter: null,
};
const released = {
  ...base,
  status: 'pending',
  notBefore: later,
  lease: freeLease,
  checkAfter: muchLater,
  failures: 2,
  attempts: [sampleAttempt, attempt],
};
const failed = {
  ...base,
  hint: null,
  status: 'failed',
  failedAt: noon,
  error: attempt,
  retryable: false,
  lease: freeLease,
  checkAfter: null,
  failures: 2,
  attempts: [sampleAttempt, attempt],
};
const skipped = {
  ...base,
  hint: null,
  status: 'skipped',
  skippedAt: noon,
  reason: 'no_consent',
  lease: freeLease,
  checkAfter: null,
  attempts: [sampleAttempt, attempt],
};
const requeued = {
  ...base,
  hint: null,
  status: 'pending',
  notBefore: null,
  jobId: 'job-2',
  page: 9,
  failures: 0,
  notReady: 0,
  checkAfter: null,
  lease: { holder: 'worker-1', epoch: 4, expiresAt: null },
};

const refused = {
  claim: null,
  renew: null,
  await_transcript: null,
  process: null,
  complete: null,
  release: null,
  fail: null,
  skip: null,
  requeue: null,
} as const satisfies Record<EventName, null>;

const inWork = {
  claim: claimed,
  await_transcript: waiting,
  process: { ...base, status: 'processing' },
  complete: completed,
  release: released,
  fail: failed,
  skip: skipped,
  requeue: requeued,
};

/** The whole call after each event, so that nothing of the state before can hide in it; null: refused. */
const table: Record<CallStatus, Record<EventName, object | null>> = {
  pending: { ...refused, claim: claimed, requeue: requeued },
  downloading: { ...inWork, renew: { ...base, status: 'downloading', ...renewed } },
  processing: { ...inWork, renew: { ...base, status: 'processing', ...renewed } },
  transcribing: {
    ...inWork,
    claim: { ...claimed, status: 'transcribing', transcription },
    renew: { ...base, status: 'transcribing', transcription, ...renewed },
    release: {
      ...base,
      status: 'transcribing',
      transcription: { ...transcription, checkAt: later },
      lease: freeLease,
      checkAfter: muchLater,
      failures: 2,
      attempts: [sampleAttempt, attempt],
    },
  },
  completed: refused,
  failed: { ...refused, requeue: requeued },
  skipped: { ...refused, requeue: requeued },
};

// The keys of a record whose type lists them in full.
const eventNames = Object.keys(events) as EventName[];

describe('transitionCall', () => {
  for (const from of callStatuses) {
    for (const name of eventNames) {
      const expected = table[from][name];
      if (expected === null) {
        it(`refuses ${name} of a call that is ${from}, and says so`, () => {
          expect(() => transitionCall(sampleCall(from), events[name])).toThrow(
            expect.objectContaining({
              name: 'ImportError',
              kind: 'conflict',
              source: 'imports',
              publicMessage: `Call call-1 is ${from}: ${name} is not possible.`,
            }),
          );
        });
      } else {
        it(`takes a call from ${from} on ${name} to exactly the state after`, () => {
          const call = sampleCall(from);

          const after = transitionCall(call, events[name]);

          expect(after).toStrictEqual(expected);
          expect(ImportedCall.safeParse(after).success).toBe(true);
          expect(call).toStrictEqual(sampleCall(from));
        });
      }
    }
  }

  it.each([
    ['failure', { failures: 2, notReady: 2 }],
    ['not_ready', { failures: 1, notReady: 3 }],
    ['nothing', { failures: 1, notReady: 2 }],
  ] as const)('counts a release as %s: %j', (counts, expected) => {
    const after = transitionCall(sampleCall('downloading'), { ...release, counts });

    expect(after).toMatchObject(expected);
  });

  it('may be claimed at once after a release without a time', () => {
    const after = transitionCall(sampleCall('downloading'), { ...release, notBefore: null });

    expect(after).toMatchObject({ status: 'pending', notBefore: null, checkAfter: muchLater });
  });

  it('looks at a transcription again at once after a release without a time', () => {
    const after = transitionCall(sampleCall('transcribing'), { ...release, notBefore: null });

    expect(after).toMatchObject({
      status: 'transcribing',
      transcription: { operation: 'operations/1', restarts: 1, checkAt: noon },
    });
  });

  it.each([
    ['release', release],
    ['fail', events.fail],
  ] as const)('keeps the last ten tries on %s and forgets older ones', (_name, event) => {
    const attempts = Array.from({ length: 10 }, (_, index) => ({
      ...sampleAttempt,
      message: `Try ${index + 1}.`,
    }));

    const after = transitionCall(sampleCall('downloading', { attempts }), event);

    expect(after.attempts.map((one) => one.message)).toEqual([
      'Try 2.',
      'Try 3.',
      'Try 4.',
      'Try 5.',
      'Try 6.',
      'Try 7.',
      'Try 8.',
      'Try 9.',
      'Try 10.',
      'Gong took too long.',
    ]);
  });
});

describe('isInWork and isCallEnded', () => {
  it.each<[CallStatus, { inWork: boolean; ended: boolean }]>([
    ['pending', { inWork: false, ended: false }],
    ['downloading', { inWork: true, ended: false }],
    ['transcribing', { inWork: true, ended: false }],
    ['processing', { inWork: true, ended: false }],
    ['completed', { inWork: false, ended: true }],
    ['failed', { inWork: false, ended: true }],
    ['skipped', { inWork: false, ended: true }],
  ])('know of a %s call: %j', (status, expected) => {
    const call = sampleCall(status);

    expect({ inWork: isInWork(call), ended: isCallEnded(call) }).toEqual(expected);
  });
});

describe('what is stored of a call', () => {
  it.each(errorKinds)('takes %s for the kind of a failed try', (kind) => {
    expect(CallAttempt.safeParse({ ...sampleAttempt, kind }).success).toBe(true);
  });

  it('takes nothing else for the kind of a failed try', () => {
    expect(CallAttempt.safeParse({ ...sampleAttempt, kind: 'cancelled' }).success).toBe(false);
  });

  it('keeps a transcription only with the time to look at it again', () => {
    expect(Transcription.safeParse(transcription).success).toBe(true);
    expect(Transcription.safeParse({ ...transcription, checkAt: null }).success).toBe(false);
  });

  it.each(callStatuses.filter((status) => !['downloading', 'processing'].includes(status)))(
    'is not %s without what that state has',
    (status) => {
      expect(ImportedCall.safeParse({ ...base, status }).success).toBe(false);
    },
  );
});

describe('skipPending', () => {
  it('ends a call that waits, with the reason, and keeps no hint', () => {
    const after = skipPending(sampleCall('pending'), { reason: 'filtered', at: noon });

    expect(after).toStrictEqual({
      ...base,
      hint: null,
      status: 'skipped',
      skippedAt: noon,
      reason: 'filtered',
    });
  });

  it('refuses a call that somebody works on', () => {
    const skip = () => skipPending(sampleCall('downloading'), { reason: 'filtered', at: noon });

    expect(skip).toThrow('Call call-1 is downloading: skip is not possible.');
  });
});

describe('toTotal', () => {
  it.each([
    ['pending', null],
    ['downloading', null],
    ['transcribing', null],
    ['processing', null],
    ['completed', 'imported'],
    ['failed', 'failed'],
  ] as const)('counts a %s call under %s', (status, expected) => {
    expect(toTotal(sampleCall(status))).toBe(expected);
  });

  it('counts a skipped call under its reason, each under a counter of its own', () => {
    const totals = skipReasons.map((reason) =>
      toTotal(ImportedCall.parse({ ...sampleCall('skipped'), reason })),
    );

    expect(totals).toEqual(['gone', 'noConsent', 'filtered']);
    expect(Object.keys(noTotals)).toEqual(expect.arrayContaining(totals));
  });
});
