import { ImportError } from '../../core/errors.ts';
import { translated } from './documents.ts';

async function translate(thrown: unknown): Promise<unknown> {
  return translated(() => Promise.reject(thrown)).catch((error: unknown) => error);
}

describe('what Firestore throws', () => {
  it.each([
    [1, 'CANCELLED', 'unavailable'],
    [2, 'UNKNOWN', 'unavailable'],
    [3, 'INVALID_ARGUMENT', 'internal'],
    [4, 'DEADLINE_EXCEEDED', 'unavailable'],
    [5, 'NOT_FOUND', 'not_found'],
    [6, 'ALREADY_EXISTS', 'conflict'],
    [7, 'PERMISSION_DENIED', 'internal'],
    [8, 'RESOURCE_EXHAUSTED', 'unavailable'],
    [9, 'FAILED_PRECONDITION', 'internal'],
    [10, 'ABORTED', 'unavailable'],
    [13, 'INTERNAL', 'unavailable'],
    [14, 'UNAVAILABLE', 'unavailable'],
    [16, 'UNAUTHENTICATED', 'internal'],
  ])('with the code %i (%s) is %s', async (code, name, kind) => {
    const cause = Object.assign(new Error(`${code} ${name}: secret-project`), { code });
    const error = await translate(cause);
    expect(error).toBeInstanceOf(ImportError);
    expect(error).toMatchObject({ kind, source: 'firestore', cause });
    expect(error).toMatchObject({ message: expect.not.stringContaining('secret-project') });
  });

  it.each([[new Error('no code')], ['a text'], [null], [{ code: 'ECONNRESET' }]])(
    'and has no code that we know (%p) is internal',
    async (thrown) => {
      expect(await translate(thrown)).toMatchObject({ kind: 'internal', source: 'firestore' });
    },
  );

  it('and is ours already passes as it is', async () => {
    const ours = new ImportError({ kind: 'bad_request', source: 'gong', publicMessage: 'No.' });
    expect(await translate(ours)).toBe(ours);
  });
});
