import {
  claimKey,
  createSeededIds,
  settleKey,
  toBodyDigest,
  toRecordId,
  type IdempotencyRecord,
} from './idempotency-record.ts';

const now = new Date('2026-03-02T12:00:00Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const dayLater = new Date('2026-03-03T12:00:00Z');

const request = { id: 'r1', bodyDigest: 'digest', holder: 'first', seed: 'seed-1', now };
const running: IdempotencyRecord = {
  ...{ id: 'r1', bodyDigest: 'digest', seed: 'seed-1', holder: 'first', answer: null },
  heldUntil: new Date('2026-03-02T12:02:00Z'),
  expiresAt: dayLater,
};
const answer = { status: 201, headers: { location: '/admin/imports/j1' }, body: '{}' };
const answered: IdempotencyRecord = { ...running, heldUntil: null, answer };
const released: IdempotencyRecord = { ...running, heldUntil: null };

describe('toRecordId', () => {
  const keyed = { key: 'k', callerId: 'ann', method: 'POST', path: '/imports', body: '{}' };

  it('is the same for the same caller, method, path and key, whatever the body', () => {
    expect(toRecordId(keyed)).toMatch(/^[a-z2-7]{52}$/);
    expect(toRecordId({ ...keyed, body: '{"a":1}' })).toBe(toRecordId(keyed));
  });

  it('is another for another caller, method, path or key', () => {
    const others = [
      toRecordId({ ...keyed, callerId: 'bob' }),
      toRecordId({ ...keyed, method: 'PUT' }),
      toRecordId({ ...keyed, path: '/uploads' }),
      toRecordId({ ...keyed, key: 'l' }),
    ];
    expect(new Set([...others, toRecordId(keyed)]).size).toBe(5);
  });
});

describe('toBodyDigest', () => {
  it('needs the key: the digest alone tells nothing of a body that could be guessed', () => {
    const of = (key: string, body: string) =>
      toBodyDigest({ key, callerId: 'ann', method: 'POST', path: '/', body });
    // Computed with: printf '{"a":1}' | openssl dgst -sha256 -hmac key-1
    expect(of('key-1', '{"a":1}')).toBe(
      '7846590158b7633cb8ba6c0439daf16779682b0afd23d7c58e9aa974bf0125fd',
    );
    expect(of('key-2', '{"a":1}')).not.toBe(of('key-1', '{"a":1}'));
    expect(of('key-1', '{"a":2}')).not.toBe(of('key-1', '{"a":1}'));
  });
});

describe('claimKey', () => {
  it('lets the first request run, for two minutes, and remembers it for a day', () => {
    expect(claimKey(null, request)).toEqual({
      record: running,
      result: { type: 'run', seed: 'seed-1' },
    });
  });

  it.each<[string, IdempotencyRecord, object]>([
    ['replays the answer to a repeat', answered, { type: 'replay', answer, seed: 'seed-1' }],
    ['lets a repeat wait while the first runs', running, { type: 'running', retryAfterMs: 3_000 }],
    ['refuses another body', { ...answered, bodyDigest: 'other' }, { type: 'reused' }],
    [
      'refuses another body while the first runs',
      { ...running, bodyDigest: 'other' },
      { type: 'reused' },
    ],
    [
      'recognises its own claim, whose commit was answered by an error',
      { ...running, holder: 'second' },
      { type: 'run', seed: 'seed-1' },
    ],
  ])('%s', (_name, found, result) => {
    const repeat = { ...request, holder: 'second', seed: 'seed-2', now: later(1) };
    expect(claimKey(found, repeat)).toEqual({ record: null, result });
  });

  it.each<[string, IdempotencyRecord, Date]>([
    ['was released', released, later(1)],
    ['died, once its two minutes are over', running, later(120)],
  ])('lets a repeat take up the work of a request that %s, with its seed', (_name, found, at) => {
    const repeat = { ...request, holder: 'second', seed: 'seed-2', now: at };
    expect(claimKey(found, repeat)).toEqual({
      record: { ...running, holder: 'second', heldUntil: new Date(at.getTime() + 120_000) },
      result: { type: 'run', seed: 'seed-1' },
    });
  });

  it('takes a key as new after a day, though its record is still there', () => {
    const repeat = { ...request, bodyDigest: 'other', seed: 'seed-2', now: dayLater };
    expect(claimKey(answered, repeat)).toEqual({
      record: {
        ...{ id: 'r1', bodyDigest: 'other', seed: 'seed-2', holder: 'first', answer: null },
        heldUntil: new Date('2026-03-03T12:02:00Z'),
        expiresAt: new Date('2026-03-04T12:00:00Z'),
      },
      result: { type: 'run', seed: 'seed-2' },
    });
  });
});

describe('settleKey', () => {
  it('keeps an answer', () => {
    const outcome = { type: 'keep', answer } as const;
    expect(settleKey(running, { holder: 'first', outcome, now: later(1) })).toEqual(answered);
  });

  it('frees the key for a repeat when the request may work another time', () => {
    const outcome = { type: 'release' } as const;
    expect(settleKey(running, { holder: 'first', outcome, now: later(1) })).toEqual(released);
  });

  it('makes the key new when nothing was done', () => {
    const outcome = { type: 'forget' } as const;
    const settled = settleKey(running, { holder: 'first', outcome, now: later(1) });
    expect(settled).toEqual({ ...released, expiresAt: later(1) });
    expect(claimKey(settled, { ...request, bodyDigest: 'other', now: later(1) }).result).toEqual({
      type: 'run',
      seed: 'seed-1',
    });
  });

  it.each<[string, IdempotencyRecord | null]>([
    ['the record is gone', null],
    ['a repeat has taken the work up', { ...running, holder: 'second' }],
    ['the answer is kept already, by a commit that was answered by an error', answered],
  ])('writes nothing when %s', (_name, found) => {
    const outcome = { type: 'keep', answer: { ...answer, status: 500 } } as const;
    expect(settleKey(found, { holder: 'first', outcome, now })).toBeNull();
  });
});

describe('createSeededIds', () => {
  it('gives the same ids in the same order for the same seed, and others for another', () => {
    const first = createSeededIds('seed-1');
    const again = createSeededIds('seed-1');
    const ids = [first(), first(), first()];
    expect([again(), again(), again()]).toEqual(ids);
    expect(new Set([...ids, createSeededIds('seed-2')()]).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[a-z2-7]{20}$/);
  });
});
