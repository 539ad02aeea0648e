import { ImportError } from '../core/errors.ts';
import { isNotFilledIn, notFilledIn } from './not-filled-in.ts';

describe('notFilledIn', () => {
  it('names the file and what is missing there, and is told from a failure', () => {
    const fill = () => notFilledIn('acme.client.ts', 'me()');
    expect(fill).toThrow('acme.client.ts: me() is not filled in.');
    let thrown: unknown;
    try {
      fill();
    } catch (error) {
      thrown = error;
    }
    expect(isNotFilledIn(thrown)).toBe(true);
    const other = new ImportError({ kind: 'internal', source: 'acme', publicMessage: 'No.' });
    expect(isNotFilledIn(other)).toBe(false);
  });
});
