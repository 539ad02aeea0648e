import { ImportError } from '../../core/errors.ts';
import { toStorageError } from './storage-errors.ts';

describe('toStorageError', () => {
  it("leaves the engine's own errors alone", () => {
    const own = new ImportError({ kind: 'contract', source: 'gong', publicMessage: 'No.' });
    expect(toStorageError(own, 'write')).toBe(own);
  });

  it.each([
    ['a status in the code', { code: 503 }, 'unavailable'],
    ['a status as a text', { code: '429' }, 'rate_limited'],
    ['a status beside a network code', { code: 'ERR', status: 412 }, 'conflict'],
    ['a status in the response', { response: { status: 404 } }, 'not_found'],
    ['a status in the message', { message: 'Retry limit exceeded - status: 503' }, 'unavailable'],
    ['a time-out of the socket', { code: 'ETIMEDOUT' }, 'timeout'],
    ['an abort', { message: 'x', cause: { name: 'AbortError' } }, 'timeout'],
    ['a broken connection', { cause: { code: 'ECONNRESET' } }, 'unavailable'],
    ['a lost part of an upload', new RangeError('The offset is lower'), 'unavailable'],
    ['nothing at all', undefined, 'unavailable'],
  ])('reads %s', (_name, error, kind) => {
    expect(toStorageError(error, 'read')).toMatchObject({ kind, source: 'storage' });
  });

  it.each([
    ['in a record', { 'retry-after': '12' }, 12_000],
    ['in Headers', new Headers({ 'retry-after': '3' }), 3000],
    ['as nonsense', { 'retry-after': 'soon' }, null],
    ['as an empty text', { 'retry-after': '' }, null],
    ['beyond an hour', { 'retry-after': '99999' }, null],
  ])('reads how long to wait %s', (_name, headers, retryAfterMs) => {
    const error = { code: 429, response: { headers } };
    expect(toStorageError(error, 'write')).toMatchObject({ kind: 'rate_limited', retryAfterMs });
  });

  it.each([
    ['a network that is down', { code: 'ECONNREFUSED' }, 'unavailable', 'just now'],
    ['a service that is busy', { code: 429 }, 'rate_limited', 'slow down'],
    ['a service that is down', { code: 503 }, 'unavailable', 'just now'],
    ['a role that is missing', { code: 403 }, 'internal', 'roles/iam.serviceAccountTokenCreator'],
    ['no key', { message: 'no client_email' }, 'internal', 'roles/iam.serviceAccountTokenCreator'],
  ])('says of signing what to do about %s', (_name, error, kind, words) => {
    const problem = toStorageError(error, 'sign');
    expect(problem.kind).toBe(kind);
    expect(problem.publicMessage).toContain(words);
  });

  it('keeps the cause without its secrets', () => {
    const error = Object.assign(
      new Error('request to https://storage.googleapis.com/upload?upload_id=ABC failed'),
      { name: 'FetchError', config: { headers: { authorization: 'Bearer token' } } },
    );
    const { cause } = toStorageError(error, 'write');
    expect(cause).toMatchObject({
      name: 'FetchError',
      message: 'request to https://storage.googleapis.com/upload?[redacted] failed',
    });
    expect(cause).not.toHaveProperty('config');
  });
});
