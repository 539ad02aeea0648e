import { ImportError } from '../../core/errors.ts';
import { toOutcomeError, toSpeechError } from './speech-errors.ts';

function statusError(code: number | string): Error {
  return Object.assign(new Error('Bearer secret'), { code });
}

describe('toSpeechError', () => {
  it('passes our own errors on', () => {
    const own = new ImportError({ kind: 'contract', source: 'speech', publicMessage: 'no' });
    expect(toSpeechError(own, 'check')).toBe(own);
  });

  it.each([
    ['a status of no meaning here', statusError(15), 'internal'],
    ['a failure before anything was asked', new Error('no credentials'), 'unavailable'],
    ['a code that is no status', statusError('ECONNRESET'), 'unavailable'],
    ['something that is no error', 'oops', 'unavailable'],
  ])('calls %s %s', (_name, thrown, kind) => {
    const error = toSpeechError(thrown, 'start');
    expect(error).toMatchObject({ source: 'speech', kind, cause: thrown });
    expect(error.publicMessage).not.toContain('secret');
  });

  it.each([3, 5])('calls status %i of an operation gone, of a start our settings', (code) => {
    expect(toSpeechError(statusError(code), 'check')).toMatchObject({
      kind: 'not_found',
      retryable: true,
    });
    expect(toSpeechError(statusError(code), 'start')).toMatchObject({
      kind: 'internal',
      retryable: false,
    });
  });
});

describe('toOutcomeError', () => {
  it.each([
    [{ code: 3, message: ' ' }, 'no reason was given.'],
    [{ code: 3, message: null }, 'no reason was given.'],
    [{ code: 12, message: 'x'.repeat(400) }, 'x'.repeat(300)],
  ])('of %j says why, in short', (status, reason) => {
    expect(toOutcomeError(status).publicMessage).toBe(
      `This recording can't be transcribed: ${reason}`,
    );
  });

  it('without a code is passing trouble', () => {
    expect(toOutcomeError({})).toMatchObject({ kind: 'not_found', retryable: true });
  });
});
