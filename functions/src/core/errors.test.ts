import { inspect } from 'node:util';
import { errorKinds, errorRules, ImportError, redact, toImportError } from './errors.ts';

describe('ImportError', () => {
  it('takes what happens next from the rules of its kind', () => {
    const error = new ImportError({
      kind: 'unavailable',
      source: 'gong',
      publicMessage: 'Gong did not answer.',
    });

    expect(error.message).toBe('gong: unavailable: Gong did not answer.');
    expect(error).toMatchObject({
      name: 'ImportError',
      kind: 'unavailable',
      source: 'gong',
      publicMessage: 'Gong did not answer.',
      retryable: true,
      retryAfterMs: null,
      status: null,
      requestId: null,
    });
    expect(error.cause).toBeUndefined();
  });

  it('keeps what the context notes for the next try to itself when it is printed', () => {
    const publicMessage = 'It is being made.';
    const hint = 'https://media.example/secret-link';
    const error = new ImportError({ kind: 'not_ready', source: 'gong', publicMessage, hint });
    expect(error.hint).toBe(hint);
    expect(inspect(error) + JSON.stringify(error)).not.toContain('secret-link');
    expect(new ImportError({ kind: 'not_ready', source: 'gong', publicMessage }).hint).toBeNull();
  });

  it('keeps what the thrower knows better than the rules', () => {
    const cause = new Error('socket hang up');
    const error = new ImportError({
      kind: 'unavailable',
      source: 'zoom_phone',
      publicMessage: 'Zoom closed this account for good.',
      retryable: false,
      retryAfterMs: 1500,
      status: 500,
      requestId: 'req-7',
      cause,
    });

    expect(error).toMatchObject({
      retryable: false,
      retryAfterMs: 1500,
      status: 500,
      requestId: 'req-7',
    });
    expect(error.cause).toBe(cause);
  });

  it('redacts secrets in its message and in its public message', () => {
    const error = new ImportError({
      kind: 'contract',
      source: 'gong',
      publicMessage: 'No recording at https://media.example/1.mp3?token=s3cret&part=2',
    });

    expect(error.publicMessage).toBe(
      'No recording at https://media.example/1.mp3?token=[redacted]&part=2',
    );
    expect(error.message).toBe(
      'gong: contract: No recording at https://media.example/1.mp3?token=[redacted]&part=2',
    );
  });
});

describe('errorRules', () => {
  it('has a rule for every kind and no other', () => {
    expect(Object.keys(errorRules)).toEqual([...errorKinds]);
  });

  it('retries exactly what may pass by itself', () => {
    const retryable = errorKinds.filter((kind) => errorRules[kind].retryable);

    expect(retryable).toEqual([
      'not_ready',
      'rate_limited',
      'timeout',
      'unavailable',
      'conflict',
      'internal',
    ]);
  });

  it('never ends a call in a task for an error that may pass by itself', () => {
    const reactions = errorKinds
      .filter((kind) => errorRules[kind].retryable)
      .map((kind) => errorRules[kind].inTask);

    expect(new Set(reactions)).toEqual(new Set(['reschedule', 'throw']));
  });

  it('answers 401 for no kind: that is for our own caller, before any import error', () => {
    const statuses = errorKinds.map((kind) => errorRules[kind].httpStatus);

    expect(statuses).toEqual([400, 422, 422, 422, 404, 409, 429, 503, 503, 502, 409, 500]);
  });
});

describe('toImportError', () => {
  it('passes an ImportError through untouched', () => {
    const error = new ImportError({ kind: 'not_found', source: 'grain', publicMessage: 'Gone.' });

    expect(toImportError(error, 'firestore')).toBe(error);
  });

  it.each(['AbortError', 'TimeoutError'])('takes an %s for a timeout', (name) => {
    const cause = new DOMException('The operation was aborted', name);

    expect(toImportError(cause, 'speech')).toMatchObject({
      kind: 'timeout',
      source: 'speech',
      publicMessage: 'The operation did not finish in time.',
      cause,
    });
  });

  it('takes any other error for a bug of ours and says nothing of it in public', () => {
    const cause = new TypeError('cannot read properties of undefined');

    expect(toImportError(cause, 'storage')).toMatchObject({
      kind: 'internal',
      source: 'storage',
      message: 'storage: internal: Something went wrong on our side.',
      cause,
    });
  });

  it('wraps what is no error at all', () => {
    expect(toImportError('AbortError', 'tasks')).toMatchObject({
      kind: 'internal',
      source: 'tasks',
      cause: 'AbortError',
    });
  });
});

describe('redact', () => {
  it.each([
    ['Bearer eyJhbGciOi.J9.x-y_z', 'Bearer [redacted]'],
    ['basic dXNlcjpwYXNz==', 'basic [redacted]'],
    ['Zoho-oauthtoken 1000.abc', 'Zoho-oauthtoken [redacted]'],
    ['x-api-key: k-123, then', 'x-api-key: [redacted], then'],
    ['Cookie=session', 'Cookie: [redacted]'],
    ['set-cookie: sid=1; Path=/', 'set-cookie: [redacted]; Path=/'],
    [
      'https://api.example/x?access_token=a&b=1',
      'https://api.example/x?access_token=[redacted]&b=1',
    ],
    ['/x?b=1&X-Goog-Signature=ab12', '/x?b=1&X-Goog-Signature=[redacted]'],
    ['/x?apikey=1&client_secret=2#top', '/x?apikey=[redacted]&client_secret=[redacted]#top'],
    ['https://user:pass@host.example/', 'https://[redacted]@host.example/'],
  ])('takes the secret out of %s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it('leaves a text without secrets as it is', () => {
    const text = 'Call 7742 has no recording at https://app.example/calls?id=7742&page=2.';

    expect(redact(text)).toBe(text);
  });
});
